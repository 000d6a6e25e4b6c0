/** AudioMuxElement (ISO/IEC 14496-3 §1.7.3.1, tables 1.41, 1.44, 1.45): the access units inside a LATM frame. */
import { BitReader, BitWriter } from "../../base/bits.ts";
import { ParseError } from "../../base/errors.ts";
import {
  copyBits,
  readStreamMuxConfig,
  type StreamMuxConfig,
  writeStreamMuxConfig,
} from "./stream_mux_config.ts";

export interface AudioMuxElement {
  /** The config that applied: the one in the element, else the one given. */
  readonly config: StreamMuxConfig;
  /** Access units of the first layer, in time order. */
  readonly accessUnits: Uint8Array[];
  /** Bytes that the element takes, other data and alignment included. */
  readonly size: number;
}

/**
 * `inBand` is muxConfigPresent. `known` is the config from SDP, or the last one seen in band; without any the
 * element cannot be read and the result is null. Throws ParseError.
 */
export function parseAudioMuxElement(
  bytes: Uint8Array,
  inBand: boolean,
  known: StreamMuxConfig | null,
): AudioMuxElement | null {
  const reader = new BitReader(bytes);
  const config = inBand && !reader.flag("useSameStreamMux") ? readStreamMuxConfig(reader) : known;
  if (config === null) return null;
  if (!config.allStreamsSameTimeFraming) {
    throw new ParseError("allStreamsSameTimeFraming", "0 is not supported", reader.offset >>> 3);
  }
  const accessUnits: Uint8Array[] = [];
  for (let subFrame = 0; subFrame < config.subFrameCount; subFrame++) {
    const sizes = config.layers.map((layer) => {
      if (layer.frame.type === 0) return 8 * readPayloadLength(reader);
      if (layer.frame.type === 1) return 8 * (layer.frame.frameLength + 20);
      throw new ParseError("frameLengthType", `${layer.frame.type} is not supported`, reader.offset >>> 3);
    });
    sizes.forEach((bits, layer) => {
      if (bits > reader.remaining) {
        throw new ParseError("payload", `needs ${bits} bits, ${reader.remaining} left`, reader.offset >>> 3);
      }
      if (layer === 0) accessUnits.push(payloadAt(reader, bits));
      reader.skip(bits, "payload");
    });
  }
  const end = reader.offset + (config.otherDataBits ?? 0);
  return { config, accessUnits, size: Math.ceil(end / 8) };
}

/** MuxSlotLengthBytes */
function readPayloadLength(reader: BitReader): number {
  let size = 0;
  for (let part = 255; part === 255; size += part) part = reader.bits(8, "MuxSlotLengthBytes");
  return size;
}

/** A view where the payload is byte-aligned, else a shifted copy. */
function payloadAt(reader: BitReader, bits: number): Uint8Array {
  if ((reader.offset & 7) !== 0) return copyBits(reader.bytes, reader.offset, bits);
  const at = reader.offset >>> 3;
  return reader.bytes.subarray(at, at + (bits >>> 3));
}

/**
 * One element of a single layer with frameLengthType 0; as many access units as `config.subFrameCount` says.
 * With `inBand` the config is written into it.
 */
export function serializeAudioMuxElement(
  accessUnits: readonly Uint8Array[],
  config: StreamMuxConfig,
  inBand: boolean,
): Uint8Array<ArrayBuffer> {
  const writer = new BitWriter();
  if (inBand) {
    writer.flag(false);
    writeStreamMuxConfig(writer, config);
  }
  for (const unit of accessUnits) {
    let left = unit.length;
    for (; left >= 255; left -= 255) writer.bits(8, 255);
    writer.bits(8, left);
    for (const byte of unit) writer.bits(8, byte);
  }
  return writer.finish();
}
