/** MPEG-4 audio in the generic format (RFC 3640 §3.2, modes AAC-lbr and AAC-hbr §3.3.5, §3.3.6). */
import { BitReader, BitWriter } from "../../base/bits.ts";
import { concat } from "../../base/bytes.ts";
import { errorText, ParseError } from "../../base/errors.ts";
import { rescale } from "../../base/time.ts";
import type { Mpeg4AudioCodec } from "../../codecs/codec.ts";
import { isAdtsSync, splitAdts } from "../../codecs/mpeg4audio/adts.ts";
import { accessUnitSamples, outputSampleRate } from "../../codecs/mpeg4audio/audio_specific_config.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { ErrorList } from "./error_list.ts";
import { cutBytes, groupFrames } from "./fragmented.ts";
import type { DepacketizeResult, PayloadFormat } from "./payload.ts";

interface AccessUnits {
  readonly sizes: readonly number[];
  readonly data: Uint8Array;
}

/** AU Header Section (RFC 3640 §3.2.1). Throws ParseError. */
function readAuHeaders(payload: Uint8Array, codec: Mpeg4AudioCodec): AccessUnits {
  // Without any header field the section is absent (§3.2.1) and the packet is one access unit or a piece of it.
  if (codec.sizeLength === 0 && payload.length > 0) return { sizes: [payload.length], data: payload };
  if (payload.length < 2) throw new ParseError("AU-headers-length", "is cut off", 0);
  const bits = payload[0] << 8 | payload[1];
  const start = 2 + (bits + 7 >> 3);
  if (bits === 0 || start > payload.length) throw new ParseError("AU-headers-length", `is ${bits} bits`, 0);
  const reader = new BitReader(payload.subarray(2, start));
  const sizes: number[] = [];
  while (reader.offset < bits) {
    const size = reader.bits(codec.sizeLength, "AU-size");
    const index = reader.bits(sizes.length === 0 ? codec.indexLength : codec.indexDeltaLength, "AU-Index");
    if (index !== 0) throw new ParseError("AU-Index", "interleaving is not supported", 2);
    if (size === 0) throw new ParseError("AU-size", "is 0", 2);
    sizes.push(size);
  }
  return { sizes, data: payload.subarray(start) };
}

/** An access unit of which not all packets have been seen. */
interface Partial {
  readonly parts: Uint8Array[];
  size: number;
  /** Bytes of the whole; null where the sender gives the size of each fragment instead (see `Joiner`). */
  readonly whole: number | null;
  lastSequence: number;
}

/**
 * Puts access units together. RFC 3640 §3.2.1.1 says that a fragment's AU-size is that of the whole access unit;
 * gortsplib and its users (MediaMTX) write the size of the fragment, then only the marker tells the end.
 */
class Joiner {
  readonly accessUnits: Uint8Array[] = [];
  readonly errors = new ErrorList();
  #partial: Partial | null = null;

  add(packet: RtpPacket, { sizes, data }: AccessUnits): void {
    const partial = this.#partial;
    if (partial !== null) {
      const follows = packet.sequence === (partial.lastSequence + 1 & 0xffff);
      if (follows && sizes.length === 1) {
        this.#continue(partial, packet, data.subarray(0, partial.whole === null ? sizes[0] : data.length));
        return;
      }
      this.#drop();
    }
    if (sizes.length === 1) this.#single(packet, sizes[0], data);
    else this.#several(sizes, data);
  }

  #continue(partial: Partial, packet: RtpPacket, part: Uint8Array): void {
    partial.lastSequence = packet.sequence;
    partial.parts.push(part);
    partial.size += part.length;
    if (partial.whole === null ? packet.marker : partial.size >= partial.whole) {
      this.accessUnits.push(concat(partial.parts).subarray(0, partial.whole ?? partial.size));
      this.#partial = null;
    } else if (packet.marker) {
      this.#drop();
    }
  }

  #single(packet: RtpPacket, size: number, data: Uint8Array): void {
    if (size <= data.length && packet.marker) {
      this.accessUnits.push(data.subarray(0, size));
    } else if (packet.marker) {
      this.errors.add("access unit is incomplete");
    } else {
      this.#partial = {
        parts: [data.subarray(0, size)],
        size: Math.min(size, data.length),
        whole: size > data.length ? size : null,
        lastSequence: packet.sequence,
      };
    }
  }

  #several(sizes: readonly number[], data: Uint8Array): void {
    let at = 0;
    for (const size of sizes) {
      if (at + size > data.length) {
        this.errors.add("access unit runs over its packet");
        return;
      }
      this.accessUnits.push(data.subarray(at, at + size));
      at += size;
    }
  }

  #drop(): void {
    this.errors.add("access unit is incomplete");
    this.#partial = null;
  }

  finish(): void {
    const partial = this.#partial;
    if (partial === null) return;
    // Some senders never set the marker: one packet that holds what its AU-size says is an access unit.
    if (partial.whole === null && partial.parts.length === 1) this.accessUnits.push(partial.parts[0]);
    else this.#drop();
    this.#partial = null;
  }
}

