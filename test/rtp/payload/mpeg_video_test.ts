import type { Mpeg1VideoCodec, Mpeg4VideoCodec } from "../../../src/codecs/codec.ts";
import { splitConfig } from "../../../src/codecs/mpeg4video/start_codes.ts";
import { mpeg1VideoFormat } from "../../../src/rtp/payload/mpeg1_video.ts";
import { mpeg4VideoFormat } from "../../../src/rtp/payload/mpeg4_video.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { capturedUnits, fixture, hexAll, packetsOf, toPackets } from "./video_support.ts";

const mpeg4: Mpeg4VideoCodec = { name: "MPEG-4 Video" };
const mpeg1: Mpeg1VideoCodec = { name: "MPEG-1/2 Video" };

Deno.test("MPEG-4 Video: configuration in band", () => {
  const [unit] = capturedUnits("mpeg4_ff.rtp");
  const updated = mpeg4VideoFormat.updateCodecFromPackets!(unit, mpeg4);
  equal(hex(updated.config!), hex(splitConfig(fixture("mpeg4.bin")).config));
  equal(hex(updated.config!).slice(0, 10), "000001b001");
  equal(updated.profileLevelId, 1);
  ok(mpeg4VideoFormat.updateCodecFromPackets!(unit, updated) === updated);
  const { payload } = mpeg4VideoFormat.depacketize(unit, mpeg4);
  equal(mpeg4VideoFormat.updateCodec!(payload!, mpeg4), updated);
  ok(mpeg4VideoFormat.updateCodec!(payload!, updated) === updated);
  const vop = packetsOf(fromHex("000001b6 5012"));
  ok(mpeg4VideoFormat.updateCodecFromPackets!(vop, updated) === updated);
});

Deno.test("MPEG-4 Video: random access", () => {
  const cases: [payloads: string[], expected: boolean][] = [
    [["000001b6 1012"], true],
    [["000001b6 5012"], false],
    [["000001b3 001007 000001b6 1012"], true],
    [["000001b3 001007 000001b6 5012"], false],
    [["000001b0 01 000001b5 89", "000001b6 1012"], true],
    [["000001b0 01"], false],
  ];
  for (const [payloads, expected] of cases) {
    const packets = packetsOf(...payloads.map(fromHex));
    equal(mpeg4VideoFormat.isRandomAccess!(packets), expected, payloads.join());
    const { payload } = mpeg4VideoFormat.depacketize(packets, mpeg4);
    equal(mpeg4VideoFormat.isRandomAccessPayload!(payload!), expected);
  }
});

Deno.test("MPEG-4 Video: loss", () => {
  const packets = packetsOf(...["000001b6 10", "2233", "4455"].map(fromHex));
  equal(hexAll(mpeg4VideoFormat.depacketize(packets, mpeg4).payload), ["000001b61022334455"]);
  equal(mpeg4VideoFormat.depacketize(packets.slice(1), mpeg4).errors, ["start of the frame is missing"]);
  equal(mpeg4VideoFormat.depacketize(packets.slice(0, 2), mpeg4).errors, ["end of the frame is missing"]);
  equal(mpeg4VideoFormat.depacketize(packets.toSpliced(1, 1), mpeg4).errors, [
    "part of the frame is missing",
  ]);
});

/** RFC 2250 §3.4 and §3.4.1; T is 04 of the first byte. */
Deno.test("MPEG-1/2 Video: payload headers", () => {
  const cases: [payload: string, frame: string | null][] = [
    ["00000000 00000100 aa", "00000100aa"],
    ["04000000 00000000 00000100 aa", "00000100aa"],
    ["04000000 00000001 11111111 00000100 aa", "00000100aa"],
    ["04000000 40000000 02000000 00000000 00000100 aa", "00000100aa"],
    ["04000000 40000000 00000000 00000100 aa", null],
    ["04000000 4000", null],
    ["000000", null],
    ["00000000 000001b3 aa", "000001b3aa"],
    ["00000000 00000101 aa", null],
  ];
  for (const [payload, frame] of cases) {
    const result = mpeg1VideoFormat.depacketize(packetsOf(fromHex(payload)), mpeg1);
    equal(hexAll(result.payload), frame === null ? null : [frame], payload);
    equal(result.errors.length, frame === null ? 1 : 0);
  }
});

Deno.test("MPEG-1/2 Video packetizer: header fields, whole slices, cut slices", () => {
  // Sequence header, B picture with temporal reference 5 and motion codes (forward 7 full pel, backward 6), slices of 6, 6 and 14 bytes.
  const frame = fromHex(
    "000001b3 0400 00000100 015fffff b0 00000101 aabb 00000102 ccdd 00000103" + "ee".repeat(10),
  );
  const packets = toPackets(mpeg1VideoFormat.packetize([frame], mpeg1, 4 + 21));
  equal(packets.map((packet) => hex(packet.payload.subarray(0, 4))), ["00053b6f", "00051b6f"]);
  equal(hex(packets[1].payload.subarray(4)), "00000102ccdd00000103" + "ee".repeat(10));
  const small = toPackets(mpeg1VideoFormat.packetize([frame], mpeg1, 4 + 12));
  // S on the first packet only; B where a slice begins, E where one ends.
  equal(small.map((packet) => packet.payload[2] & 0x38), [0x30, 0x08, 0x18, 0x10, 0x08]);
});
