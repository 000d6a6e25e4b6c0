import { errorText, UserError } from "../../../../base/errors.ts";
import type { Logger } from "../../../../base/logger.ts";
import type { Fanout } from "../../../../stream/fanout.ts";
import type { Stream } from "../../../../stream/stream.ts";
import type { Unit } from "../../../../stream/unit.ts";
import { chooseTracks, sentCodec } from "../choose_tracks.ts";
import { type ReaderHost, type ReaderOptions, WebrtcReader } from "./reader.ts";
import { TrackSender } from "./track_sender.ts";

/** Key of `Stream.fanout`. */
export const webrtcFanoutKey = "webrtc";

const bFramesDropped =
  "the stream has B-frames, which browsers cannot show: those that no other picture needs are left out for WebRTC " +
  "readers. Encode without them for a smooth picture (x264: bframes=0, or tune zerolatency)";
const bFramesNeeded =
  "the stream has B-frames that other pictures refer to, which browsers cannot show: encode without them " +
  "(x264: bframes=0, or tune zerolatency)";

/**
 * All WebRTC readers of one stream. A unit becomes packets once, in a numbering that all readers share; what differs for
 * each is written while its copy is encrypted.
 */
export class WebrtcFanout implements Fanout {
  /** Names the source of all tracks: players keep tracks with the same name in step. */
  readonly cname: string = crypto.randomUUID();
  readonly #readers = new Set<WebrtcReader>();
  /** By track id. */
  readonly #senders = new Map<number, TrackSender>();
  readonly #host: ReaderHost;
  readonly #dataId: number | null;
  #warned = false;

  constructor(private readonly stream: Stream, private readonly logger: Logger) {
    this.#host = {
      cname: this.cname,
      trackSender: (id) => this.trackSender(id),
      requestKeyFrame: (now) => void stream.requestKeyFrame(now),
      remove: (reader) => this.#remove(reader),
    };
    this.#dataId = chooseTracks(stream.tracks).data?.id ?? null;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** SSRCs for the description. Throws UserError when browsers have no codec for the track. */
  trackSender(trackId: number): TrackSender {
    let sender = this.#senders.get(trackId);
    if (sender === undefined) {
      const track = this.stream.tracks.at(trackId);
      const sent = track === undefined ? null : sentCodec(track.codec);
      if (track === undefined || sent === null) {
        throw new UserError(
          `track ${trackId + 1} (${track?.codec.name ?? "none"}) cannot be read with WebRTC`,
        );
      }
      this.#senders.set(trackId, sender = new TrackSender(track, sent));
    }
    return sender;
  }

  /**
   * A reader whose connection is there. It gets the current group of pictures at once if the stream keeps it; else the
   * publisher is asked for a key frame.
   */
  addReader(options: ReaderOptions, now: number): WebrtcReader {
    const reader = new WebrtcReader(this.#host, options);
    this.#readers.add(reader);
    reader.start(this.stream.cachedUnits, now);
    return reader;
  }

  #remove(reader: WebrtcReader): void {
    this.#readers.delete(reader);
    // Without readers old packets would only take memory.
    if (this.#readers.size === 0) this.close();
  }

  write(units: readonly Unit[], now: number): void {
    for (const unit of units) {
      if (unit.track.id === this.#dataId) this.#writeData(unit);
      else this.#writeUnit(unit, now);
    }
  }

  #writeUnit(unit: Unit, now: number): void {
    const sender = this.#senders.get(unit.track.id);
    if (sender === undefined) return;
    if (this.#readers.size === 0) {
      sender.skip(unit);
      return;
    }
    const order = sender.look(unit);
    if (order !== "in order") {
      sender.skip(unit);
      return this.#leaveOut(unit, order === "needed");
    }
    const live = sender.packetsOf(unit, now);
    if (live === null) return;
    let bytes = 0;
    let frames = 0;
    for (const reader of this.#readers) {
      try {
        const sent = reader.push(live);
        bytes += sent;
        if (sent > 0) frames++;
      } catch (error) {
        reader.fail(`sending failed: ${errorText(error)}`);
      }
    }
    if (frames > 0) this.stream.countOutbound(bytes, frames);
  }

  #leaveOut(unit: Unit, needed: boolean): void {
    if (!this.#warned) this.logger.warn(needed ? bFramesNeeded : bFramesDropped);
    this.#warned = true;
    for (const reader of [...this.#readers]) {
      reader.leaveOut(unit);
      if (needed && reader.has(unit.track.id)) reader.fail(bFramesNeeded);
    }
  }

  #writeData(unit: Unit): void {
    for (const reader of this.#readers) {
      if (!reader.wantsData) continue;
      for (const bytes of unit.payload ?? []) reader.pushData(bytes);
    }
  }

  /** The stream has ended; sessions close their readers. Packets of the past are forgotten. */
  close(): void {
    for (const sender of this.#senders.values()) sender.history.clear();
  }
}
