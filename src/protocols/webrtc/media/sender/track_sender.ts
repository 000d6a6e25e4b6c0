import { distance16 } from "../../../../base/time.ts";
import type { Codec } from "../../../../codecs/codec.ts";
import type { RtpPacket } from "../../../../rtp/packet.ts";
import type { SenderReport } from "../../../../rtp/rtcp/sender_report.ts";
import { PlainBatch } from "../../../../rtp/srtp/mod.ts";
import { SenderStats } from "../../../../rtp/sender_report.ts";
import { contiguousBytes, RtpStreamWriter } from "../../../../rtp/stream_writer.ts";
import type { Track } from "../../../../stream/track.ts";
import type { Unit } from "../../../../stream/unit.ts";
import { type PictureOrder, PictureOrderWatch } from "./b_frames.ts";
import { fragmentsOf } from "./fragments.ts";
import { PacketHistory } from "./history.ts";

/** A larger step of the publisher's numbers is another numbering, not a loss. */
const maxCarriedLoss = 100;

/** Packets in plain, as all readers get them but for what `RtpRewrite` has. */
export interface SharedPackets {
  readonly packets: readonly RtpPacket[];
  /** Of the same packets; what their protection needs is found once for all readers. */
  readonly batch: PlainBatch;
}

/** Those of one unit. */
export interface UnitPackets extends SharedPackets {
  /** Extended number of the first packet, in the numbering that readers share. */
  readonly first: number;
  readonly unit: Unit;
}

/** `packets` lie back to back, as `RtpStreamWriter` makes them. */
function shared(packets: readonly RtpPacket[]): SharedPackets {
  const sizes = packets.map(({ bytes }) => bytes.length);
  return { packets, batch: new PlainBatch({ bytes: contiguousBytes(packets)!, sizes }) };
}

/** What all WebRTC readers of one track share: SSRCs, numbering, packets and what is kept of them. */
export class TrackSender {
  readonly ssrc: number;
  readonly rtxSsrc: number;
  readonly history: PacketHistory = new PacketHistory();
  /** Added to a unit's pts. */
  readonly timestampOffset: number;
  readonly #writer: RtpStreamWriter;
  readonly #stats: SenderStats;
  readonly #order = new PictureOrderWatch();
  /** Packets of units that somebody may still want: those of the cached group of pictures. */
  readonly #made = new WeakMap<Unit, SharedPackets>();
  /** Extended number of the next packet. */
  #next: number;
  /** The publisher's next sequence number; -1 when not known. */
  #expected = -1;
  #lastPts = -Infinity;

  constructor(readonly track: Track, readonly sent: Codec) {
    const [ssrc, rtxSsrc, timestampOffset] = crypto.getRandomValues(new Uint32Array(3));
    this.ssrc = ssrc;
    this.rtxSsrc = rtxSsrc;
    this.timestampOffset = timestampOffset;
    this.#writer = new RtpStreamWriter({ payloadType: 0, ssrc, timestampOffset });
    this.#next = this.#writer.nextSequence;
    this.#stats = new SenderStats(track.clockRate);
  }

  /** Extended number of the packet that comes next. */
  get next(): number {
    return this.#next;
  }

  look(unit: Unit): PictureOrder {
    return this.track.isVideo ? this.#order.look(unit) : "in order";
  }

  /** Null when there is nothing to send. To be called once for each unit that is sent. */
  packetsOf(unit: Unit, now: number): UnitPackets | null {
    this.#carryLoss(unit);
    const fragments = fragmentsOf(unit, this.sent);
    if (fragments.length === 0) return null;
    const made = shared(this.#writer.write(fragments, unit.pts));
    this.#made.set(unit, made);
    const { packets, batch } = made;
    const first = this.#next;
    this.#next += packets.length;
    for (let i = 0; i < packets.length; i++) this.history.push(first + i, packets[i]);
    this.#stats.add(packets, unit.ntp, now, unit.pts >= this.#lastPts);
    this.#lastPts = unit.pts;
    return { batch, packets, first, unit };
  }

  /** Of a unit of the past, for one reader; their numbers mean nothing. Null when there is nothing to send. */
  pastPacketsOf(unit: Unit): SharedPackets | null {
    const known = this.#made.get(unit);
    if (known !== undefined) return known;
    const fragments = fragmentsOf(unit, this.sent);
    if (fragments.length === 0) return null;
    const { ssrc, timestampOffset } = this;
    const writer = new RtpStreamWriter({ payloadType: 0, ssrc, sequence: 0, timestampOffset });
    const made = shared(writer.write(fragments, unit.pts));
    this.#made.set(unit, made);
    return made;
  }

  /** Nobody reads, or the unit is left out: what is missing afterwards was not lost. */
  skip(unit: Unit): void {
    if (!unit.cameAsPackets) return;
    this.#expected = (unit.packets[unit.packets.length - 1].sequence + 1) & 0xffff;
  }

  /** Readers must see what was lost before it came here: else they show broken pictures as if they were whole. */
  #carryLoss(unit: Unit): void {
    if (!unit.cameAsPackets) return;
    const { packets } = unit;
    const first = packets[0].sequence;
    const end = (packets[packets.length - 1].sequence + 1) & 0xffff;
    const before = this.#expected < 0 ? 0 : distance16(this.#expected, first);
    const inside = distance16(first, end) - packets.length;
    this.#expected = end;
    const lost = (before > 0 ? before : 0) + (inside > 0 ? inside : 0);
    if (lost === 0 || lost > maxCarriedLoss) return;
    this.#writer.skip(lost);
    this.#next += lost;
  }

  /** Null before the first unit. */
  report(now: number): SenderReport | null {
    return this.#stats.buildReport(now);
  }
}
