/** The receiving half: order, acknowledgements, messages (RFC 9260 §6.2, §6.6, §6.9). */
import { concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import type { Data, Sack } from "../wire/data.ts";
import { distance, next } from "./serial.ts";

/** What we have room for: out-of-order chunks and the message under way. */
export const receiveWindow = 256 * 1024;

/** What may come in one message; the value of `a=max-message-size` (RFC 8841 §6). */
export const maxReceivedMessage = 64 * 1024;

/** TSNs behind the next one that are kept. With tiny payloads the window alone would not bound their number. */
const maxAhead = 2048;

/** More would not fit into a packet. */
const maxGaps = 64;

/** A complete message. */
export interface Message {
  readonly stream: number;
  readonly payloadProtocol: number;
  readonly bytes: Uint8Array;
}

/**
 * Takes chunks in the order of their TSNs. Fragments of a message have consecutive TSNs and messages of a stream follow
 * each other, so this order is right for all streams; an unordered message merely waits for those before it.
 */
export class Receiving {
  /** The last TSN before which nothing is missing. */
  #cumulative: number;
  readonly #ahead = new Map<number, Data>();
  #bufferedBytes = 0;
  #fragments: Data[] = [];
  #fragmentBytes = 0;

  constructor(firstTsn: number) {
    this.#cumulative = firstTsn - 1 >>> 0;
  }

  /** The messages that become complete. Throws ParseError for a peer that breaks the rules. */
  add(data: Data): Message[] {
    const ahead = distance(data.tsn, this.#cumulative);
    if (ahead <= 0 || ahead > maxAhead || this.#ahead.has(data.tsn)) return [];
    if (this.#bufferedBytes + data.payload.length > receiveWindow && ahead > 1) return [];
    this.#ahead.set(data.tsn, { ...data, payload: data.payload.slice() });
    this.#bufferedBytes += data.payload.length;
    const messages: Message[] = [];
    for (;;) {
      const following = this.#ahead.get(next(this.#cumulative));
      if (following === undefined) return messages;
      this.#cumulative = following.tsn;
      this.#ahead.delete(following.tsn);
      this.#bufferedBytes -= following.payload.length;
      const message = this.#assemble(following);
      if (message !== null) messages.push(message);
    }
  }

  #assemble(data: Data): Message | null {
    if (data.begin !== (this.#fragments.length === 0)) {
      throw new ParseError("DATA", "a message begins inside of another, or has no beginning");
    }
    if (!data.begin && this.#fragments[0].stream !== data.stream) {
      throw new ParseError("stream identifier", "changes inside of a message");
    }
    this.#fragments.push(data);
    this.#fragmentBytes += data.payload.length;
    if (this.#fragmentBytes > maxReceivedMessage) {
      throw new ParseError("DATA", `a message is longer than ${maxReceivedMessage} bytes`);
    }
    if (!data.end) return null;
    const bytes = concat(this.#fragments.map(({ payload }) => payload));
    this.#fragments = [];
    this.#fragmentBytes = 0;
    return { stream: data.stream, payloadProtocol: data.payloadProtocol, bytes };
  }

  get cumulativeTsn(): number {
    return this.#cumulative;
  }

  sack(): Sack {
    const gaps: { start: number; end: number }[] = [];
    const offsets = [...this.#ahead.keys()].map((tsn) => distance(tsn, this.#cumulative));
    for (const offset of offsets.sort((a, b) => a - b)) {
      const last = gaps.at(-1);
      if (last !== undefined && last.end + 1 === offset) last.end = offset;
      else if (gaps.length < maxGaps) gaps.push({ start: offset, end: offset });
      else break;
    }
    const window = Math.max(0, receiveWindow - this.#bufferedBytes - this.#fragmentBytes);
    return { cumulativeTsn: this.#cumulative, window, gaps };
  }
}
