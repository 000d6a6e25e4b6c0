import { buildRtpPacket, parseRtpPacket } from "../../src/rtp/packet.ts";
import { contiguousBytes, RtpStreamWriter } from "../../src/rtp/stream_writer.ts";
import { concat } from "../../src/base/bytes.ts";
import { equal, fromHex, hex, ok } from "../support/assert.ts";
import { fuzz } from "../support/fuzz.ts";

const fragments = [
  { parts: [fromHex("01"), fromHex("0203")], marker: false },
  { parts: [fromHex("04")], marker: false, timestampOffset: 10 },
  { parts: [], marker: true },
];

Deno.test("packets are numbered, timed and lie back to back", () => {
  const writer = new RtpStreamWriter({
    payloadType: 97,
    ssrc: 0x89abcdef,
    sequence: 65534,
    timestampOffset: 5,
  });
  const packets = writer.write(fragments, 2 ** 32 * 3 - 6);
  equal(packets.map((packet) => hex(packet.bytes)), [
    "8061fffeffffffff89abcdef010203",
    "8061ffff0000000989abcdef04",
    "80e10000ffffffff89abcdef",
  ]);
  // What they say is what is in them.
  equal(packets.map((packet) => parseRtpPacket(packet.bytes)), packets);
  equal(
    hex(contiguousBytes(packets) ?? new Uint8Array()),
    hex(concat(packets.map((packet) => packet.bytes))),
  );
  equal(contiguousBytes(packets)?.buffer === packets[0].bytes.buffer, true);
  equal(writer.nextSequence, 1);
  equal(writer.write(fragments, 0)[0].sequence, 1);
});

Deno.test("negative times and fresh random starts", () => {
  const writer = new RtpStreamWriter({ payloadType: 96, timestampOffset: 0 });
  equal(writer.timestampAt(-1), 0xffffffff);
  const starts = Array.from({ length: 8 }, () => new RtpStreamWriter({ payloadType: 96 }));
  ok(new Set(starts.map((start) => start.ssrc)).size > 1);
  ok(new Set(starts.map((start) => start.timestampAt(0))).size > 1);
  ok(new Set(starts.map((start) => start.nextSequence)).size > 1);
});

Deno.test("packets of several buffers, or with gaps, are not contiguous", () => {
  const writer = new RtpStreamWriter({ payloadType: 96 });
  const first = writer.write(fragments, 0);
  equal(contiguousBytes([]), null);
  equal(contiguousBytes([first[0], first[2]]), null);
  equal(contiguousBytes([...first, ...writer.write(fragments, 1)]), null);
  equal(contiguousBytes(first.slice(1))?.length, 13 + 12);
});

Deno.test("RTP packets: fuzz", () => {
  const header = { payloadType: 96, sequence: 1, timestamp: 2, ssrc: 3, marker: true };
  const plain = buildRtpPacket(header, [fromHex("aabbcc")]).bytes;
  const extended = fromHex("b1600001000000020000000300000004bede000110aa000011220002");
  equal(hex(parseRtpPacket(extended).payload), "1122");
  fuzz("RTP", [plain, extended], (bytes) => {
    const packet = parseRtpPacket(bytes);
    ok(packet.payload.length + 12 <= bytes.length);
  });
});
