/** One reader's outgoing bytes over a connection. */
import { RandomAccessWait } from "./random_access_wait.ts";

/** Bytes that wait are handed over in pieces, so that a large chunk on a slow link does not look like one that is stuck. */
const maxWrite = 128 * 1024;

/** A run of bytes that may be dropped only as a whole. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** Units inside, for the count of what a slow reader missed. */
  readonly units: number;
  /** Decoding can start with this chunk. */
  readonly randomAccess: boolean;
  /** Packets inside, where the protocol counts them. */
  readonly packets?: number;
}

/** The part of `ByteConn` that a sink needs. */
export interface SinkTarget {
  tryWrite(bytes: Uint8Array): number;
  write(bytes: Uint8Array): Promise<void>;
}

export interface SinkLimits {
  readonly maxBytes: number;
  readonly maxChunks: number;
  /** How long, in ms, the oldest chunk may wait. */
  readonly maxAgeMs: number;
}

/** What has left, and what was dropped. */
export interface SinkStats {
  readonly bytesSent: number;
  /** The part of `bytesSent` that was in chunks. */
  readonly mediaBytesSent: number;
  readonly unitsSent: number;
  readonly unitsDiscarded: number;
  readonly packetsSent: number;
  readonly packetsDiscarded: number;
}

/** Null `chunk`: control bytes (a response, a report), which are never dropped. */
interface Queued {
  readonly bytes: Uint8Array;
  readonly chunk: Chunk | null;
  readonly since: number;
}

/**
 * Writes chunks in order, at once where the system takes them, else from a queue bounded in bytes, chunks and time.
 * When a bound is passed the waiting media is dropped, and so is what follows until the next random access point
 * (but see `RandomAccessWait`); a chunk that was begun is always finished, so that the framing stays whole.
 */
export class Sink {
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #queuedControlBytes = 0;
  #draining = false;
  /** When something has moved, as far as `stalledMs` or the first chunk that waited has seen. */
  #movedAt = 0;
  #movedBytes = 0;
  /** While it is active, chunks are passed over. */
  readonly #wait = new RandomAccessWait();
  #closed = false;
  #drained: Promise<void> = Promise.resolve();
  #bytesSent = 0;
  #mediaBytesSent = 0;
  #packetsSent = 0;
  #packetsDiscarded = 0;
  #unitsSent = 0;
  #unitsDiscarded = 0;

  constructor(
    private readonly target: SinkTarget,
    private readonly limits: SinkLimits,
    /** The connection failed; called once at the most. */
    private readonly onError: (error: unknown) => void,
    /** Units were dropped because the reader is too slow. */
    private readonly onDiscard: (units: number) => void,
    /** Milliseconds of a steady clock: the system's is set now and then. Read only while something waits. */
    private readonly clock: () => number,
  ) {}

