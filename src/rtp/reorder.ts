/** Puts packets that arrive over UDP back into order. */
import { distance16 } from "../base/time.ts";
import type { RtpPacket } from "./packet.ts";

export interface ReorderOptions {
  /** Packets that may be held back while one is missing; a power of two. */
  readonly size?: number;
  /** A missing packet is given up after that time, at the next arrival: slow streams must not wait for `size`. */
  readonly maxWaitMs?: number;
}

/** Farther ahead than this (RFC 3550 §A.1 MAX_DROPOUT) is not a loss but another numbering. */
const maxDropout = 3000;
/** That many packets in a row that fit together, but not to the numbering so far, begin a new one. */
const resyncRun = 3;
const none: readonly RtpPacket[] = [];

/**
 * `push` gives the packets that are due, in order, in an array that is valid until the next call. Duplicates and
 * packets that come after their turn are dropped. A sender that restarts (new SSRC, or numbers far off) is followed
 * after three packets, none of which is lost.
 */
export class ReorderBuffer {
  readonly #size: number;
  readonly #maxWaitMs: number;
  readonly #slots: (RtpPacket | undefined)[];
  /** The fast path's answer: one packet, no new array. */
  readonly #single: RtpPacket[] = [];
  #due: RtpPacket[] = [];
  #held = 0;
  #heldSince = 0;
  #next = 0;
  #highest = 0;
  #ssrc = 0;
  #started = false;
  #strangers: RtpPacket[] = [];
  #lateRun = 0;
  #lost = 0;
  #dropped = 0;

  constructor(options: ReorderOptions = {}) {
    this.#size = options.size ?? 64;
    this.#maxWaitMs = options.maxWaitMs ?? 200;
    if ((this.#size & this.#size - 1) !== 0) throw new RangeError(`size ${this.#size} is no power of two`);
    this.#slots = new Array(this.#size).fill(undefined);
  }

  /** Packets given up as lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Packets thrown away so far: duplicates, and late ones that had been counted as lost. */
  get dropped(): number {
    return this.#dropped;
  }

  /** `now` in milliseconds of any steady clock. */
  push(packet: RtpPacket, now: number): readonly RtpPacket[] {
    if (!this.#started) return this.#restart([packet]);
    const ahead = distance16(this.#next, packet.sequence);
    if (packet.ssrc !== this.#ssrc || ahead >= maxDropout || ahead < -this.#size) {
      return this.#stranger(packet);
    }
    if (ahead < 0) return this.#late(packet, now);
    if (this.#strangers.length > 0) this.#forgetStrangers();
    this.#lateRun = 0;
    if (ahead === 0 && this.#held === 0) {
      this.#highest = packet.sequence;
      this.#next = packet.sequence + 1 & 0xffff;
      this.#single[0] = packet;
      return this.#single;
    }
    this.#due = [];
    if (ahead >= this.#size) this.#makeRoom(packet.sequence);
    this.#hold(packet, now);
    this.#releaseReady(now);
    this.#giveUpOverdue(now);
    return this.#due;
  }

  /** Everything still held, in order: for the end of a stream. */
  flush(): readonly RtpPacket[] {
    this.#due = [];
    while (this.#held > 0) this.#step();
    return this.#due;
  }

  #restart(packets: RtpPacket[]): readonly RtpPacket[] {
    const last = packets[packets.length - 1];
    this.#due = [];
    while (this.#held > 0) this.#step();
    this.#started = true;
    this.#ssrc = last.ssrc;
    this.#highest = last.sequence;
    this.#next = last.sequence + 1 & 0xffff;
    this.#strangers = [];
    this.#lateRun = 0;
    this.#due.push(...packets);
    return this.#due;
  }

  #stranger(packet: RtpPacket): readonly RtpPacket[] {
    const last = this.#strangers.at(-1);
    const step = last === undefined ? 0 : distance16(last.sequence, packet.sequence);
    if (last !== undefined && (last.ssrc !== packet.ssrc || step <= 0 || step >= this.#size)) {
      if (last.ssrc === packet.ssrc && step <= 0 && step > -this.#size) {
        this.#dropped++;
        return none;
      }
      this.#forgetStrangers();
    }
    this.#strangers.push(packet);
    if (this.#strangers.length < resyncRun) return none;
    return this.#restart(this.#strangers);
  }

  #forgetStrangers(): void {
    this.#dropped += this.#strangers.length;
    this.#strangers = [];
  }

  /** A sender that restarts a few numbers back sends nothing but late packets: followed when the run is long. */
  #late(packet: RtpPacket, now: number): readonly RtpPacket[] {
    if (++this.#lateRun > this.#size) return this.#restart([packet]);
    this.#dropped++;
    if (this.#held === 0 || now - this.#heldSince < this.#maxWaitMs) return none;
    this.#due = [];
    this.#giveUpOverdue(now);
    return this.#due;
  }

  #hold(packet: RtpPacket, now: number): void {
    const slot = packet.sequence & this.#size - 1;
    if (this.#slots[slot] !== undefined) {
      this.#dropped++;
      return;
    }
    this.#slots[slot] = packet;
    if (distance16(this.#highest, packet.sequence) > 0) this.#highest = packet.sequence;
    if (this.#held++ === 0) this.#heldSince = now;
  }

  /** Takes the next number: hands its packet on, or counts it as lost. */
  #step(): void {
    const slot = this.#next & this.#size - 1;
    const packet = this.#slots[slot];
    if (packet === undefined) {
      this.#lost++;
    } else {
      this.#slots[slot] = undefined;
      this.#held--;
      this.#due.push(packet);
    }
    this.#next = this.#next + 1 & 0xffff;
  }

  /**
   * Gives up the oldest gaps until the packet fits. After a jump over more than the whole buffer nothing before it
   * is waited for.
   */
  #makeRoom(sequence: number): void {
    const jump = distance16(this.#highest, sequence) >= this.#size;
    while (jump ? this.#next !== sequence : distance16(this.#next, sequence) >= this.#size) this.#step();
  }

  #releaseReady(now: number): void {
    if (this.#slots[this.#next & this.#size - 1] === undefined) return;
    while (this.#slots[this.#next & this.#size - 1] !== undefined) this.#step();
    this.#heldSince = now;
  }

  #giveUpOverdue(now: number): void {
    if (this.#held === 0 || now - this.#heldSince < this.#maxWaitMs) return;
    while (this.#slots[this.#next & this.#size - 1] === undefined) this.#step();
    this.#releaseReady(now);
  }
}
