import { hasPassed } from "../../../../base/time.ts";
import type { RtpPacket } from "../../../../rtp/packet.ts";
import { payloadFormat } from "../../../../rtp/payload/formats.ts";
import { RtpIngest } from "../../../../stream/rtp_ingest.ts";
import type { NtpEstimator, StreamClock } from "../../../../stream/timestamps.ts";
import type { Track } from "../../../../stream/track.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { NegotiatedCodec, NegotiatedMedia } from "../../contracts.ts";
import { Encoding } from "./encoding.ts";
import { LayerSwitch, layerTimeoutMs } from "./layer_switch.ts";
import { TrackClock } from "./publisher_clock.ts";

/** Packets that wait for the path to take the publisher in. */
export const maxBacklog = 2048;
/** Names of layers that one section may bring. */
export const maxLayers = 8;

const nothing = () => {};

export interface AttachOptions {
  readonly track: Track;
  readonly clock: StreamClock;
  /** `createPublisherClock`. */
  readonly publisherClock: NtpEstimator;
  readonly units: Unit[];
  readonly useAbsoluteTimestamp: boolean;
  readonly onMissingTime: () => void;
  readonly onRemux: (reason: string) => void;
}

/** One audio or video section that a publisher fills, on the way to units of one track. */
export class Section {
  /** Of the first packet; publishers do not change it. */
  codec: NegotiatedCodec | null = null;
  readonly #encodings = new Map<string, Encoding>();
  #switch: LayerSwitch | null = null;
  #ingest: RtpIngest | null = null;
  /** Set when the path has been told the tracks, without this one. */
  #onLate: (() => void) | null = null;
  #backlog: { readonly packet: RtpPacket; readonly at: number }[] = [];
  readonly #out: RtpPacket[] = [];
  #now = 0;

  constructor(readonly media: NegotiatedMedia, private readonly localSsrc: number) {}

  /**
   * Best layer first: some publishers name their best one first, others last, so the bitrate decides, and the order of
   * the description among equals. The one in use has a lead, so that it is not left for little.
   */
  get encodings(): readonly Encoding[] {
    const all = [...this.#encodings.values()];
    const { rids } = this.media;
    const level = (encoding: Encoding) => encoding.rateLevel + Number(encoding === this.current);
    return rids.length < 2
      ? all
      : all.sort((a, b) => level(b) - level(a) || rids.indexOf(a.rid) - rids.indexOf(b.rid));
  }

  /** False for layers that nobody gets and nobody waits for: what they lose is of no importance. */
  isWanted(encoding: Encoding): boolean {
    return !this.simulcast || encoding === this.current || encoding === this.keyFrameSource;
  }

  get simulcast(): boolean {
    return this.media.rids.length > 1;
  }

  get isVideo(): boolean {
    return this.media.kind === "video";
  }

  /** Where a request for a key frame goes: to the layer in use, or to the one that is waited for. */
  get keyFrameSource(): Encoding | null {
    return this.#switch?.target ?? this.#switch?.current ?? this.encodings.at(0) ?? null;
  }

  get current(): Encoding | null {
    return this.#switch?.current ?? null;
  }

  codecOf(payloadType: number): NegotiatedCodec | null {
    return this.media.codecs.find((codec) => codec.payloadType === payloadType) ?? null;
  }

  codecOfRtx(payloadType: number): NegotiatedCodec | null {
    return this.media.codecs.find((codec) => codec.rtxPayloadType === payloadType) ?? null;
  }

  /** Null when there are too many, or when it was not announced. */
  encoding(rid: string): Encoding | null {
    const found = this.#encodings.get(rid);
    if (found !== undefined) return found;
    const { rids, codecs } = this.media;
    if (rids.length > 0 && rid !== "" && !rids.includes(rid)) return null;
    if (this.#encodings.size >= maxLayers) return null;
    const encoding = new Encoding(rid, this.localSsrc, this.codec ?? codecs[0]);
    this.#encodings.set(rid, encoding);
    return encoding;
  }

  /** Nothing has come in time: what comes now is ignored, and told once. */
  leaveOut(onLate: () => void): void {
    this.#onLate = onLate;
  }

  /** A packet of one layer, plain. False when its payload type is not the one of this section. */
  receive(encoding: Encoding, packet: RtpPacket, now: number, repeated: boolean): boolean {
    const codec = this.codecOf(packet.payloadType);
    if (codec === null) return false;
    if (this.#onLate !== null) {
      this.#onLate();
      this.#onLate = nothing;
      return true;
    }
    if (this.codec === null) {
      this.codec = codec;
      for (const each of this.#encodings.values()) each.adopt(codec);
    }
    if (codec.codec.name !== this.codec.codec.name) return false;
    if (hasPassed(layerTimeoutMs, encoding.lastPacketAt, now)) encoding.resume(now);
    const due = encoding.push(packet, now, repeated);
    const output = this.#switch ??= this.#createSwitch(this.codec, packet.ssrc);
    if (this.simulcast && output.current === null && output.target === null) {
      output.choose(this.encodings, now);
    }
    this.#out.length = 0;
    for (const each of due) {
      if (this.simulcast) output.push(encoding, each, now, this.#out);
      else output.pushOnly(encoding, each, now, this.#out);
    }
    for (const each of this.#out) this.#forward(each, now);
    return true;
  }

  #createSwitch({ codec, clockRate, payloadType }: NegotiatedCodec, ssrc: number): LayerSwitch {
    const format = payloadFormat(codec);
    return new LayerSwitch({
      clockRate,
      payloadType,
      ssrc,
      endsUnit: (packet) => format.endsUnit(packet),
      isRandomAccess: (packets) => format.isRandomAccess?.(packets) ?? true,
    });
  }

  #forward(packet: RtpPacket, now: number): void {
    this.#now = now;
    if (this.#ingest !== null) return this.#ingest.push(packet, now);
    // What is left could not be decoded without its beginning: the publisher will be asked for a key frame.
    if (this.#backlog.length >= maxBacklog) this.#backlog = [];
    this.#backlog.push({ packet, at: now });
  }

  /** Choice of the layer; to be called now and then. True when the publisher must be asked for a key frame of another. */
  chooseLayer(now: number): boolean {
    if (!this.simulcast || this.#switch === null) return false;
    this.#switch.choose(this.encodings, now);
    // At the start the first key frame is on its way, and watched for otherwise.
    return this.#switch.target !== null && this.#switch.current !== null;
  }

  /** The path has taken the publisher in: what has waited, and what comes, becomes units. */
  attach(options: AttachOptions): void {
    const { track, clock, units, useAbsoluteTimestamp } = options;
    const times = new TrackClock(track.clockRate, options.publisherClock);
    const reported = (timestamp: number) => {
      const output = this.#switch;
      return output?.current?.stats.ntpAt(timestamp - output.timestampOffset >>> 0) ?? null;
    };
    this.#ingest = new RtpIngest({
      track,
      clock,
      out: units,
      onRemux: options.onRemux,
      absoluteTime: useAbsoluteTimestamp
        ? reported
        : (timestamp) => times.ntp(timestamp, reported(timestamp), this.#now),
      onMissingAbsoluteTime: options.onMissingTime,
    });
    for (const { packet, at } of this.#backlog) {
      this.#now = at;
      this.#ingest.push(packet, at);
    }
    this.#backlog = [];
  }
}
