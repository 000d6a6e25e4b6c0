/** AC-3 (RFC 4184 §4): a two-byte header, then whole syncframes or one fragment of a syncframe. */
import { concat } from "../../base/bytes.ts";
import { errorText, ParseError } from "../../base/errors.ts";
import { rescale } from "../../base/time.ts";
import { ac3FrameSamples, maxAc3FrameSize, parseAc3Header } from "../../codecs/ac3/syncframe.ts";
import type { Ac3Codec } from "../../codecs/codec.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { ErrorList } from "./error_list.ts";
import { cutBytes, groupFrames, isContiguous } from "./fragmented.ts";
import type { DepacketizeResult, PayloadFormat } from "./payload.ts";

const headerSize = 2;
/** Frame type of the header (§4.1.1). */
const wholeFrames = 0;
const firstFragmentLarge = 1;
const firstFragmentSmall = 2;
const otherFragment = 3;
/** NF has eight bits. */
const maxFrames = 255;

function frameType(packet: RtpPacket): number {
  return packet.payload[0] & 3;
}

/** Whole syncframes back to back; pushes those that are in order and throws ParseError at the first that is not. */
function splitFrames(bytes: Uint8Array, into: Uint8Array[]): void {
  for (let at = 0; at < bytes.length;) {
    const header = parseAc3Header(bytes.subarray(at));
    if (header === null || at + header.frameSize > bytes.length) {
      throw new ParseError("AC-3 syncframe", "is cut off", at);
    }
    into.push(bytes.subarray(at, at + header.frameSize));
    at += header.frameSize;
  }
}

function depacketize(packets: readonly RtpPacket[]): DepacketizeResult {
  const payload: Uint8Array[] = [];
  const errors = new ErrorList();
  const take = (bytes: Uint8Array) => {
    try {
      splitFrames(bytes, payload);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      errors.add(errorText(error));
    }
  };
  for (let i = 0; i < packets.length;) {
    const packet = packets[i];
    const type = frameType(packet);
    let end = i + 1;
    if (packet.payload.length <= headerSize) {
      errors.add("AC-3 payload is too short");
    } else if (type === wholeFrames) {
      take(packet.payload.subarray(headerSize));
    } else if (type === otherFragment) {
      errors.add("the start of an AC-3 syncframe is missing");
    } else {
      while (
        end < packets.length && packets[end].payload.length > 0 && frameType(packets[end]) === otherFragment
      ) {
        end++;
      }
      if (isContiguous(packets, i, end - 1)) {
        take(concat(packets.slice(i, end).map((part) => part.payload.subarray(headerSize))));
      } else errors.add("a fragment of an AC-3 syncframe is missing");
    }
    i = end;
  }
  return { payload: payload.length === 0 ? null : payload, errors: errors.list };
}

function packetize(
  payload: readonly Uint8Array[],
  codec: Ac3Codec,
  maxPayload: number,
  clockRate = codec.sampleRate,
): RtpFragment[] {
  const frames = payload
    .filter((bytes) => bytes.length > 0 && bytes.length <= maxAc3FrameSize)
    .map((bytes, i) => ({ bytes, offset: rescale(i * ac3FrameSamples, codec.sampleRate, clockRate) }));
  const sizeOf = (count: number, bytes: number) => count > maxFrames ? Infinity : headerSize + bytes;
  const fragments: RtpFragment[] = [];
  for (const group of groupFrames(frames, maxPayload, sizeOf)) {
    const { bytes, offset: timestampOffset } = group[0];
    if (group.length > 1 || headerSize + bytes.length <= maxPayload) {
      const header = Uint8Array.of(wholeFrames, group.length);
      const parts = [header, ...group.map((frame) => frame.bytes)];
      fragments.push({ parts, marker: true, timestampOffset });
      continue;
    }
    const pieces = cutBytes(bytes, maxPayload - headerSize);
    const first = pieces[0].length * 8 >= bytes.length * 5 ? firstFragmentLarge : firstFragmentSmall;
    pieces.forEach((piece, i) => {
      const header = Uint8Array.of(i === 0 ? first : otherFragment, pieces.length);
      fragments.push({ parts: [header, piece], marker: i === pieces.length - 1, timestampOffset });
    });
  }
  return fragments;
}

export const ac3Format: PayloadFormat<Ac3Codec> = {
  endsUnit: (packet) => packet.marker || frameType(packet) === wholeFrames,
  depacketize,
  packetize,
  duration: (payload, codec, clockRate = codec.sampleRate) =>
    rescale(payload.length * ac3FrameSamples, codec.sampleRate, clockRate),
};
