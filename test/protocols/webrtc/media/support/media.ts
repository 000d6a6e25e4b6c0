import type { Codec } from "../../../../../src/codecs/codec.ts";
import { concat } from "../../../../../src/base/bytes.ts";
import type { PacketBatch } from "../../../../../src/net/udp/socket.ts";
import type {
  NegotiatedCodec,
  NegotiatedMedia,
  SrtpKeys,
} from "../../../../../src/protocols/webrtc/contracts.ts";
import type { RtpMedia } from "../../../../../src/rtp/format.ts";
import { srtpProfiles } from "../../../../../src/rtp/srtp/mod.ts";
import { Stream, type StreamOptions } from "../../../../../src/stream/stream.ts";
import type { Track } from "../../../../../src/stream/track.ts";
import { Unit } from "../../../../../src/stream/unit.ts";
import { Random } from "../../../../support/random.ts";
import { recordLog } from "../../../../stream/support.ts";

export const h264: Codec = { name: "H264", packetizationMode: 1 };
export const opus: Codec = { name: "Opus", channelCount: 2 };
/** Any time; the engines only see differences. */
export const start = 1_700_000_000_000;
export const sps: Uint8Array = Uint8Array.of(0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40);
export const pps: Uint8Array = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);

const fixed = new Random(5);
const [a, b] = [0, 1].map(() => ({ key: fixed.bytes(16), salt: fixed.bytes(12) }));
/** Of the server and of its peer. */
export const serverKeys: SrtpKeys = { profile: srtpProfiles.aes128Gcm, local: a, remote: b };
export const peerKeys: SrtpKeys = { profile: srtpProfiles.aes128Gcm, local: b, remote: a };

export function negotiated(
  codec: Codec,
  payloadType: number,
  more: Partial<NegotiatedCodec> = {},
): NegotiatedCodec {
  const video = codec.name === "H264" || codec.name === "VP8" || codec.name === "H265";
  return {
    codec,
    payloadType,
    clockRate: video ? 90000 : 48000,
    rtxPayloadType: video ? payloadType + 1 : null,
    nack: video,
    pli: video,
    fir: false,
    transportWide: false,
    remb: false,
    ...more,
  };
}

export function media(
  kind: "audio" | "video",
  codecs: readonly NegotiatedCodec[],
  more: Partial<NegotiatedMedia> = {},
): NegotiatedMedia {
  return { mid: kind, kind, codecs, extensions: {}, rids: [], sources: [], trackId: null, ...more };
}

export const videoMedia: RtpMedia = {
  kind: "video",
  formats: [{ codec: h264, payloadType: 96, clockRate: 90000 }],
};
export const audioMedia: RtpMedia = {
  kind: "audio",
  formats: [{ codec: opus, payloadType: 97, clockRate: 48000 }],
};

export function createStream(medias: readonly RtpMedia[], options: Partial<StreamOptions> = {}) {
  const { lines, logger } = recordLog();
  const stream = new Stream({ medias, logger, gopCache: false, maxRtpPayload: 1440, ...options });
  return { stream, lines, logger };
}

/** A picture of `size` bytes; its content is told by `number`. */
export function picture(
  track: Track,
  number: number,
  options: { key?: boolean; size?: number; pts?: number; reference?: boolean } = {},
): Unit {
  const { key = false, size = 5000, pts = number * 3000, reference = true } = options;
  const slice = new Random(number + 1).bytes(size);
  // No start codes inside, no zero at the end.
  for (let i = 0; i < size; i++) slice[i] |= 1;
  slice[0] = (reference ? 0x60 : 0) | (key ? 5 : 1);
  const payload = key ? [sps, pps, slice] : [slice];
  return Unit.fromPayload(track, pts, start + pts / 90, payload);
}

export function split({ bytes, sizes }: PacketBatch): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => bytes.slice(at, at += size));
}

/** One number for the content of a unit. */
export function digest(unit: Unit): string {
  const bytes = concat(unit.payload ?? []);
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return `${bytes.length}:${sum}`;
}
