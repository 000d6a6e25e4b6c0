/** Units in the form of `codecs/codec.ts` → the bytes of an elementary stream, as pieces that are not copied. */
import { ParseError } from "../../../base/errors.ts";
import type { Codec, LatmCodec } from "../../../codecs/codec.ts";
import * as h264 from "../../../codecs/h264/nal.ts";
import * as h265 from "../../../codecs/h265/nal.ts";
import { parseAudioMuxElement, serializeAudioMuxElement } from "../../../codecs/latm/audio_mux_element.ts";
import { parseStreamMuxConfig } from "../../../codecs/latm/stream_mux_config.ts";
import { serializeAdtsHeader } from "../../../codecs/mpeg4audio/adts.ts";
import { configSize } from "../../../codecs/mpeg4video/start_codes.ts";
import { serializeAudioSyncHeader } from "../wire/audio_sync_stream.ts";
import { serializeMetadataCellHeader } from "../wire/metadata_cell.ts";
import { serializeOpusControlHeader } from "../wire/opus_control_header.ts";
import type { KlvMode } from "./entry.ts";

const startCode = Uint8Array.of(0, 0, 0, 1);
/** primary_pic_type 7: any slices. Apple's players want the delimiter. */
const h264Delimiter = Uint8Array.of(0, 0, 0, 1, 9, 0xf0);
/** pic_type 2: any slices. */
const h265Delimiter = Uint8Array.of(0, 0, 0, 1, 0x46, 1, 0x50);

type Parts = readonly Uint8Array[];

/** `parameters` are those that the access unit has to have when decoding starts with it. */
function annexB(delimiter: Uint8Array, parameters: Parts, units: Parts): Uint8Array[] {
  const parts = [delimiter];
  for (const unit of parameters) parts.push(startCode, unit);
  for (const unit of units) parts.push(startCode, unit);
  return parts;
}

/** Parameter sets from the description, of the types that the access unit does not bring along. */
function missing(
  known: readonly (Uint8Array | undefined)[],
  units: Parts,
  type: (unit: Uint8Array) => number,
) {
  const present = new Set(units.map(type));
  return known.filter((unit) => unit !== undefined).filter((unit) => !present.has(type(unit)));
}

/** With the config in every element: readers come at any time. */
function latmElement(element: Uint8Array, codec: LatmCodec): Uint8Array {
  if (codec.configInBand) return element;
  if (codec.streamMuxConfig === undefined) throw new ParseError("StreamMuxConfig", "is not known");
  const known = parseStreamMuxConfig(codec.streamMuxConfig);
  if (known.layers.length !== 1 || known.layers[0].frame.type !== 0) {
    throw new ParseError("StreamMuxConfig", "has several layers or a fixed frame length: not supported");
  }
  // What follows the access units is left out: it is not meant for decoders of the audio.
  const { otherDataBits: _bits, crc: _crc, ...config } = known;
  const parsed = parseAudioMuxElement(element, false, known);
  return serializeAudioMuxElement(parsed?.accessUnits ?? [], config, true);
}

/**
 * Throws ParseError when the form for transport streams cannot express the unit. `randomAccess`: parameters that the
 * decoder needs are put in front when they are known and not there.
 */
export function encodeUnit(codec: Codec, payload: Parts, randomAccess: boolean, klvMode: KlvMode): Parts {
  switch (codec.name) {
    case "H264": {
      const sets = randomAccess ? missing([codec.sps, codec.pps], payload, h264.nalType) : [];
      return annexB(h264Delimiter, sets, payload);
    }
    case "H265": {
      const sets = randomAccess ? missing([codec.vps, codec.sps, codec.pps], payload, h265.nalType) : [];
      return annexB(h265Delimiter, sets, payload);
    }
    case "MPEG-4 Video":
      return randomAccess && codec.config !== undefined && configSize(payload[0]) === 0
        ? [codec.config, ...payload]
        : payload;
    case "MPEG-1/2 Video":
    case "MPEG-1/2 Audio":
    case "AC3":
      return payload;
    case "MPEG-4 Audio":
      return payload.flatMap((unit) => [serializeAdtsHeader(codec.config, unit.length), unit]);
    case "MPEG-4 Audio LATM":
      return payload.flatMap((unit) => {
        const element = latmElement(unit, codec);
        return [serializeAudioSyncHeader(element.length), element];
      });
    case "Opus":
      return payload.flatMap((packet) => [serializeOpusControlHeader(packet.length), packet]);
    case "KLV":
      if (klvMode === "asynchronous") return payload;
      return payload.flatMap((unit) => [serializeMetadataCellHeader(unit.length), unit]);
    default:
      throw new ParseError("codec", `${codec.name} has no place in MPEG-TS`);
  }
}