  push(chunk: Chunk): void {
    if (this.#closed) return;
    if (this.#wait.active && this.#wait.leavesOut(chunk.randomAccess, this.clock())) {
      return this.#discard(chunk.units, chunk.packets);
    }
    if (this.#draining && this.#overflows(chunk)) {
      this.#dropQueued();
      if (!chunk.randomAccess) {
        this.#wait.begin(this.clock());
        return this.#discard(chunk.units, chunk.packets);
      }
    }
    this.#send(chunk.bytes, chunk);
  }

  /** Bytes that must arrive whatever happens to the media around them. */
  pushControl(bytes: Uint8Array): void {
    if (!this.#closed) this.#send(bytes, null);
  }

  /**
   * How long, in ms, the system has not taken anything although something waits. To be asked regularly: that something
   * has moved is noticed here. `now`: of the sink's clock.
   */
  stalledMs(now: number): number {
    if (!this.#draining) return 0;
    if (this.#movedBytes !== this.#bytesSent) this.#moved(now);
    return now - this.#movedAt;
  }

  #moved(now: number): void {
    this.#movedAt = now;
    this.#movedBytes = this.#bytesSent;
  }

  /** Settles when everything that is queued now has been written, or cannot be written any more. */
  get drained(): Promise<void> {
    return this.#drained;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** The part of `queuedBytes` that no overflow drops: its owner must bound it. */
  get queuedControlBytes(): number {
    return this.#queuedControlBytes;
  }

  get stats(): SinkStats {
    return {
      bytesSent: this.#bytesSent,
      mediaBytesSent: this.#mediaBytesSent,
      unitsSent: this.#unitsSent,
      unitsDiscarded: this.#unitsDiscarded,
      packetsSent: this.#packetsSent,
      packetsDiscarded: this.#packetsDiscarded,
    };
  }

  /** Forgets the queue. Does not close the connection. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#queuedControlBytes = 0;
  }

  #overflows(chunk: Chunk): boolean {
    const { maxBytes, maxChunks, maxAgeMs } = this.limits;
    const now = this.clock();
    const oldest = this.#queue.length > 0 ? this.#queue[0].since : now;
    return this.#queuedBytes + chunk.bytes.length > maxBytes || this.#queue.length >= maxChunks ||
      now - oldest > maxAgeMs;
  }

  #discard(units: number, packets = 0): void {
    this.#unitsDiscarded += units;
    this.#packetsDiscarded += packets;
    this.onDiscard(units);
  }

  #dropQueued(): void {
    const kept: Queued[] = [];
    let dropped = 0;
    let packets = 0;
    for (const item of this.#queue) {
      if (item.chunk === null) kept.push(item);
      else {
        dropped += item.chunk.units;
        packets += item.chunk.packets ?? 0;
      }
    }
    this.#queue = kept;
    this.#queuedBytes = kept.reduce((sum, item) => sum + item.bytes.length, 0);
    if (dropped > 0) this.#discard(dropped, packets);
  }

  #send(bytes: Uint8Array, chunk: Chunk | null): void {
    let taken = 0;
    if (!this.#draining) {
      taken = this.target.tryWrite(bytes);
      this.#bytesSent += taken;
      if (taken === bytes.length) {
        if (chunk !== null) this.#count(chunk);
        return;
      }
    }
    const item: Queued = { bytes, chunk, since: this.clock() };
    if (!this.#draining) {
      this.#draining = true;
      this.#moved(item.since);
      this.#drained = this.#drain(item, taken);
      return;
    }
    this.#queue.push(item);
    this.#queuedBytes += item.bytes.length;
    if (item.chunk === null) this.#queuedControlBytes += item.bytes.length;
  }

  #count(chunk: Chunk): void {
    this.#unitsSent += chunk.units;
    this.#packetsSent += chunk.packets ?? 0;
    this.#mediaBytesSent += chunk.bytes.length;
  }

  /** Finishes `item` from byte `taken`, then the queue, falling back to a promise only where the system is full. */
  async #drain(item: Queued, taken: number): Promise<void> {
    try {
      while (true) {
        while (taken < item.bytes.length) {
          const rest = item.bytes.length - taken;
          const size = Math.min(rest, maxWrite);
          await this.target.write(
            size === item.bytes.length ? item.bytes : item.bytes.subarray(taken, taken + size),
          );
          this.#bytesSent += size;
          taken += size;
          if (this.#closed) return;
        }
        if (item.chunk !== null) this.#count(item.chunk);
        const next = this.#queue.shift();
        if (next === undefined || this.#closed) break;
        this.#queuedBytes -= next.bytes.length;
        if (next.chunk === null) this.#queuedControlBytes -= next.bytes.length;
        item = next;
        taken = this.target.tryWrite(item.bytes);
        this.#bytesSent += taken;
      }
      this.#draining = false;
    } catch (error) {
      if (this.#closed) return;
      this.close();
      this.onError(error);
    }
  }
}
