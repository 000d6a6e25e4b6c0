/** Fixtures and helpers of the video payload tests. */
import { ByteReader } from "../../../src/base/bytes.ts";
import type { Codec } from "../../../src/codecs/codec.ts";
import { buildRtpPacket, parseRtpPacket, type RtpFragment, type RtpPacket } from "../../../src/rtp/packet.ts";
import type { PayloadFormat } from "../../../src/rtp/payload/payload.ts";
import { equal, hex, ok } from "../../support/assert.ts";
import type { Random } from "../../support/random.ts";

const folder = new URL("../../fixtures/video/", import.meta.url);

export function fixture(name: string): Uint8Array {
  return Deno.readFileSync(new URL(name, folder));
}

/** The frames of an IVF file. */
export function ivfFrames(name: string): Uint8Array[] {
  const bytes = fixture(name);
  const frames: Uint8Array[] = [];
  const reader = new ByteReader(bytes);
  reader.skip(32, "IVF header");
  while (reader.remaining > 0) {
    const size = reader.u32Le("frame size");
    reader.skip(8, "timestamp");
    frames.push(reader.view(size, "frame"));
  }
  return frames;
}

/** The packets of a capture, a unit ending with the marker or (as the time of files is not known to all) the timestamp. */
export function capturedUnits(name: string): RtpPacket[][] {
  const reader = new ByteReader(fixture(name));
  const units: RtpPacket[][] = [];
  let previous: RtpPacket | null = null;
  while (reader.remaining > 0) {
    const packet = parseRtpPacket(reader.view(reader.u16("length"), "packet"));
    if (previous === null || previous.marker || packet.timestamp !== previous.timestamp) units.push([]);
    previous = packet;
    units[units.length - 1].push(packet);
  }
  return units;
}

export function toPackets(fragments: readonly RtpFragment[], firstSequence = 65_530): RtpPacket[] {
  return fragments.map((fragment, i) =>
    buildRtpPacket({
      payloadType: 96,
      sequence: (firstSequence + i) & 0xffff,
      timestamp: 1234,
      ssrc: 5,
      marker: fragment.marker,
    }, fragment.parts)
  );
}

/** Packets with the given payloads (hex) and the marker on the last. */
export function packetsOf(...payloads: readonly Uint8Array[]): RtpPacket[] {
  return toPackets(payloads.map((payload, i) => ({ parts: [payload], marker: i === payloads.length - 1 })));
}

export function hexAll(payload: readonly Uint8Array[] | null): string[] | null {
  return payload === null ? null : payload.map(hex);
}

/** packetize → depacketize gives the payload again, within the size and with one marker, at the end. */
export function checkRoundTrip<C extends Codec>(
  format: PayloadFormat<C>,
  codec: C,
  payload: Uint8Array[],
  maxPayload: number,
): RtpPacket[] {
  const packets = toPackets(format.packetize(payload, codec, maxPayload));
  for (const packet of packets) {
    ok(packet.payload.length <= maxPayload, `${packet.payload.length} bytes, at most ${maxPayload}`);
  }
  equal(packets.map((packet) => packet.marker), packets.map((_, i) => i === packets.length - 1));
  equal(packets.map(format.endsUnit), packets.map((packet) => packet.marker));
  const result = format.depacketize(packets, codec);
  equal(result.errors, []);
  equal(hexAll(result.payload), hexAll(payload));
  return packets;
}

/**
 * Each packet lost in turn, each pair swapped, each packet doubled: nothing is thrown, every part of what comes out is a
 * part of what went in, and the following unit is intact.
 */
export function checkLoss<C extends Codec>(
  format: PayloadFormat<C>,
  codec: C,
  payload: Uint8Array[],
  maxPayload: number,
) {
  const packets = toPackets(format.packetize(payload, codec, maxPayload));
  const whole = new Set(payload.map(hex));
  const damaged: RtpPacket[][] = [];
  for (let i = 0; i < packets.length; i++) {
    damaged.push(packets.toSpliced(i, 1));
    damaged.push(packets.toSpliced(i, 0, packets[i]));
    if (i > 0) damaged.push(packets.toSpliced(i - 1, 2, packets[i], packets[i - 1]));
  }
  for (const unit of damaged) {
    const result = format.depacketize(unit, codec);
    for (const part of result.payload ?? []) ok(whole.has(hex(part)), "a damaged part came out as if whole");
    format.isRandomAccess?.(unit);
    format.updateCodecFromPackets?.(unit, codec);
  }
  equal(hexAll(format.depacketize(packets, codec).payload), hexAll(payload));
}

/** Whatever the payloads of a unit, nothing is thrown. */
export function checkHostile<C extends Codec>(
  format: PayloadFormat<C>,
  codec: C,
  packets: readonly RtpPacket[],
): void {
  const { payload } = format.depacketize(packets, codec);
  format.isRandomAccess?.(packets);
  format.updateCodecFromPackets?.(packets, codec);
  if (payload === null) return;
  ok(payload.length > 0 && payload.every((part) => part.length > 0), "payload has an empty part");
  format.isRandomAccessPayload?.(payload);
  format.updateCodec?.(payload, codec);
  format.packetize(payload, codec, 100);
}

/** Random bytes without start codes. */
export function randomBytes(random: Random, size: number): Uint8Array<ArrayBuffer> {
  return random.bytes(size).map((byte) => byte === 0 ? 1 : byte);
}
