/** What was sent last, and when it is sent again: RFC 6347 §4.2.4. */
import { contentType, maxDatagramSize, recordHeaderSize } from "../records.ts";
import { alerts, DtlsFailure } from "./failure.ts";
import { fragmentMessage, type HandshakeMessage } from "./handshake_message.ts";
import type { RecordLayer } from "./record_layer.ts";

/** RFC 6347 §4.2.4.1 says one second; a call should not wait so long for a packet lost in a local network. */
const firstTimeoutMs = 100;
const longestTimeoutMs = 2000;
const maxTimeouts = 12;

/** A repetition of the peer is answered at once, but not each of its datagrams. */
const minGapMs = 50;

export type FlightPart =
  | { readonly kind: "message"; readonly epoch: 0 | 1; readonly message: HandshakeMessage }
  | { readonly kind: "changeCipherSpec" };

/** Owns the time of the next repetition; whoever has the clock asks. */
export class Flight {
  #parts: readonly FlightPart[] = [];
  #sentAt = 0;
  #timeoutMs = firstTimeoutMs;
  #timeouts = 0;
  /** False: only repeated when the peer asks for it, as the very last flight is. */
  #timed = false;

  constructor(private readonly records: RecordLayer, private readonly out: (record: Uint8Array) => void) {}

  send(parts: readonly FlightPart[], now: number, timed: boolean): void {
    this.#parts = parts;
    this.#timed = timed;
    this.#timeoutMs = firstTimeoutMs;
    this.#timeouts = 0;
    this.#transmit(now);
  }

  /** The handshake is over, and the peer knows: nothing is left to repeat. */
  finish(): void {
    this.#parts = [];
    this.#timed = false;
  }

  /** Throws DtlsFailure after too many tries. */
  tick(now: number): void {
    if (!this.#timed || now - this.#sentAt < this.#timeoutMs) return;
    if (++this.#timeouts > maxTimeouts) {
      throw new DtlsFailure(alerts.handshakeFailure, "the peer does not answer");
    }
    this.#timeoutMs = Math.min(2 * this.#timeoutMs, longestTimeoutMs);
    this.#transmit(now);
  }

  /** The peer repeats its flight: it has not got this one. */
  repeat(now: number): void {
    if (now - this.#sentAt >= minGapMs) this.#transmit(now);
  }

  #transmit(now: number): void {
    this.#sentAt = now;
    for (const part of this.#parts) {
      if (part.kind === "changeCipherSpec") {
        this.out(this.records.seal(contentType.changeCipherSpec, 0, Uint8Array.of(1)));
        continue;
      }
      for (const fragment of fragmentMessage(part.message, maxDatagramSize - recordHeaderSize)) {
        this.out(this.records.seal(contentType.handshake, part.epoch, fragment));
      }
    }
  }
}
