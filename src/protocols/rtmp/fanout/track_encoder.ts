import { bytesEqual } from "../../../base/bytes.ts";
import { rescale } from "../../../base/time.ts";
import { serializeObuStream } from "../../../codecs/av1/obu.ts";
import type { Codec } from "../../../codecs/codec.ts";
import { H264DtsExtractor } from "../../../codecs/h264/dts_extractor.ts";
import { NalType as H264Type, nalType as h264Type } from "../../../codecs/h264/nal.ts";
import { H265DtsExtractor } from "../../../codecs/h265/dts_extractor.ts";
import { isParameterSet, NalType as H265Type, nalType as h265Type } from "../../../codecs/h265/nal.ts";
import { parseAudioMuxElement } from "../../../codecs/latm/audio_mux_element.ts";
import { parseStreamMuxConfig } from "../../../codecs/latm/stream_mux_config.ts";
import { parseMpeg1AudioHeader } from "../../../codecs/mpeg1audio/frame_header.ts";
import { type ExAudioPacket, serializeExAudioTag } from "../../../containers/flv/ex_audio.ts";
import { type ExVideoPacket, serializeExVideoTag } from "../../../containers/flv/ex_video.ts";
import { fourCcs } from "../../../containers/flv/four_cc.ts";
import { serializeLegacyAudioHeader } from "../../../containers/flv/legacy_audio.ts";
import {
  type LegacyVideoPacket,
  serializeLegacyVideoHeader,
  VideoFrameType,
} from "../../../containers/flv/legacy_video.ts";
import { ParseError } from "../../../base/errors.ts";
import { payloadFormat } from "../../../rtp/payload/formats.ts";
import type { Unit } from "../../../stream/unit.ts";
import { swapBytes } from "../ingest_track.ts";
import type { PlannedTrack } from "./plan.ts";
import { needsSequenceHeader, sequenceHeader } from "./sequence_header.ts";

/** A message without its place on the wire. */
export interface TimedBody {
  readonly media: "video" | "audio";
  /** In ms from the start of the stream, maybe negative; for readers, from where they see it begin. */
  time: number;
  /** A sequence header. It is the first of its unit. */
  readonly header: boolean;
  readonly parts: readonly Uint8Array[];
}

/** What 24 bits hold, with their sign. */
const maxCompositionTime = 0x7fffff;
const noData = new Uint8Array(0);

/** Units of one track → bodies of messages. Keeps the decoding order, hence wants every unit once, in order. */
export class TrackEncoder {
  readonly #plan: PlannedTrack;
  /** What the last sequence header was made of. */
  #codec: Codec | null = null;
  #header: Uint8Array | null = null;
  #dts: H264DtsExtractor | H265DtsExtractor | null;

  constructor(plan: PlannedTrack) {
    this.#plan = plan;
    this.#dts = createDtsExtractor(plan);
    this.#updateHeader(null);
  }

  get plan(): PlannedTrack {
    return this.#plan;
  }

