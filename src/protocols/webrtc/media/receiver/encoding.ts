import { distance16 } from "../../../../base/time.ts";
import type { RtpPacket } from "../../../../rtp/packet.ts";
import { ReceptionStats } from "../../../../rtp/reception.ts";
import { ReorderBuffer } from "../../../../rtp/reorder.ts";
import type { NegotiatedCodec } from "../../contracts.ts";
import { NackList } from "./nack_list.ts";

/** How long a missing packet is waited for: three tries over a slow link. Without repetition only order is restored. */
const repairWaitMs = 400;
const orderWaitMs = 100;
const repairPackets = 1024;
const orderPackets = 64;

/** The very first packets are put in order before anything counts as late: a key frame is among them. */
const startWaitMs = 25;
const maxStartPackets = 64;

/** Of bitrates: shorter ones show key frames rather than layers. */
const rateWindowMs = 1000;
/** Rates that differ by less count as the same. */
const rateStep = 1.5;

/** One RTP stream of a section: the only one, or a layer of simulcast. */
export class Encoding {
  #stats: ReceptionStats;
  #nacks: NackList | null;
  #reorder: ReorderBuffer;
  /** Null once the start is over. */
  #start: RtpPacket[] | null = [];
  #startedAt = 0;
  ssrc: number | null = null;
  lastPacketAt = -Infinity;
  /** Since when packets have come without a pause. */
  aliveSince = -Infinity;
  #bytes = 0;
  #windowFrom = 0;
  /** Bytes a millisecond; 0 when not known yet. */
  #rate = 0;

  constructor(
    /** Empty without simulcast. */
    readonly rid: string,
    private readonly localSsrc: number,
    /** The one that is expected. */
    codec: NegotiatedCodec,
  ) {
    this.#stats = this.#createStats(codec);
    this.#nacks = codec.nack ? new NackList(repairWaitMs) : null;
    this.#reorder = createReorder(codec);
  }

  #createStats({ clockRate }: NegotiatedCodec): ReceptionStats {
    return new ReceptionStats({ clockRate, localSsrc: this.localSsrc });
  }

  /** The codec that has come; to be called before the first packet is pushed. */
  adopt(codec: NegotiatedCodec): void {
    if (this.#stats.clockRate !== codec.clockRate) this.#stats = this.#createStats(codec);
    if (codec.nack === (this.#nacks !== null)) return;
    this.#nacks = codec.nack ? new NackList(repairWaitMs) : null;
    this.#reorder = createReorder(codec);
  }

  get stats(): ReceptionStats {
    return this.#stats;
  }

  /** Null where the publisher repeats nothing. */
  get nacks(): NackList | null {
    return this.#nacks;
  }

  /** Packets that are missing for good. */
  get lost(): number {
    return this.#reorder.lost;
  }

  /** A number that grows with the bitrate, in coarse steps; 0 while it is not known. */
  get rateLevel(): number {
    return this.#rate === 0 ? 0 : Math.max(1, Math.round(Math.log(1000 * this.#rate) / Math.log(rateStep)));
  }

  /** The layer was silent for long: what was measured before says nothing. */
  resume(now: number): void {
    this.aliveSince = now;
    this.#windowFrom = now;
    this.#bytes = 0;
    this.#rate = 0;
  }

  #measure(size: number, now: number): void {
    this.#bytes += size;
    const elapsed = now - this.#windowFrom;
    if (elapsed < rateWindowMs) return;
    const rate = this.#bytes / elapsed;
    this.#rate = this.#rate === 0 ? rate : (this.#rate + rate) / 2;
    this.#windowFrom = now;
    this.#bytes = 0;
  }

  /** Gives the packets that are due, valid until the next call. `repeated`: out of a retransmission stream. */
  push(packet: RtpPacket, now: number, repeated: boolean): readonly RtpPacket[] {
    if (packet.ssrc !== this.ssrc) {
      this.ssrc = packet.ssrc;
      this.#nacks?.reset();
    }
    if (!repeated) this.#stats.add(packet, now);
    this.#nacks?.arrived(packet.sequence, now);
    this.lastPacketAt = now;
    this.#measure(packet.payload.length, now);
    return this.#start === null ? this.#reorder.push(packet, now) : this.#gatherStart(packet, now);
  }

  #gatherStart(packet: RtpPacket, now: number): readonly RtpPacket[] {
    const start = this.#start!;
    if (start.length === 0) this.#startedAt = now;
    start.push(packet);
    if (now - this.#startedAt < startWaitMs && start.length < maxStartPackets) return [];
    this.#start = null;
    const { sequence } = start[0];
    start.sort((a, b) => distance16(sequence, a.sequence) - distance16(sequence, b.sequence));
    return start.flatMap((each) => this.#reorder.push(each, now));
  }
}

function createReorder({ nack }: NegotiatedCodec): ReorderBuffer {
  return new ReorderBuffer({
    size: nack ? repairPackets : orderPackets,
    maxWaitMs: nack ? repairWaitMs : orderWaitMs,
  });
}
