import { distance16 } from "../../base/time.ts";
import { parseRtpPacket } from "../../rtp/packet.ts";
import { ReceptionStats } from "../../rtp/reception.ts";
import { ReorderBuffer } from "../../rtp/reorder.ts";
import { serializeRtcp } from "../../rtp/rtcp/compound.ts";
import type { SenderReport } from "../../rtp/rtcp/sender_report.ts";
import { RtpIngest } from "../../stream/rtp_ingest.ts";
import type { StreamClock } from "../../stream/timestamps.ts";
import type { Track } from "../../stream/track.ts";
import type { Unit } from "../../stream/unit.ts";

/** A farther jump is another numbering, not a loss (RFC 3550 §A.1 MAX_DROPOUT). */
const maxGap = 3000;

export interface IngestTrackOptions {
  readonly track: Track;
  readonly clock: StreamClock;
  /** Gathers finished units. */
  readonly units: Unit[];
  /** Packets may arrive out of order. */
  readonly reorder: boolean;
  readonly useAbsoluteTimestamp: boolean;
  readonly onLost: (packets: number, now: number) => void;
  readonly onError: (text: string, now: number) => void;
  readonly onRemux: (reason: string) => void;
}

/** RTP and RTCP of one announced track, on the way to units. */
export class IngestTrack {
  readonly reception: ReceptionStats;
  /** Ours, in the reports we send. */
  readonly #ssrc = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #options: IngestTrackOptions;
  readonly #ingest: RtpIngest;
  readonly #reorder: ReorderBuffer | null;
  #lost = 0;
  /** Over TCP: the number that the next packet should have. */
  #next: number | undefined;
  #now = 0;

  constructor(options: IngestTrackOptions) {
    const { track, clock, units, onRemux, onError } = options;
    this.#options = options;
    this.reception = new ReceptionStats({ clockRate: track.clockRate, localSsrc: this.#ssrc });
    this.#reorder = options.reorder ? new ReorderBuffer() : null;
    this.#ingest = new RtpIngest({
      track,
      clock,
      out: units,
      onRemux,
      ...(options.useAbsoluteTimestamp
        ? {
          absoluteTime: (timestamp) => this.reception.ntpAt(timestamp),
          onMissingAbsoluteTime: () =>
            onError("received RTP packet without absolute time, skipping it", this.#now),
        }
        : {}),
    });
  }

  /** Throws ParseError. */
  receive(bytes: Uint8Array, now: number): void {
    this.#now = now;
    const packet = parseRtpPacket(bytes);
    this.reception.add(packet, now);
    if (this.#reorder === null) {
      this.#countGap(packet.sequence, now);
      this.#ingest.push(packet, now);
      return;
    }
    for (const due of this.#reorder.push(packet, now)) this.#ingest.push(due, now);
    // Not what reception counts: there a packet that is late is missing for a while.
    const { lost } = this.#reorder;
    if (lost > this.#lost) this.#options.onLost(lost - this.#lost, now);
    this.#lost = lost;
  }

  /** Packets that the publisher itself has left out. */
  #countGap(sequence: number, now: number): void {
    const gap = this.#next === undefined ? 0 : distance16(this.#next, sequence);
    if (gap > 0 && gap < maxGap) this.#options.onLost(gap, now);
    this.#next = sequence + 1 & 0xffff;
  }

  receiveReport(report: SenderReport, now: number): void {
    this.reception.addSenderReport(report, now);
  }

  /** A receiver report; null before the first packet. */
  report(now: number): Uint8Array | null {
    const report = this.reception.buildReport(now);
    return report && serializeRtcp([report]);
  }
}
