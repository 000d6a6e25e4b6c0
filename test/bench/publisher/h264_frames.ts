/** A synthetic H264 stream as RTP packets (RFC 6184), each ready for the wire; only the headers change per frame. */
import { stampSize, writeStamp } from "../stamp.ts";

const rtpHeaderSize = 12;
const fuHeaderSize = 2;
const payloadType = 96;
const ssrc = 0x1badcafe;
export const clockRate = 90_000;

/** Of libx264: 1280×720, baseline. */
const sps = Uint8Array.of(
  ...[0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00],
  ...[0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x24, 0x80],
);
const pps = Uint8Array.of(0x68, 0xcb, 0x83, 0xcb, 0x20);

const nalSlice = 0x41;
const nalKeySlice = 0x65;
const nalStapA = 0x78;
const nalFuA = 28;

export interface FrameShape {
  readonly framesPerSecond: number;
  /** Coded bytes of one frame. */
  readonly frameBytes: number;
  /** Packets of one frame; the parameter sets of a key frame are one more. */
  readonly packetsPerFrame: number;
  readonly keyFrameEvery: number;
}

export interface ShapeOptions {
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
  /** Largest RTP payload. */
  readonly payloadSize: number;
  /** 0: as many as the bit rate and the payload size ask for. Otherwise the frame is cut into this many. */
  readonly packetsPerFrame: number;
}

export function frameShape(options: ShapeOptions): FrameShape {
  const minimum = stampSize + 8;
  const frameBytes = Math.max(minimum, Math.round(options.bitsPerSecond / 8 / options.framesPerSecond));
  const automatic = Math.max(1, Math.ceil(frameBytes / (options.payloadSize - fuHeaderSize)));
  const packetsPerFrame = Math.min(options.packetsPerFrame || automatic, Math.floor(frameBytes / minimum));
  return {
    framesPerSecond: options.framesPerSecond,
    frameBytes,
    packetsPerFrame,
    keyFrameEvery: Math.round(2 * options.framesPerSecond),
  };
}

interface Template {
  /** Interleaved frames back to back: `$`, channel 0, length, packet. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each RTP packet starts in `bytes`. */
  readonly starts: readonly number[];
  readonly stampAt: number;
}

/** One frame at a time, in buffers that are reused: send it before asking for the next. */
export class H264Frames {
  readonly #key: Template;
  readonly #delta: Template;
  #sequence = 0xff00;
  #frame = 0;
  packets = 0;
  octets = 0;

  constructor(private readonly shape: FrameShape) {
    this.#key = template(shape, true);
    this.#delta = template(shape, false);
  }

  get frames(): number {
    return this.#frame;
  }

  /** The number that the next packet will have. */
  get nextSequence(): number {
    return this.#sequence;
  }

