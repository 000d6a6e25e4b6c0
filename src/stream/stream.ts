import type { Logger } from "../base/logger.ts";
import { errorsLine, RateLimitedReport } from "../base/rate_limited.ts";
import type { RtpMedia } from "../rtp/format.ts";
import { payloadFormat } from "../rtp/payload/formats.ts";
import type { Fanout } from "./fanout.ts";
import { GopCache } from "./gop_cache.ts";
import { type KeyFrameHandler, KeyFrameRequests } from "./key_frame_requests.ts";
import { type Track, tracksFromMedias } from "./track.ts";
import type { Unit } from "./unit.ts";

export interface StreamOptions {
  readonly medias: readonly RtpMedia[];
  readonly logger: Logger;
  /** Keep the current group of pictures for readers that start at a key frame. */
  readonly gopCache: boolean;
  /** The largest RTP payload, in bytes, of packets made here. */
  readonly maxRtpPayload: number;
}

export interface StreamStats {
  readonly inboundBytes: number;
  readonly inboundFrames: number;
  readonly inboundFramesInError: number;
  readonly outboundBytes: number;
  readonly outboundFrames: number;
}

/**
 * What a path carries now: tracks, and the units that flow through them. A publisher writes, fanouts read. It knows
 * neither sockets nor clocks: `now` (milliseconds since 1970) comes with each batch.
 */
export class Stream {
  readonly tracks: readonly Track[];
  readonly #gop: GopCache | null;
  readonly #fanouts = new Map<string, Fanout>();
  readonly #errors: RateLimitedReport;
  readonly #keyFrames = new KeyFrameRequests();
  #now = 0;
  #closed = false;
  #inboundBytes = 0;
  #inboundFrames = 0;
  #inboundFramesInError = 0;
  #outboundBytes = 0;
  #outboundFrames = 0;

  constructor(options: StreamOptions) {
    this.tracks = tracksFromMedias(options.medias, options.maxRtpPayload);
    this.#gop = options.gopCache && this.tracks.some((track) => track.isVideo) ? new GopCache() : null;
    this.#errors = new RateLimitedReport(options.logger, errorsLine("processing error"));
    for (const track of this.tracks) track.reportError = (text) => this.#reportError(text);
  }

  /** Units that arrived together, in the order in which readers shall get them. */
  write(units: readonly Unit[], now: number): void {
    this.#now = now;
    for (const unit of units) {
      this.#inboundFrames++;
      const { size } = unit;
      this.#inboundBytes += size;
      this.#updateCodec(unit);
      unit.track.flow.add(unit, size);
      this.#gop?.push(unit, now);
      if (this.#keyFrames.pending && unit.repairs) this.#keyFrames.served();
    }
    this.#keyFrames.tick(now);
    for (const fanout of this.#fanouts.values()) fanout.write(units, now);
  }

  /** New parameter sets inside the stream change the track for everyone who asks from now on. */
  #updateCodec(unit: Unit): void {
    const track = unit.track;
    const format = payloadFormat(track.codec);
    if (unit.hasPackets && format.updateCodecFromPackets !== undefined) {
      track.codec = format.updateCodecFromPackets(unit.packets, track.codec);
    } else if (format.updateCodec !== undefined) {
      const payload = unit.payload;
      if (payload !== null) track.codec = format.updateCodec(payload, track.codec);
    }
  }

  /**
   * The fanout of this wire form, made on first use and kept until the stream ends.
   * `key` names the room and whatever makes the bytes differ.
   */
  fanout<F extends Fanout>(key: string, create: () => F): F {
    let fanout = this.#fanouts.get(key);
    if (fanout === undefined) {
      fanout = create();
      // Who has waited for the stream may come just behind its end.
      if (this.#closed) fanout.close();
      else this.#fanouts.set(key, fanout);
    }
    return fanout as F;
  }

  /** It has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Units from the last random access point on; empty when nothing is cached. */
  get cachedUnits(): readonly Unit[] {
    return this.#gop?.units ?? [];
  }

  /** Wire forms that somebody has read. */
  get fanoutKeys(): readonly string[] {
    return [...this.#fanouts.keys()];
  }

  /** Only publishers that can reach their encoder do this. Returns the undo. */
  onKeyFrameRequest(handler: KeyFrameHandler): () => void {
    return this.#keyFrames.serve(handler);
  }

  /**
   * A reader cannot go on without a key frame. However many ask, the publisher is asked once in 300 ms. False when it
   * cannot be asked: the next key frame comes when it comes.
   */
  requestKeyFrame(now: number): boolean {
    return this.#keyFrames.request(now);
  }

  /** Fanouts tell what they have sent, once per batch and all readers together. */
  countOutbound(bytes: number, frames: number): void {
    this.#outboundBytes += bytes;
    this.#outboundFrames += frames;
  }

  get stats(): StreamStats {
    return {
      inboundBytes: this.#inboundBytes,
      inboundFrames: this.#inboundFrames,
      inboundFramesInError: this.#inboundFramesInError,
      outboundBytes: this.#outboundBytes,
      outboundFrames: this.#outboundFrames,
    };
  }

  /** No more units will come: forgets what is cached. Readers are closed by the path. */
  close(): void {
    this.#closed = true;
    this.#gop?.clear();
    for (const fanout of this.#fanouts.values()) fanout.close();
    this.#fanouts.clear();
    this.#errors.flush(this.#now);
  }

  #reportError(text: string): void {
    this.#inboundFramesInError++;
    this.#errors.report(this.#now, text);
  }
}
