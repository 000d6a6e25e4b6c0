/** MPEG-TS of a publisher → a stream. SRT, UDP and unix sockets bring the bytes. */
import { UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { errorsLine, RateLimitedReport } from "../base/rate_limited.ts";
import { type Codec, isVideo } from "../codecs/codec.ts";
import { type DemuxerEvent, type DemuxerTrack, skippedText } from "../containers/mpegts/demuxer_event.ts";
import { MpegtsDemuxer } from "../containers/mpegts/demuxer.ts";
import { clockRate } from "../containers/mpegts/wire/timestamp.ts";
import type { RtpMedia } from "../rtp/format.ts";
import { MpegtsTimeLine } from "./mpegts_time_line.ts";
import { learnCodec, mediaOf, MpegtsTrack, parametersKnown } from "./mpegts_track.ts";
import type { Stream } from "./stream.ts";
import type { Unit } from "./unit.ts";

/** Units that wait until parameter sets have come and the stream is open: so many, … */
export const maxWaitingUnits = 4096;
/** … so many bytes, … */
export const maxWaitingBytes = 32 * 1024 * 1024;
/** … and so much media time, 3 s; then the tracks are announced without parameter sets. */
export const maxWaitingTicks = 3 * clockRate;
/** Skipped tracks that the log tells of, each once: programs that change again and again exist. */
const maxSkippedTold = 64;
export const mpegtsCodecs =
  "H265, H264, MPEG-4 Video, MPEG-1/2 Video, Opus, MPEG-4 Audio, MPEG-4 Audio LATM, MPEG-1/2 Audio, AC3, KLV";

export interface MpegtsIngestOptions {
  /** Gets warnings about skipped tracks and decode errors. */
  readonly logger: Logger;
  /**
   * Called once, when the tracks are known (`medias` in their order): gives the stream to write to. What comes until then
   * waits, within bounds.
   */
  readonly open: (medias: readonly RtpMedia[]) => Promise<Stream>;
  /** Called once at the most: `open` has failed, or the publisher sends what cannot go on. Nothing is written then. */
  readonly onFailure: (error: unknown) => void;
}

type UnitEvent = DemuxerEvent & { readonly type: "unit" };

/** What is going on. */
type State =
  /** No tracks are known yet. */
  | { readonly kind: "searching" }
  /** Tracks are known, parameter sets are not, or `open` has not answered yet. */
  | {
    readonly kind: "waiting";
    readonly tracks: readonly DemuxerTrack[];
    readonly units: UnitEvent[];
    bytes: number;
    opening: boolean;
  }
  | { readonly kind: "running"; readonly stream: Stream; readonly tracks: Map<DemuxerTrack, MpegtsTrack> }
  | { readonly kind: "ended" };

export class MpegtsIngest {
  readonly #options: MpegtsIngestOptions;
  readonly #demuxer = new MpegtsDemuxer();
  readonly #errors: RateLimitedReport;
  #state: State = { kind: "searching" };
  readonly #timeLine = new MpegtsTimeLine<MpegtsTrack>();
  #now = 0;
  #out: Unit[] = [];
  readonly #skippedTold = new Set<string>();

  constructor(options: MpegtsIngestOptions) {
    this.#options = options;
    this.#errors = new RateLimitedReport(options.logger, errorsLine("decode error"));
  }

  /**
   * `bytes` may be used again afterwards; `now` in ms since 1970. Never throws on bad input. False when there was no media
   * in it.
   */
  write(bytes: Uint8Array, now: number): boolean {
    if (this.#state.kind === "ended") return false;
    this.#now = now;
    const before = this.#demuxer.mediaPackets;
    for (const event of this.#demuxer.push(bytes)) this.#handle(event);
    this.#flush();
    return this.#demuxer.mediaPackets > before;
  }

  /** Nothing more will come. The stream is closed by who has opened it. */
  close(): void {
    this.#state = { kind: "ended" };
    this.#out = [];
    this.#errors.flush(this.#now);
  }

  #fail(error: unknown): void {
    if (this.#state.kind === "ended") return;
    this.close();
    this.#options.onFailure(error);
  }

  #flush(): void {
    if (this.#out.length === 0 || this.#state.kind !== "running") return;
    this.#state.stream.write(this.#out.splice(0), this.#now);
  }

  #handle(event: DemuxerEvent): void {
    switch (event.type) {
      case "error":
        return this.#errors.report(this.#now, event.text);
      case "tracks":
        for (const skipped of event.skipped) this.#tellSkipped(skippedText(skipped));
        return this.#announce(event.tracks);
      case "codec":
        return this.#change(event.track, event.codec);
      case "unit":
        return this.#unit(event);
    }
  }

  #tellSkipped(text: string): void {
    if (this.#skippedTold.has(text) || this.#skippedTold.size === maxSkippedTold) return;
    this.#skippedTold.add(text);
    this.#options.logger.warn(text);
  }

  #announce(tracks: readonly DemuxerTrack[]): void {
    if (tracks.length === 0) {
      return this.#fail(
        new UserError(`the stream doesn't contain any supported codec, which are currently ${mpegtsCodecs}`),
      );
    }
    const state = this.#state;
    switch (state.kind) {
      case "searching":
        this.#state = { kind: "waiting", tracks, units: [], bytes: 0, opening: false };
        return this.#openWhenReady();
      case "waiting":
        if (state.opening) return this.#fail(new UserError("the program has changed while it was opened"));
        this.#state = { kind: "waiting", tracks, units: [], bytes: 0, opening: false };
        return this.#openWhenReady();
      case "running":
        return this.#rebind(state.stream, state.tracks, tracks);
      case "ended":
        return;
    }
  }

  /** A program that changed goes on when its tracks are still of the same kinds in the same order. */
  #rebind(
    stream: Stream,
    old: ReadonlyMap<DemuxerTrack, MpegtsTrack>,
    tracks: readonly DemuxerTrack[],
  ): void {
    const present = [...old.values()];
    const same = tracks.length === present.length &&
      tracks.every(({ codec }, i) => present[i].accepts(codec));
    if (!same) {
      const names = tracks.map(({ codec }) => codec.name).join(", ");
      return this.#fail(new UserError(`the program has changed: its tracks are now ${names}`));
    }
    const next = new Map<DemuxerTrack, MpegtsTrack>();
    tracks.forEach((track, i) => {
      next.set(track, present[i]);
      // Parameters of video are in band; what the track knows of them is newer.
      if (!old.has(track) && !isVideo(track.codec)) present[i].change(track.codec);
    });
    this.#state = { kind: "running", stream, tracks: next };
  }

  #change(track: DemuxerTrack, codec: Codec): void {
    if (this.#state.kind !== "running") return;
    const target = this.#state.tracks.get(track);
    if (target === undefined) return;
    if (target.accepts(codec)) target.change(codec);
    else this.#fail(new UserError(`track ${track.number} changes to other parameters (${codec.name})`));
  }

  #unit(event: UnitEvent): void {
    const state = this.#state;
    if (state.kind === "running") return this.#deliver(state.tracks, event);
    if (state.kind !== "waiting") return;
    event.track.codec = learnCodec(event.track.codec, event.payload);
    let size = 0;
    for (const part of event.payload) size += part.length;
    if (state.units.length >= maxWaitingUnits || state.bytes + size > maxWaitingBytes) {
      return this.#errors.report(this.#now, "a unit came before the stream could be opened");
    }
    state.units.push(event);
    state.bytes += size;
    this.#openWhenReady();
  }

  #openWhenReady(): void {
    const state = this.#state;
    if (state.kind !== "waiting" || state.opening) return;
    const { tracks, units, bytes } = state;
    const last = units.at(-1);
    // The clocks of two tracks may be far apart.
    const first = units.find(({ track }) => track === last?.track);
    const waited = last !== undefined && first !== undefined ? Math.abs(last.dts - first.dts) : 0;
    const enough = units.length >= maxWaitingUnits || bytes >= maxWaitingBytes / 2 ||
      waited >= maxWaitingTicks;
    if (!enough && !tracks.every(({ codec }) => parametersKnown(codec))) return;
    state.opening = true;
    this.#options.open(tracks.map(({ codec }) => mediaOf(codec))).then(
      (stream) => this.#run(stream),
      (error) => this.#fail(error),
    );
  }

  #run(stream: Stream): void {
    const state = this.#state;
    if (state.kind !== "waiting") return;
    const tracks = new Map<DemuxerTrack, MpegtsTrack>();
    state.tracks.forEach((track, i) => tracks.set(track, new MpegtsTrack(stream.tracks[i])));
    this.#state = { kind: "running", stream, tracks };
    for (const event of state.units) this.#deliver(tracks, event);
    this.#flush();
  }

  #deliver(tracks: ReadonlyMap<DemuxerTrack, MpegtsTrack>, event: UnitEvent): void {
    const track = tracks.get(event.track);
    if (track === undefined) return;
    const offset = this.#timeLine.offset(track, event.dts);
    const unit = track.unit(event.payload, event.pts - offset, this.#now);
    if (unit !== null) this.#out.push(unit);
  }
}
