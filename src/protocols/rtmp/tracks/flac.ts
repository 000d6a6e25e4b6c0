/**
 * FLAC's parameters between Enhanced RTMP (the start of a FLAC file: "fLaC", metadata blocks) and a track, which keeps
 * the STREAMINFO block in its fmtp: RTP has no description of FLAC of its own.
 */
import { concat } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import type { GenericCodec } from "../../../codecs/codec.ts";
import { flacStreamInfoSize, parseFlacStreamInfo } from "../../../codecs/flac/stream_info.ts";

const marker = Uint8Array.of(0x66, 0x4c, 0x61, 0x43);
const blockHeaderSize = 4;
const fmtpKey = "streaminfo=";

/** The STREAMINFO block, copied. Throws ParseError. */
export function flacInfoOfHeader(data: Uint8Array): Uint8Array {
  const at = marker.every((byte, i) => data[i] === byte) ? marker.length : 0;
  // The first block must be STREAMINFO (RFC 9639 §8); its size is fixed.
  const type = data[at] & 0x7f;
  const from = at + blockHeaderSize;
  if (type !== 0 || data.length < from + flacStreamInfoSize) {
    throw new ParseError("FLAC header", "has no STREAMINFO", at);
  }
  return data.slice(from, from + flacStreamInfoSize);
}

/** Throws ParseError. */
export function flacCodec(info: Uint8Array): GenericCodec {
  const { sampleRate, channelCount } = parseFlacStreamInfo(info);
  const text = Array.from(info, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { name: "FLAC", rtpmap: `FLAC/${sampleRate}/${channelCount}`, fmtp: `${fmtpKey}${text}` };
}

/** The sequence start of a track; null when its parameters are not known. */
export function flacHeader(codec: GenericCodec): Uint8Array | null {
  const match = /(?:^|;)\s*streaminfo=([0-9a-f]{68})/i.exec(codec.fmtp);
  if (match === null) return null;
  const info = Uint8Array.from(
    { length: flacStreamInfoSize },
    (_, i) => parseInt(match[1].slice(2 * i, 2 * i + 2), 16),
  );
  const lastBlock = 0x80;
  return concat([marker, Uint8Array.of(lastBlock, 0, 0, flacStreamInfoSize), info]);
}