  /** For a reader that begins now; null when there is none (yet). */
  header(time: number): TimedBody | null {
    const { media } = this.#plan;
    const header = this.#header;
    return header && { media, time, header: true, parts: [...this.#begin("sequenceStart", true, 0), header] };
  }

  /** Units were left out: begins anew at a key frame. */
  restart(): void {
    this.#dts = createDtsExtractor(this.#plan);
  }

  /** Appends the messages of a unit; a new sequence header in front when the parameters have changed. */
  encode(unit: Unit, out: TimedBody[]): void {
    const { payload } = unit;
    if (payload === null) return;
    const { track, media } = this.#plan;
    const { clockRate } = track;
    let dts = unit.pts;
    if (this.#dts !== null) {
      const result = this.#dts.extract(payload, unit.pts);
      if (result.warning !== null) track.reportError(result.warning);
      if (result.dts === null) return;
      dts = result.dts;
    }
    const time = rescale(dts, clockRate, 1000);
    const key = media === "audio" || unit.randomAccess;
    if (this.#updateHeader(key ? payload : null)) out.push(this.header(time)!);
    if (needsSequenceHeader(track.codec) && this.#header === null) return;
    if (media === "video") {
      const data = videoData(payload, track.codec);
      if (data.length === 0) return;
      // Just after a leap of the publisher's time there may be more of it than fits.
      const compositionTime = Math.min(rescale(unit.pts, clockRate, 1000) - time, maxCompositionTime);
      const begin = this.#begin("codedFrames", key, compositionTime);
      out.push({ media, time, header: false, parts: [...begin, ...data] });
      return;
    }
    this.#encodeAudio(unit.pts, audioFrames(payload, track.codec), out);
  }

  #encodeAudio(pts: number, frames: readonly Uint8Array[], out: TimedBody[]): void {
    const { track } = this.#plan;
    const { codec, clockRate } = track;
    const format = payloadFormat(codec);
    for (const frame of frames) {
      // To the nearest millisecond: that is what most publishers have made of it.
      const time = rescale(pts + clockRate / 2000, clockRate, 1000);
      const data = codec.name === "LPCM" && codec.bitDepth === 16 ? swapBytes(frame) : frame;
      if (codec.name === "MPEG-1/2 Audio" && !isLayer3(frame)) {
        track.reportError("RTMP carries MPEG audio of layer III only");
        continue;
      }
      const parts = [...this.#begin("codedFrames", true, 0), data];
      out.push({ media: "audio", time, header: false, parts });
      if (frames.length > 1) pts += format.duration?.([frame], codec, clockRate) ?? 0;
    }
  }

  /** True when there is a sequence header that nobody has got yet. */
  #updateHeader(keyPayload: readonly Uint8Array[] | null): boolean {
    const known = this.#plan.track.codec;
    if (!needsSequenceHeader(known)) return false;
    // A track knows new parameters as soon as a later unit of the same batch has them: those of the unit itself count.
    const codec = keyPayload === null
      ? known
      : payloadFormat(known).updateCodec?.(keyPayload, known) ?? known;
    const fromFrames = codec.name === "VP9";
    if (codec === this.#codec && this.#header !== null && !fromFrames) return false;
    if (keyPayload === null && (fromFrames || this.#header !== null)) return false;
    const header = sequenceHeader(codec, keyPayload);
    if (header === null || (this.#header !== null && bytesEqual(header, this.#header))) {
      if (header !== null) this.#codec = codec;
      return false;
    }
    this.#codec = codec;
    this.#header = header;
    return true;
  }

  /** The bytes in front of a message's data. */
  #begin(packet: "sequenceStart" | "codedFrames", key: boolean, compositionTime: number): Uint8Array[] {
    const { form, media } = this.#plan;
    const frameType = key ? VideoFrameType.key : VideoFrameType.inter;
    switch (form.kind) {
      case "legacyVideo": {
        const legacy: LegacyVideoPacket = packet;
        return [
          serializeLegacyVideoHeader({ frameType, codecId: form.codecId, packet: legacy, compositionTime }),
        ];
      }
      case "legacyAudio":
        return [serializeLegacyAudioHeader({ ...form, packet })];
      case "enhanced": {
        const multitrack = form.trackId === 0 ? null : "oneTrack";
        const track = { trackId: form.trackId, fourCc: form.fourCc, data: noData };
        if (media === "audio") {
          const audio: ExAudioPacket = packet;
          return [
            serializeExAudioTag({
              form: "enhanced",
              nanoseconds: 0,
              packet: audio,
              multitrack,
              tracks: [track],
            }),
          ];
        }
        // Without reordering three bytes are saved.
        const video: ExVideoPacket =
          packet === "codedFrames" && compositionTime === 0 && reorders(form.fourCc)
            ? "codedFramesX"
            : packet;
        return [
          serializeExVideoTag({
            form: "enhanced",
            frameType,
            nanoseconds: 0,
            packet: video,
            multitrack,
            tracks: [{ ...track, compositionTime }],
          }),
        ];
      }
    }
  }
}

function isLayer3(frame: Uint8Array): boolean {
  try {
    return parseMpeg1AudioHeader(frame)?.layer === 3;
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}

function reorders(fourCc: string): boolean {
  return fourCc === fourCcs.avc || fourCc === fourCcs.hevc;
}

function createDtsExtractor({ track }: PlannedTrack): H264DtsExtractor | H265DtsExtractor | null {
  const { codec, clockRate } = track;
  if (codec.name === "H264") return new H264DtsExtractor(clockRate, codec.sps);
  if (codec.name === "H265") return new H265DtsExtractor(clockRate, codec.sps);
  return null;
}

/** Empty when nothing but parameters is in the unit. */
function videoData(payload: readonly Uint8Array[], codec: Codec): readonly Uint8Array[] {
  switch (codec.name) {
    case "H264":
      return lengthPrefixed(payload, (unit) => {
        const type = h264Type(unit);
        return type === H264Type.sps || type === H264Type.pps || type === H264Type.accessUnitDelimiter;
      });
    case "H265":
      return lengthPrefixed(payload, (unit) => {
        const type = h265Type(unit);
        return isParameterSet(type) || type === H265Type.accessUnitDelimiter;
      });
    case "AV1":
      return [serializeObuStream(payload)];
    default:
      return payload;
  }
}

/** Lengths and NAL units by turns: the units themselves are copied only into the chunks. */
function lengthPrefixed(units: readonly Uint8Array[], leftOut: (unit: Uint8Array) => boolean): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const unit of units) {
    if (unit.length === 0 || leftOut(unit)) continue;
    const size = unit.length;
    parts.push(Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size), unit);
  }
  return parts;
}

function audioFrames(payload: readonly Uint8Array[], codec: Codec): readonly Uint8Array[] {
  if (codec.name !== "MPEG-4 Audio LATM") return payload;
  const frames: Uint8Array[] = [];
  for (const element of payload) {
    try {
      const known = codec.streamMuxConfig === undefined ? null : parseStreamMuxConfig(codec.streamMuxConfig);
      const parsed = parseAudioMuxElement(element, codec.configInBand, known);
      if (parsed !== null) frames.push(...parsed.accessUnits);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
    }
  }
  return frames;
}
