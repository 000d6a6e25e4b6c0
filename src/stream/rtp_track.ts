import type { RtpPacket } from "../rtp/packet.ts";
import { ReceptionStats } from "../rtp/reception.ts";
import { serializeRtcp } from "../rtp/rtcp/compound.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { RtpIngest } from "./rtp_ingest.ts";
import type { StreamClock } from "./timestamps.ts";
import type { Track } from "./track.ts";
import type { Unit } from "./unit.ts";

export interface RtpTrackOptions {
  readonly track: Track;
  readonly clock: StreamClock;
  /** Gathers finished units. */
  readonly units: Unit[];
  readonly useAbsoluteTimestamp: boolean;
  readonly onError: (text: string, now: number) => void;
  readonly onRemux: (reason: string) => void;
}

/** Where the packets of one payload type go, with their statistics. */
export abstract class RtpTarget {
  readonly reception: ReceptionStats;

  constructor(clockRate: number) {
    // Ours, in the reports we send.
    const localSsrc = crypto.getRandomValues(new Uint32Array(1))[0];
    this.reception = new ReceptionStats({ clockRate, localSsrc });
  }

  /** For the statistics, which tell more when they see packets as they arrive. */
  arrived(packet: RtpPacket, now: number): void {
    this.reception.add(packet, now);
  }

  /** Packets in order. */
  abstract push(packet: RtpPacket, now: number): void;

  receiveReport(report: SenderReport, now: number): void {
    this.reception.addSenderReport(report, now);
  }

  /** A receiver report; null before the first packet. */
  report(now: number): Uint8Array | null {
    const report = this.reception.buildReport(now);
    return report && serializeRtcp([report]);
  }
}

/** RTP of one track, on the way to units. */
export class RtpTrack extends RtpTarget {
  readonly #ingest: RtpIngest;
  #now = 0;

  constructor(options: RtpTrackOptions) {
    const { track, clock, units, onRemux, onError } = options;
    super(track.clockRate);
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

  override push(packet: RtpPacket, now: number): void {
    this.#now = now;
    this.#ingest.push(packet, now);
  }
}