/**
 * Some cameras put ADTS frames where raw access units belong. No raw access unit starts with that syncword: its
 * first element would be the end.
 */
function withoutAdts(units: Uint8Array[]): Uint8Array[] {
  if (!units.some((unit) => isAdtsSync(unit))) return units;
  return units.flatMap((unit) => {
    try {
      return isAdtsSync(unit) ? splitAdts(unit).accessUnits : [unit];
    } catch (error) {
      if (error instanceof ParseError) return [unit];
      throw error;
    }
  });
}

/** ADTS frames without AU headers; null when the packet is something else. */
function adtsAlone(payload: Uint8Array): Uint8Array[] | null {
  if (!isAdtsSync(payload)) return null;
  try {
    return splitAdts(payload).accessUnits;
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}

function depacketize(packets: readonly RtpPacket[], codec: Mpeg4AudioCodec): DepacketizeResult {
  const joiner = new Joiner();
  for (const packet of packets) {
    const alone = adtsAlone(packet.payload);
    if (alone !== null) {
      joiner.accessUnits.push(...alone);
      continue;
    }
    try {
      joiner.add(packet, readAuHeaders(packet.payload, codec));
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      joiner.errors.add(errorText(error));
    }
  }
  joiner.finish();
  const { accessUnits, errors } = joiner;
  return { payload: accessUnits.length === 0 ? null : withoutAdts(accessUnits), errors: errors.list };
}

function headerBits(codec: Mpeg4AudioCodec, count: number): number {
  return codec.sizeLength * count + codec.indexLength + codec.indexDeltaLength * (count - 1);
}

function auHeaders(codec: Mpeg4AudioCodec, sizes: readonly number[]): Uint8Array {
  if (codec.sizeLength === 0) return new Uint8Array(0);
  const writer = new BitWriter().bits(16, headerBits(codec, sizes.length));
  sizes.forEach((size, i) =>
    writer.bits(codec.sizeLength, size).bits(i === 0 ? codec.indexLength : codec.indexDeltaLength, 0)
  );
  return writer.finish();
}

/** Access units that AU-size cannot express (AAC-lbr: above 63 bytes) cannot be sent and are left out. */
function packetize(
  payload: readonly Uint8Array[],
  codec: Mpeg4AudioCodec,
  maxPayload: number,
  clockRate?: number,
): RtpFragment[] {
  const limit = codec.sizeLength === 0 ? Infinity : 2 ** codec.sizeLength;
  const frames = payload
    .map((bytes, i) => ({ bytes, offset: ticks(codec, i, clockRate) }))
    .filter(({ bytes }) => bytes.length > 0 && bytes.length < limit);
  const sizeOf = (count: number, bytes: number): number =>
    codec.sizeLength === 0 ? (count > 1 ? Infinity : bytes) : 2 + (headerBits(codec, count) + 7 >> 3) + bytes;
  const fragments: RtpFragment[] = [];
  for (const group of groupFrames(frames, maxPayload, sizeOf)) {
    const { bytes, offset } = group[0];
    const timestampOffset = offset;
    if (group.length > 1 || sizeOf(1, bytes.length) <= maxPayload) {
      const parts = group.map((frame) => frame.bytes);
      const header = auHeaders(codec, parts.map((part) => part.length));
      fragments.push({ parts: [header, ...parts], marker: true, timestampOffset });
      continue;
    }
    const header = auHeaders(codec, [bytes.length]);
    const pieces = cutBytes(bytes, maxPayload - header.length);
    pieces.forEach((piece, i) =>
      fragments.push({ parts: [header, piece], marker: i === pieces.length - 1, timestampOffset })
    );
  }
  return fragments;
}

function ticks(codec: Mpeg4AudioCodec, count: number, clockRate = outputSampleRate(codec.config)): number {
  return rescale(count * accessUnitSamples(codec.config), codec.config.sampleRate, clockRate);
}

export const mpeg4AudioFormat: PayloadFormat<Mpeg4AudioCodec> = {
  endsUnit: (packet) => packet.marker,
  depacketize,
  packetize,
  duration: (payload, codec, clockRate) => ticks(codec, payload.length, clockRate),
};
