/** MPEG-1 and MPEG-2 audio (RFC 2250 §3.5): 16 zero bits, the offset of the fragment, then frames or a fragment. */
import { concat } from "../../base/bytes.ts";
import { errorText, ParseError } from "../../base/errors.ts";
import type { Mpeg1AudioCodec } from "../../codecs/codec.ts";
import { type Mpeg1AudioHeader, parseMpeg1AudioHeader } from "../../codecs/mpeg1audio/frame_header.ts";
import type { RtpFragment, RtpPacket } from "../packet.ts";
import { ErrorList } from "./error_list.ts";
import { cutBytes, groupFrames, type TimedFrame } from "./fragmented.ts";
import type { DepacketizeResult, PayloadFormat } from "./payload.ts";

const headerSize = 4;
/** RFC 3551 table 4: of payload type 14. */
const standardClockRate = 90000;

function fragmentOffset(packet: RtpPacket): number {
  return packet.payload[2] << 8 | packet.payload[3];
}

function headerOf(frame: Uint8Array): Mpeg1AudioHeader {
  const header = parseMpeg1AudioHeader(frame);
  if (header === null) throw new ParseError("MPEG audio header", "is cut off", 0);
  return header;
}

/** A frame whose first packet does not hold all of it. */
interface Partial {
  readonly parts: Uint8Array[];
  size: number;
  readonly frameSize: number;
  lastSequence: number;
}

class Joiner {
  readonly frames: Uint8Array[] = [];
  readonly errors = new ErrorList();
  #partial: Partial | null = null;

  add(packet: RtpPacket): void {
    if (packet.payload.length <= headerSize) {
      this.errors.add("MPEG audio payload is too short");
      return;
    }
    const data = packet.payload.subarray(headerSize);
    if (fragmentOffset(packet) === 0) {
      this.finish();
      this.#start(packet, data);
      return;
    }
    const partial = this.#partial;
    if (
      partial === null || packet.sequence !== (partial.lastSequence + 1 & 0xffff) ||
      fragmentOffset(packet) !== partial.size
    ) {
      this.errors.add("a fragment of an MPEG audio frame is missing");
      this.#partial = null;
      return;
    }
    partial.parts.push(data);
    partial.size += data.length;
    partial.lastSequence = packet.sequence;
    if (partial.size < partial.frameSize) return;
    this.frames.push(concat(partial.parts).subarray(0, partial.frameSize));
    this.#partial = null;
  }

  #start(packet: RtpPacket, data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const rest = data.subarray(at);
      const { frameSize } = headerOf(rest);
      if (frameSize > rest.length) {
        // Only a frame that begins its packet may go on in the next one.
        if (at > 0) throw new ParseError("MPEG audio frame", "is cut off", at);
        this.#partial = { parts: [rest], size: rest.length, frameSize, lastSequence: packet.sequence };
        return;
      }
      this.frames.push(rest.subarray(0, frameSize));
      at += frameSize;
    }
  }

  finish(): void {
    if (this.#partial !== null) this.errors.add("the end of an MPEG audio frame is missing");
    this.#partial = null;
  }
}

function depacketize(packets: readonly RtpPacket[]): DepacketizeResult {
  const joiner = new Joiner();
  for (const packet of packets) {
    try {
      joiner.add(packet);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      joiner.errors.add(errorText(error));
    }
  }
  joiner.finish();
  return { payload: joiner.frames.length === 0 ? null : joiner.frames, errors: joiner.errors.list };
}

/** Whole frames end their unit; the marker says something else in this format (RFC 3551 §4.1). */
function endsUnit(packet: RtpPacket): boolean {
  if (packet.payload.length <= headerSize || fragmentOffset(packet) !== 0) return false;
  try {
    return headerOf(packet.payload.subarray(headerSize)).frameSize <= packet.payload.length - headerSize;
  } catch (error) {
    if (error instanceof ParseError) return false;
    throw error;
  }
}

/** Ticks of one frame; 0 when its header cannot be read. */
function frameTicks(frame: Uint8Array, clockRate: number): number {
  try {
    const { sampleCount, sampleRate } = headerOf(frame);
    // Rounded to the nearest: a fraction lost with every frame would add up within the unit.
    return Math.round(sampleCount * clockRate / sampleRate);
  } catch (error) {
    if (error instanceof ParseError) return 0;
    throw error;
  }
}

function packetize(
  payload: readonly Uint8Array[],
  _codec: Mpeg1AudioCodec,
  maxPayload: number,
  clockRate = standardClockRate,
): RtpFragment[] {
  let offset = 0;
  const frames: TimedFrame[] = [];
  for (const bytes of payload) {
    if (bytes.length > 0) frames.push({ bytes, offset });
    offset += frameTicks(bytes, clockRate);
  }
  const fragments: RtpFragment[] = [];
  for (const group of groupFrames(frames, maxPayload, (_count, bytes) => headerSize + bytes)) {
    const { bytes, offset: timestampOffset } = group[0];
    if (group.length > 1 || headerSize + bytes.length <= maxPayload) {
      const parts = [new Uint8Array(headerSize), ...group.map((frame) => frame.bytes)];
      fragments.push({ parts, marker: false, timestampOffset });
      continue;
    }
    let at = 0;
    for (const piece of cutBytes(bytes, maxPayload - headerSize)) {
      const parts = [Uint8Array.of(0, 0, at >> 8, at), piece];
      fragments.push({ parts, marker: false, timestampOffset });
      at += piece.length;
    }
  }
  return fragments;
}

export const mpeg1AudioFormat: PayloadFormat<Mpeg1AudioCodec> = {
  endsUnit,
  depacketize,
  packetize,
  duration: (payload, _codec, clockRate = standardClockRate) =>
    payload.reduce((sum, frame) => sum + frameTicks(frame, clockRate), 0),
};
