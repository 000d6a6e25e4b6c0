import { parseRtpPacket } from "../../rtp/packet.ts";
import { ReceptionStats } from "../../rtp/reception.ts";
import { ReorderBuffer } from "../../rtp/reorder.ts";
import { serializeRtcp } from "../../rtp/rtcp/compound.ts";
import type { SenderReport } from "../../rtp/rtcp/sender_report.ts";
import { RtpIngest } from "../../stream/rtp_ingest.ts";
import type { StreamClock } from "../../stream/timestamps.ts";
import type { Track } from "../../stream/track.ts";
import type { Unit } from "../../stream/unit.ts";

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
    if (this.#reorder === null) this.#ingest.push(packet, now);
    else for (const due of this.#reorder.push(packet, now)) this.#ingest.push(due, now);
    const { lost } = this.reception.snapshot();
    if (lost > this.#lost) this.#options.onLost(lost - this.#lost, now);
    this.#lost = lost;
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
