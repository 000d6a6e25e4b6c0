/** The messages a player sends, as chunks of the initial size, and what it reads of the answers (AMF0). */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const chunkSize = 128;
const commandChunkStream = 3;
const controlChunkStream = 2;
const userControlPong = 7;
const markers = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  null: 5,
  undefined: 6,
  array: 8,
  objectEnd: 9,
} as const;

/** RTMP 1.0 §5.3.1: format 0, then format 3 for the rest of the message. */
export function serializeMessage(
  chunkStream: number,
  type: number,
  messageStream: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const continuations = Math.max(0, Math.ceil(payload.length / chunkSize) - 1);
  const out = new Uint8Array(12 + payload.length + continuations);
  const view = new DataView(out.buffer);
  out[0] = chunkStream;
  out[4] = payload.length >> 16;
  out[5] = payload.length >> 8;
  out[6] = payload.length;
  out[7] = type;
  view.setUint32(8, messageStream, true);
  let at = 12;
  for (let from = 0; from < payload.length; from += chunkSize) {
    if (from > 0) out[at++] = 0xc0 | chunkStream;
    const piece = payload.subarray(from, from + chunkSize);
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

export type AmfValue = number | string | null | Readonly<Record<string, number | string>>;

function bigEndian(value: number): number[] {
  return [value >>> 24, value >>> 16 & 0xff, value >>> 8 & 0xff, value & 0xff];
}

function amfBytes(value: AmfValue): number[] {
  if (value === null) return [markers.null];
  if (typeof value === "number") {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return [markers.number, ...bytes];
  }
  if (typeof value === "string") return [markers.string, ...shortText(value)];
  const fields = Object.entries(value).flatMap(([name, field]) => [...shortText(name), ...amfBytes(field)]);
  return [markers.object, ...fields, 0, 0, markers.objectEnd];
}

function shortText(text: string): number[] {
  const bytes = encoder.encode(text);
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

export function serializeCommand(messageStream: number, ...values: AmfValue[]): Uint8Array<ArrayBuffer> {
  return serializeMessage(commandChunkStream, 20, messageStream, Uint8Array.from(values.flatMap(amfBytes)));
}

export function serializeAcknowledgement(received: number): Uint8Array<ArrayBuffer> {
  return serializeMessage(controlChunkStream, 3, 0, Uint8Array.from(bigEndian(received)));
}

export function serializePong(time: number): Uint8Array<ArrayBuffer> {
  return serializeMessage(controlChunkStream, 4, 0, Uint8Array.of(0, userControlPong, ...bigEndian(time)));
}

export interface Command {
  readonly name: string;
  readonly transaction: number;
  /** The last number among the arguments: the stream of createStream's answer. */
  readonly number: number;
  /** `code` of the information object, empty when there is none. */
  readonly code: string;
}

/** Reads what is there: a command longer than the bytes that were kept loses its end. */
export function parseCommand(bytes: Uint8Array): Command {
  const cursor = new AmfCursor(bytes);
  const command = { name: "", transaction: 0, number: 0, code: "" };
  for (let index = 0; !cursor.atEnd; index++) {
    const value = cursor.value();
    if (value === undefined) break;
    if (index === 0) command.name = String(value);
    else if (index === 1) command.transaction = Number(value);
    else if (typeof value === "number") command.number = value;
    else if (value instanceof Map) command.code = value.get("code") ?? command.code;
  }
  return command;
}

type Parsed = number | string | boolean | null | Map<string, string>;

class AmfCursor {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get atEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  /** Undefined when the value is cut or of a kind that players do not meet. */
  value(): Parsed | undefined {
    const marker = this.bytes[this.#at++];
    switch (marker) {
      case markers.number:
        if (!this.#has(8)) return undefined;
        this.#at += 8;
        return this.#view.getFloat64(this.#at - 8);
      case markers.boolean:
        return this.bytes[this.#at++] !== 0;
      case markers.string:
        return this.#text();
      case markers.null:
      case markers.undefined:
        return null;
      case markers.array:
        this.#at += 4;
        return this.#object();
      case markers.object:
        return this.#object();
      default:
        return undefined;
    }
  }

  #has(size: number): boolean {
    return this.#at + size <= this.bytes.length;
  }

  #text(): string | undefined {
    if (!this.#has(2)) return undefined;
    const size = this.#view.getUint16(this.#at);
    if (!this.#has(2 + size)) return undefined;
    this.#at += 2 + size;
    return decoder.decode(this.bytes.subarray(this.#at - size, this.#at));
  }

  /** The fields that are strings. */
  #object(): Map<string, string> {
    const fields = new Map<string, string>();
    while (!this.atEnd) {
      const name = this.#text();
      if (name === undefined) break;
      if (name === "" && this.bytes[this.#at] === markers.objectEnd) {
        this.#at++;
        break;
      }
      const value = this.value();
      if (value === undefined) break;
      if (typeof value === "string") fields.set(name, value);
    }
    return fields;
  }
}