  get timestamp(): number {
    return Math.round(this.#frame * clockRate / this.shape.framesPerSecond) >>> 0;
  }

  /** All packets of the next frame, marked with `micros`, as interleaved frames; `starts` tells them apart. */
  next(micros: number): { bytes: Uint8Array<ArrayBuffer>; packets: Uint8Array<ArrayBuffer>[] } {
    const frame = this.#frame % this.shape.keyFrameEvery === 0 ? this.#key : this.#delta;
    const view = new DataView(frame.bytes.buffer);
    for (const start of frame.starts) {
      view.setUint16(start + 2, this.#sequence);
      view.setUint32(start + 4, this.timestamp);
      this.#sequence = (this.#sequence + 1) & 0xffff;
    }
    writeStamp(frame.bytes, frame.stampAt, micros, this.#frame);
    this.#frame++;
    this.packets += frame.starts.length;
    this.octets += frame.bytes.length - frame.starts.length * (4 + rtpHeaderSize);
    const packets = frame.starts.map((start, i) =>
      frame.bytes.subarray(start, i + 1 < frame.starts.length ? frame.starts[i + 1] - 4 : undefined)
    );
    return { bytes: frame.bytes, packets };
  }

  /** RFC 3550 §6.4.1, without report blocks. */
  senderReport(unixMs: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(28);
    const view = new DataView(out.buffer);
    const seconds = unixMs / 1000 + 2_208_988_800;
    out[0] = 0x80;
    out[1] = 200;
    view.setUint16(2, 6);
    view.setUint32(4, ssrc);
    view.setUint32(8, Math.floor(seconds) >>> 0);
    view.setUint32(12, Math.floor((seconds % 1) * 2 ** 32) >>> 0);
    view.setUint32(16, this.timestamp);
    view.setUint32(20, this.packets >>> 0);
    view.setUint32(24, this.octets >>> 0);
    return out;
  }

  sdp(): string {
    const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
    return [
      "v=0",
      "o=- 0 0 IN IP4 127.0.0.1",
      "s=bench",
      "c=IN IP4 0.0.0.0",
      "t=0 0",
      `m=video 0 RTP/AVP ${payloadType}`,
      `a=rtpmap:${payloadType} H264/${clockRate}`,
      `a=fmtp:${payloadType} packetization-mode=1; profile-level-id=42C01F; ` +
      `sprop-parameter-sets=${base64(sps)},${base64(pps)}`,
      "a=control:trackID=0",
      "",
    ].join("\r\n");
  }
}

function template(shape: FrameShape, isKey: boolean): Template {
  const payloads: Uint8Array[] = isKey ? [parameterSets()] : [];
  const first = payloads.length;
  payloads.push(...slicePayloads(shape, isKey ? nalKeySlice : nalSlice));
  const total = payloads.reduce((sum, payload) => sum + 4 + rtpHeaderSize + payload.length, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const starts: number[] = [];
  let at = 0;
  for (const [i, payload] of payloads.entries()) {
    const marker = i === payloads.length - 1 ? 0x80 : 0;
    bytes[at] = 0x24;
    view.setUint16(at + 2, rtpHeaderSize + payload.length);
    at += 4;
    starts.push(at);
    bytes[at] = 0x80;
    bytes[at + 1] = marker | payloadType;
    view.setUint32(at + 8, ssrc);
    bytes.set(payload, at + rtpHeaderSize);
    at += rtpHeaderSize + payload.length;
  }
  const nalHeader = shape.packetsPerFrame > 1 ? fuHeaderSize : 1;
  return { bytes, starts, stampAt: starts[first] + rtpHeaderSize + nalHeader };
}

function parameterSets(): Uint8Array {
  const sized = (nal: Uint8Array) => [nal.length >> 8, nal.length & 0xff, ...nal];
  return Uint8Array.of(nalStapA, ...sized(sps), ...sized(pps));
}

/** RFC 6184 §5.8, or a single NAL unit (§5.6) when one packet is enough. */
function slicePayloads(shape: FrameShape, nalHeader: number): Uint8Array[] {
  const body = new Uint8Array(shape.frameBytes - 1);
  let state = 1;
  // no byte below 0x80: nothing that looks like a start code
  for (let i = 0; i < body.length; i++) {
    body[i] = 0x80 | (state = Math.imul(state, 1103515245) + 12345) >>> 16;
  }
  const count = shape.packetsPerFrame;
  if (count === 1) return [Uint8Array.of(nalHeader, ...body)];
  // As encoders cut: fragments of one size, the last one shorter.
  const fragment = Math.ceil(body.length / count);
  const out: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const from = i * fragment;
    const to = Math.min(from + fragment, body.length);
    const payload = new Uint8Array(fuHeaderSize + to - from);
    payload[0] = nalHeader & 0xe0 | nalFuA;
    payload[1] = nalHeader & 0x1f | (i === 0 ? 0x80 : 0) | (i === count - 1 ? 0x40 : 0);
    payload.set(body.subarray(from, to), fuHeaderSize);
    out.push(payload);
  }
  return out;
}
