import { UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ReaderSeat } from "../../paths/mod.ts";
import type { Sink } from "../../stream/sink.ts";
import { type Track, tracksText } from "../../stream/track.ts";
import { type Plan, type PlannedTrack, planTracks } from "./fanout/plan.ts";
import { RtmpFanout } from "./fanout/rtmp_fanout.ts";

const supported = "AV1, VP9, H265, H264, Opus, FLAC, AC-3, MPEG-4 Audio, MPEG-1/2 Audio, G711, LPCM";

/** The side of a connection that reads. */
export class Reading {
  readonly tracks: readonly Track[];
  readonly #plan: Plan;
  #stop: (() => void) | null = null;

  /** `fourCcs`: of the client's `connect`. Throws UserError when it can get nothing of the stream. */
  constructor(readonly seat: ReaderSeat, fourCcs: ReadonlySet<string>, logger: Logger) {
    this.#plan = planTracks(seat.stream.tracks, fourCcs);
    this.tracks = this.#plan.tracks.map(({ track }) => track);
    if (this.tracks.length === 0) {
      throw new UserError(
        `the stream doesn't contain any supported codec, which are currently ${supported}` +
          this.#plan.skipped.map(({ track, reason }) => `; ${track.codec.name}: ${reason}`).join(""),
      );
    }
    for (const { track, reason } of this.#plan.skipped) {
      logger.warn(`skipping track ${track.id + 1} (${track.codec.name}): ${reason}`);
    }
    logger.info(`is reading from path '${seat.pathName}', ${tracksText(this.tracks)}`);
  }

  play(sink: Sink): void {
    const { stream, conf } = this.seat;
    const fanout = stream.fanout(planKey(this.#plan), () => new RtmpFanout(stream, this.#plan));
    this.#stop = fanout.add(sink, conf.gopCache === "no" ? [] : stream.cachedUnits);
  }

  leave(): void {
    this.#stop?.();
    this.#stop = null;
    this.seat.leave();
  }
}

/** Readers with the same plan get the same bytes, plain or over TLS. */
function planKey(plan: Plan): string {
  const part = ({ track, form }: PlannedTrack): string =>
    `${track.id}:${form.kind === "enhanced" ? `${form.fourCc}${form.trackId}` : "flv"}`;
  return `rtmp:${plan.tracks.map(part).join(",")}`;
}
