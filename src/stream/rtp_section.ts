import { distance16 } from "../base/time.ts";
import { ParseError } from "../base/errors.ts";
import { parseRtpPacket, renumber, type RtpPacket } from "../rtp/packet.ts";
import { ReorderBuffer } from "../rtp/reorder.ts";
import type { RtpTarget } from "./rtp_track.ts";

/** A farther jump is another numbering, not a loss (RFC 3550 §A.1 MAX_DROPOUT). */
const maxGap = 3000;

/** The packets of one SSRC: sequence numbers belong to it, whatever the payload types. */
interface Source {
  readonly order: Order;
  /** Packets without payload, so far. */
  omitted: number;
}

interface Order {
  /** The packets that are due, in order; valid until the next call. */
  push(packet: RtpPacket, now: number): readonly RtpPacket[];
  /** Packets that are missing for good. */
  readonly lost: number;
}

/** Over TCP packets come in order: what is missing has been left out by the publisher. */
class AsTheyCome implements Order {
  lost = 0;
  #next: number | undefined;
  readonly #due: RtpPacket[] = [];

  push(packet: RtpPacket): readonly RtpPacket[] {
    const gap = this.#next === undefined ? 0 : distance16(this.#next, packet.sequence);
    if (gap > 0 && gap < maxGap) this.lost += gap;
    this.#next = packet.sequence + 1 & 0xffff;
    this.#due[0] = packet;
    return this.#due;
  }
}

/** One m= section on its way in: its packets are put in order, then go to the target of their payload type. */
export class RtpSection {
  readonly #sources = new Map<number, Source>();
  #only: Source | undefined;

  constructor(
    /** By payload type. */
    private readonly byType: ReadonlyMap<number, RtpTarget>,
    /** Packets may arrive out of order. */
    private readonly reorder: boolean,
    private readonly onLost: (packets: number, now: number) => void,
  ) {}

  get targets(): readonly RtpTarget[] {
    return [...this.byType.values()];
  }

  /** Throws ParseError. */
  receive(bytes: Uint8Array, now: number): void {
    const packet = parseRtpPacket(bytes);
    const track = this.byType.get(packet.payloadType);
    if (track === undefined) {
      throw new ParseError("RTP payload type", `${packet.payloadType} was not announced`);
    }
    track.arrived(packet, now);
    const source = this.#source(packet.ssrc);
    const { order } = source;
    const lostBefore = order.lost;
    for (const due of order.push(packet, now)) this.#pass(due, source, now);
    if (order.lost > lostBefore) this.onLost(order.lost - lostBefore, now);
  }

  /** Packets without payload only find out what the network takes: nobody is to see that they have been there. */
  #pass(packet: RtpPacket, source: Source, now: number): void {
    if (packet.payload.length === 0) {
      source.omitted++;
      return;
    }
    const target = this.byType.get(packet.payloadType)!;
    target.push(source.omitted === 0 ? packet : renumber(packet, packet.sequence - source.omitted), now);
  }

  /** With one format a new SSRC continues the old one; with several each may have its own, or all share one. */
  #source(ssrc: number): Source {
    if (this.byType.size === 1) return this.#only ??= this.#createSource();
    let source = this.#sources.get(ssrc);
    if (source === undefined) {
      // A publisher that changes its SSRCs all the time shall not fill the memory.
      if (this.#sources.size >= this.byType.size) this.#sources.clear();
      this.#sources.set(ssrc, source = this.#createSource());
    }
    return source;
  }

  #createSource(): Source {
    return { order: this.reorder ? new ReorderBuffer() : new AsTheyCome(), omitted: 0 };
  }
}
