/** Handshake messages, their fragments and their order: RFC 6347 §4.2.2, §4.2.3. */
import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";

export const handshakeType = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

export const messageHeaderSize = 12;

/** A chain of large certificates is the longest that occurs. */
const maxMessageSize = 16384;

/** Messages after the one that is waited for, which are kept when they come too early. */
const maxMessagesAhead = 6;

/** `whole` is the message with its header as if it came in one piece: what the transcript holds. */
export interface HandshakeMessage {
  readonly type: number;
  readonly body: Uint8Array;
  readonly whole: Uint8Array;
}

export function createMessage(type: number, sequence: number, body: Uint8Array): HandshakeMessage {
  const whole = new Uint8Array(messageHeaderSize + body.length);
  writeFragment(whole, type, sequence, body.length, 0, body);
  return { type, body, whole };
}

function writeFragment(
  out: Uint8Array<ArrayBuffer>,
  type: number,
  sequence: number,
  length: number,
  offset: number,
  part: Uint8Array,
): void {
  const view = new DataView(out.buffer);
  // The type shares a word with the 24 bits of the length.
  view.setUint32(0, type * 2 ** 24 + length);
  view.setUint16(4, sequence);
  out.set([offset >> 16, offset >> 8 & 0xff, offset & 0xff], 6);
  out.set([part.length >> 16, part.length >> 8 & 0xff, part.length & 0xff], 9);
  out.set(part, messageHeaderSize);
}

/** Pieces of at most `maxSize` bytes with their headers. */
export function fragmentMessage({ type, body, whole }: HandshakeMessage, maxSize: number): Uint8Array[] {
  if (whole.length <= maxSize) return [whole];
  const sequence = whole[4] << 8 | whole[5];
  const step = maxSize - messageHeaderSize;
  const out: Uint8Array[] = [];
  for (let offset = 0; offset < body.length; offset += step) {
    const part = body.subarray(offset, offset + step);
    const fragment = new Uint8Array(messageHeaderSize + part.length);
    writeFragment(fragment, type, sequence, body.length, offset, part);
    out.push(fragment);
  }
  return out;
}

interface Assembly {
  readonly type: number;
  readonly body: Uint8Array;
  readonly have: Uint8Array;
  missing: number;
}

/** Puts fragments together and hands the messages out in order. */
export class Reassembler {
  #nextSequence = 0;
  readonly #assemblies = new Map<number, Assembly>();

  /**
   * The content of one record. `repeated`: a message came that was complete before, so the peer has not got our answer.
   * Throws ParseError.
   */
  add(payload: Uint8Array, epoch: 0 | 1): { repeated: boolean } {
    const reader = new ByteReader(payload);
    let repeated = false;
    while (reader.remaining > 0) {
      const type = reader.u8("msg_type");
      const length = reader.u24("length");
      const sequence = reader.u16("message_seq");
      const offset = reader.u24("fragment_offset");
      const part = reader.view(reader.u24("fragment_length"), "fragment");
      if (length > maxMessageSize) throw new ParseError("length", `${length} is above ${maxMessageSize}`);
      if (offset + part.length > length) throw new ParseError("fragment_offset", "beyond the message's end");
      // Only Finished is protected, and it always is: what says otherwise is not from our peer.
      if ((type === handshakeType.finished) !== (epoch === 1)) continue;
      if (sequence < this.#nextSequence) repeated = true;
      else if (sequence < this.#nextSequence + maxMessagesAhead) {
        this.#fill(sequence, type, length, offset, part);
      }
    }
    return { repeated };
  }

  #fill(sequence: number, type: number, length: number, offset: number, part: Uint8Array): void {
    let assembly = this.#assemblies.get(sequence);
    if (assembly === undefined) {
      assembly = { type, body: new Uint8Array(length), have: new Uint8Array(length), missing: length };
      this.#assemblies.set(sequence, assembly);
    }
    if (assembly.type !== type || assembly.body.length !== length) return;
    for (let i = 0; i < part.length; i++) {
      if (assembly.have[offset + i] === 1) continue;
      assembly.have[offset + i] = 1;
      assembly.body[offset + i] = part[i];
      assembly.missing--;
    }
  }

  /** The next message in order; null until it is complete. */
  next(): HandshakeMessage | null {
    const assembly = this.#assemblies.get(this.#nextSequence);
    if (assembly === undefined || assembly.missing > 0) return null;
    this.#assemblies.delete(this.#nextSequence);
    return createMessage(assembly.type, this.#nextSequence++, assembly.body);
  }
}

/** A vector of bytes behind its length, of `lengthSize` bytes (RFC 5246 §4.3). */
export function readVector(reader: ByteReader, lengthSize: 1 | 2 | 3, field: string): Uint8Array {
  const size = lengthSize === 1 ? reader.u8(field) : lengthSize === 2 ? reader.u16(field) : reader.u24(field);
  return reader.view(size, field);
}

export function vector(lengthSize: 1 | 2 | 3, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(lengthSize + bytes.length);
  for (let shift = 8 * (lengthSize - 1); shift >= 0; shift -= 8) writer.u8(bytes.length >> shift & 0xff);
  writer.raw(bytes);
  return writer.bytes;
}

/** A list of 16-bit numbers. */
export function readNumbers(bytes: Uint8Array): number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, i) => bytes[2 * i] << 8 | bytes[2 * i + 1]);
}

export function numbers(values: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
