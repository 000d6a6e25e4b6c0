/** A unit of any origin as RTP payloads that fit into WebRTC's packets. */
import { concat } from "../../../../base/bytes.ts";
import type { Codec, H264Codec, H265Codec } from "../../../../codecs/codec.ts";
import { decodeG711 } from "../../../../codecs/g711/decode.ts";
import { NalType as H264Type, nalType as h264Type } from "../../../../codecs/h264/nal.ts";
import { NalType as H265Type, nalType as h265Type } from "../../../../codecs/h265/nal.ts";
import type { RtpFragment } from "../../../../rtp/packet.ts";
import { payloadFormat } from "../../../../rtp/payload/formats.ts";
import type { Unit } from "../../../../stream/unit.ts";

/**
 * The largest that fits into the 1,280 bytes which every IPv6 path takes (RFC 8200 §5), with 40 bytes of IPv6, 8 of UDP, 4
 * of a TURN channel, 12 of RTP, 2 of a retransmission (RFC 4588 §4) and the 16 of an SRTP tag.
 */
export const maxPayloadSize = 1280 - 40 - 8 - 4 - 12 - 2 - 16;

/**
 * Packets that fit are passed on, without the publisher's header extensions; others are made anew from the payload. Empty
 * when the unit has nothing usable. `sent`: the codec that readers were promised.
 */
export function fragmentsOf(unit: Unit, sent: Codec): readonly RtpFragment[] {
  const { codec } = unit.track;
  if (codec.name !== sent.name || codec.name === "LPCM") return linearFragments(unit, sent);
  const sets = missingParameterSets(unit, codec);
  const before = sets.length === 0 ? [] : withoutMarker(packetize(sets, codec, unit.track.clockRate));
  if (fitsAsItIs(unit, codec)) return [...before, ...passedOn(unit)];
  const payload = unit.payload;
  if (payload === null) return [];
  return packetize([...sets, ...payload], codec, unit.track.clockRate);
}

function fitsAsItIs(unit: Unit, codec: Codec): boolean {
  // Decoding order numbers are not negotiated with browsers.
  if (!unit.hasPackets || (codec.name === "H265" && (codec.maxDonDiff ?? 0) > 0)) return false;
  for (const { payload } of unit.packets) if (payload.length > maxPayloadSize) return false;
  return true;
}

function passedOn(unit: Unit): RtpFragment[] {
  const out: RtpFragment[] = [];
  // Packets without payload were made to try out a path's bandwidth.
  for (const { payload, marker } of unit.packets) {
    if (payload.length > 0) out.push({ parts: [payload], marker });
  }
  return out;
}

function packetize(payload: readonly Uint8Array[], codec: Codec, clockRate: number): RtpFragment[] {
  const plain = codec.name === "H265" ? { ...codec, maxDonDiff: 0 } : codec;
  return payloadFormat(plain).packetize(payload, plain, maxPayloadSize, clockRate);
}

function withoutMarker(fragments: readonly RtpFragment[]): RtpFragment[] {
  return fragments.map((fragment) => ({ ...fragment, marker: false }));
}

/** What a decoder that starts at this key frame needs and the publisher does not repeat: browsers read no SDP for it. */
function missingParameterSets(unit: Unit, codec: Codec): Uint8Array[] {
  if ((codec.name !== "H264" && codec.name !== "H265") || !unit.randomAccess) return [];
  const payload = unit.payload ?? [];
  const sets = codec.name === "H264" ? h264Sets(payload, codec) : h265Sets(payload, codec);
  return sets.filter((set) => set !== undefined);
}

function h264Sets(payload: readonly Uint8Array[], { sps, pps }: H264Codec): (Uint8Array | undefined)[] {
  const has = (type: number) => payload.some((unit) => h264Type(unit) === type);
  return has(H264Type.sps) && has(H264Type.pps) ? [] : [sps, pps];
}

function h265Sets(payload: readonly Uint8Array[], { vps, sps, pps }: H265Codec): (Uint8Array | undefined)[] {
  const has = (type: number) => payload.some((unit) => h265Type(unit) === type);
  const complete = has(H265Type.vps) && has(H265Type.sps) && has(H265Type.pps);
  return complete ? [] : [vps, sps, pps];
}

function linearFragments(unit: Unit, sent: Codec): readonly RtpFragment[] {
  const { payload, track } = unit;
  if (payload === null) return [];
  const bytes = payload.length === 1 ? payload[0] : concat(payload);
  return payloadFormat(sent).packetize(
    [linearSamples(bytes, track.codec)],
    sent,
    maxPayloadSize,
    track.clockRate,
  );
}

/** 16-bit big-endian samples (RFC 3551 §4.5.11). */
function linearSamples(bytes: Uint8Array, codec: Codec): Uint8Array {
  if (codec.name === "G711") return decodeG711(bytes, codec.muLaw);
  if (codec.name !== "LPCM" || codec.bitDepth === 16) return bytes;
  const size = codec.bitDepth / 8;
  const out = new Uint8Array(Math.floor(bytes.length / size) * 2);
  for (let from = 0, to = 0; to < out.length; from += size, to += 2) {
    // L8 counts from the middle (§4.5.10), the longer forms are two's complement.
    out[to] = codec.bitDepth === 8 ? bytes[from] ^ 0x80 : bytes[from];
    out[to + 1] = codec.bitDepth === 8 ? 0 : bytes[from + 1];
  }
  return out;
}
