import type { RtpPacket } from "../../rtp/packet.ts";
import { ReceptionStats } from "../../rtp/reception.ts";
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
  readonly useAbsoluteTimestamp: boolean;
  readonly onError: (text: string, now: number) => void;
  readonly onRemux: (reason: string) => void;
}

/** RTP and RTCP of one announced track, on the way to units. */
export class IngestTrack {
  readonly reception: ReceptionStats;
  /** Ours, in the reports we send. */
  readonly #ssrc = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #ingest: RtpIngest;
  #now = 0;

  constructor(options: IngestTrackOptions) {
    const { track, clock, units, onRemux, onError } = options;
    this.reception = new ReceptionStats({ clockRate: track.clockRate, localSsrc: this.#ssrc });
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

  /** For the statistics, which tell more when they see packets as they arrive. */
  arrived(packet: RtpPacket, now: number): void {
    this.reception.add(packet, now);
  }

  /** Packets in order. */
  push(packet: RtpPacket, now: number): void {
    this.#now = now;
    this.#ingest.push(packet, now);
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
