/**
 * RTP payload format for JPEG: RFC 2435, types 0 and 1 (4:2:2, 4:2:0) and 64 and 65 (with restart markers).
 *
 * The type-specific field, which marks the fields of interlaced video, is not followed: each field is an image.
 * Quantisation tables that a sender announces once and then leaves out (Q 128…254 with length 0) cannot be used, as
 * units are read without memory between them.
 */
import type { MjpegCodec } from "../../codecs/codec.ts";
import { depacketizeMjpeg } from "./mjpeg/depacketize.ts";
import { packetizeMjpeg } from "./mjpeg/packetize.ts";
import type { PayloadFormat } from "./payload.ts";

export const mjpegFormat: PayloadFormat<MjpegCodec> = {
  endsUnit: (packet) => packet.marker,
  depacketize: depacketizeMjpeg,
  packetize: packetizeMjpeg,
};
