/** RFC 6455 §5: frames, of which RTSP uses the binary ones as one stream of bytes. */
import { ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";

/** Largest frame. Data is handed on as it comes, so this costs no memory. */
export const maxWebsocketFrame = 16 * 1024 * 1024;
const maxControlPayload = 125;

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type WebsocketEvent =
  /** Bytes of a binary message; where one message ends does not matter. */
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** To be answered by a pong with the same bytes. */
  | { readonly kind: "ping"; readonly bytes: Uint8Array }
  | { readonly kind: "pong"; readonly bytes: Uint8Array }
  /** To be answered by a close frame; nothing follows. `status` is 1005 when there was none. */
  | { readonly kind: "close"; readonly status: number };

interface Frame {
  readonly opcode: number;
  readonly mask: Uint8Array | null;
  readonly size: number;
}

/** Takes the bytes of one direction apart, cut anywhere. After a ParseError the stream cannot be read on. */
export class WebsocketDecoder {
  #header = new Uint8Array(14);
  #headerFilled = 0;
  #frame: Frame | undefined;
  #read = 0;
  #control = new Uint8Array(maxControlPayload);
  #inMessage = false;
  #closed = false;

  /** A server gets masked frames, a client gets frames that are not (RFC 6455 §5.1). */
  constructor(private readonly from: "client" | "server") {}

  /** Data is a view of `input` when it came without a mask, else a copy. */
  decode(input: Uint8Array): WebsocketEvent[] {
    const events: WebsocketEvent[] = [];
    for (let at = 0; at < input.length && !this.#closed;) {
      if (this.#frame === undefined) {
        this.#header[this.#headerFilled++] = input[at++];
        this.#frame = this.#parseHeader();
        if (this.#frame === undefined) continue;
        this.#headerFilled = this.#read = 0;
      }
      const take = Math.min(this.#frame.size - this.#read, input.length - at);
      const event = this.#payload(this.#frame, input.subarray(at, at + take));
      if (event !== null) events.push(event);
      at += take;
    }
    return events;
  }

  /** Undefined until it is complete. */
  #parseHeader(): Frame | undefined {
    const header = this.#header;
    const short = header[1] & 0x7f;
    const masked = header[1] >= 0x80;
    const sizeBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const length = 2 + sizeBytes + (masked ? 4 : 0);
    if (this.#headerFilled < 2) return undefined;
    if (this.#headerFilled === 2) this.#checkStart(header[0], short, masked);
    if (this.#headerFilled < length) return undefined;
    const view = new DataView(header.buffer);
    const size = sizeBytes === 8 ? Number(view.getBigUint64(2)) : sizeBytes === 2 ? view.getUint16(2) : short;
    if (size > maxWebsocketFrame) {
      throw new ParseError("payload length", `${size} is above ${maxWebsocketFrame}`);
    }
    const opcode = header[0] & 0x0f;
    if (opcode < opcodes.close) this.#inMessage = header[0] < 0x80;
    return { opcode, mask: masked ? header.slice(length - 4, length) : null, size };
  }

  #checkStart(first: number, short: number, masked: boolean): void {
    const opcode = first & 0x0f;
    const control = opcode >= opcodes.close;
    if ((first & 0x70) !== 0) throw new ParseError("RSV", "no extension was agreed on");
    if (masked !== (this.from === "client")) {
      throw new ParseError("MASK", masked ? "the server must not mask" : "the client must mask");
    }
    if (control && (first < 0x80 || short > maxControlPayload)) {
      throw new ParseError("control frame", "is fragmented or too long");
    }
    if (opcode === opcodes.continuation ? !this.#inMessage : opcode === opcodes.binary && this.#inMessage) {
      throw new ParseError(
        "opcode",
        `${opcode} ${this.#inMessage ? "inside" : "outside"} a fragmented message`,
      );
    }
    const known: readonly number[] = [
      opcodes.continuation,
      opcodes.binary,
      opcodes.close,
      opcodes.ping,
      opcodes.pong,
    ];
    if (!known.includes(opcode)) throw new ParseError("opcode", `${opcode} is not accepted`);
  }

  #payload(frame: Frame, piece: Uint8Array): WebsocketEvent | null {
    const bytes = frame.mask === null ? piece : unmask(piece, frame.mask, this.#read);
    const control = frame.opcode >= opcodes.close;
    if (control) this.#control.set(bytes, this.#read);
    this.#read += piece.length;
    const complete = this.#read === frame.size;
    if (complete) this.#frame = undefined;
    if (!control) return bytes.length === 0 ? null : { kind: "data", bytes };
    return complete ? this.#controlEvent(frame.opcode, this.#control.slice(0, frame.size)) : null;
  }

  #controlEvent(opcode: number, bytes: Uint8Array): WebsocketEvent {
    if (opcode === opcodes.ping) return { kind: "ping", bytes };
    if (opcode === opcodes.pong) return { kind: "pong", bytes };
    this.#closed = true;
    return { kind: "close", status: bytes.length >= 2 ? bytes[0] << 8 | bytes[1] : 1005 };
  }
}

function unmask(piece: Uint8Array, mask: Uint8Array, offset: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(piece.length);
  for (let i = 0; i < piece.length; i++) out[i] = piece[i] ^ mask[(offset + i) & 3];
  return out;
}

/** One unfragmented frame. `mask` is four random bytes from a client and null from a server. */
export function serializeWebsocketFrame(
  kind: "binary" | "ping" | "pong" | "close",
  payload: Uint8Array,
  mask: Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  const size = payload.length;
  const sizeBytes = size > 0xffff ? 8 : size > 125 ? 2 : 0;
  const writer = new ByteWriter(2 + sizeBytes + (mask === null ? 0 : 4) + size);
  const maskBit = mask === null ? 0 : 0x80;
  writer.u8(0x80 | opcodes[kind]);
  if (sizeBytes === 0) writer.u8(maskBit | size);
  else if (sizeBytes === 2) writer.u8(maskBit | 126).u16(size);
  else writer.u8(maskBit | 127).u64(BigInt(size));
  if (mask !== null) writer.raw(mask);
  return writer.raw(mask === null ? payload : unmask(payload, mask, 0)).bytes;
}

/** Two bytes of status (RFC 6455 §7.4.1), e.g. 1000 for a normal end. */
export function serializeWebsocketClose(status: number, mask: Uint8Array | null): Uint8Array<ArrayBuffer> {
  return serializeWebsocketFrame("close", Uint8Array.of(status >>> 8, status & 0xff), mask);
}
