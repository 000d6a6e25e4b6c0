import type { H264Codec } from "../../../src/codecs/codec.ts";
import { maxNalUnits } from "../../../src/codecs/nal/annexb.ts";
import { buildRtpPacket, type RtpPacket } from "../../../src/rtp/packet.ts";
import { h264Format } from "../../../src/rtp/payload/h264.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { hexAll, packetsOf, toPackets } from "./video_support.ts";

const codec: H264Codec = { name: "H264", packetizationMode: 1 };

function depacketize(payloads: readonly string[]) {
  const { payload, errors } = h264Format.depacketize(packetsOf(...payloads.map(fromHex)), codec);
  return { units: hexAll(payload), errors };
}

/** RFC 6184 §5.6–5.8, and what cameras make of it. */
const cases: [name: string, payloads: string[], units: string[] | null, errors: string[]][] = [
  ["single NAL units", ["67420b", "68ce3c80", "6588840a"], ["67420b", "68ce3c80", "6588840a"], []],
  ["STAP-A", ["78 0003 67420b 0004 68ce3c80"], ["67420b", "68ce3c80"], []],
  ["STAP-A filled with zeros", ["78 0003 67420b 0000 0000 00"], ["67420b"], []],
  ["STAP-A with one size too large", ["78 0003 67420b 0009 68ce"], ["67420b"], [
    "NAL unit in STAP-A runs over the packet",
  ]],
  ["FU-A", ["7c85 010203", "7c05 040506", "7c45 07"], ["6501020304050607"], []],
  ["FU-A, start and end in one packet", ["7c c1 0102"], ["610102"], []],
  ["FU-B starts, FU-A goes on", ["7d85 1234 010203", "7c45 07"], ["6501020307"], []],
  ["FU-A without start", ["7c05 0405", "7c45 07", "41aa"], ["41aa"], [
    "start of a fragmented NAL unit is missing",
  ]],
  ["FU-A without end", ["7c85 0405", "41aa"], ["41aa"], ["end of a fragmented NAL unit is missing"]],
  ["FU-A, end of the unit", ["41aa", "7c85 0405"], ["41aa"], ["end of a fragmented NAL unit is missing"]],
  ["FU-A without header", ["7c"], null, ["FU header is missing"]],
  ["delimiters are dropped", ["09f0", "6588"], ["6588"], []],
  ["delimiter in STAP-A", ["78 0002 09f0 0002 6588"], ["6588"], []],
  ["only a delimiter", ["09f0"], null, []],
  ["interleaved mode", ["79 0000 0002 6588", "7a00", "7b00", "1eff", "41aa"], ["41aa"], [
    "STAP-B is not supported",
    "MTAP is not supported",
    "packet type 30 is reserved",
  ]],
  ["byte stream in one packet", ["00000001 6742 00000001 68ce 000001 6588"], ["6742", "68ce", "6588"], []],
  [
    "byte stream, first start code left out",
    ["6742 00000001 68ce 00000001 6588"],
    ["6742", "68ce", "6588"],
    [],
  ],
  ["byte stream in FU-A", ["7c87 42 00000001 68ce 0000", "7c47 01 6588"], ["6742", "68ce", "6588"], []],
  ["trailing zeros", ["6588aa0000"], ["6588aa"], []],
  ["empty payload", ["", "6588"], ["6588"], []],
];

for (const [name, payloads, units, errors] of cases) {
  Deno.test(`H264 depacketizer: ${name}`, () => equal(depacketize(payloads), { units, errors }));
}

Deno.test("H264 depacketizer: a gap inside a fragmented NAL unit", () => {
  const packets = packetsOf(...["7c85 01", "7c05 02", "7c05 03", "7c45 04"].map(fromHex), fromHex("41aa"));
  const { payload, errors } = h264Format.depacketize(packets.toSpliced(1, 1), codec);
  equal(hexAll(payload), ["41aa"]);
  equal(errors, ["part of a fragmented NAL unit is missing", "start of a fragmented NAL unit is missing"]);
});

Deno.test("H264 depacketizer: too many NAL units", () => {
  const aggregate = fromHex("78" + "0001 41".repeat(100));
  const packets = packetsOf(...Array.from({ length: Math.ceil(maxNalUnits / 100) + 1 }, () => aggregate));
  const { payload, errors } = h264Format.depacketize(packets, codec);
  equal(payload, null);
  equal(errors, [`access unit has more than ${maxNalUnits} NAL units`]);
});

Deno.test("H264 depacketizer: too many bytes", () => {
  const part = new Uint8Array(60_000).fill(0x41);
  const packet = packetsOf(part)[0];
  const unit: RtpPacket[] = Array.from({ length: 600 }, () => packet);
  equal(h264Format.depacketize(unit, codec).payload, null);
});

Deno.test("H264 packetizer: small neighbours share a STAP-A, large ones are cut", () => {
  const units = ["67420b", "68ce3c80", "65" + "ab".repeat(40), "41aa"].map(fromHex);
  const packets = toPackets(h264Format.packetize(units, codec, 20));
  equal(packets.map((packet) => hex(packet.payload)), [
    "78000367420b000468ce3c80",
    "7c85" + "ab".repeat(18),
    "7c05" + "ab".repeat(18),
    "7c45" + "ab".repeat(4),
    "41aa",
  ]);
  const modeZero = h264Format.packetize(units.slice(0, 2), { ...codec, packetizationMode: 0 }, 20);
  equal(modeZero.length, 2);
  equal(h264Format.packetize([], codec, 20), []);
});

Deno.test("H264 random access: a look at packets", () => {
  const looks: [payloads: string[], expected: boolean][] = [
    [["6588"], true],
    [["4188"], false],
    [["6742", "68ce", "06aa", "6588"], true],
    [["6742", "68ce"], false],
    [["78 0002 6742 0002 6588"], true],
    [["78 0002 6742 0002 4188"], false],
    [["7c85 01", "7c45 02"], true],
    [["7c81 01", "7c41 02"], false],
    // The rest of an IDR picture whose start was lost.
    [["7c05 01", "7c45 02"], false],
    [["00000001 6742 00000001 6588"], true],
    [["6742 00000001 68ce 000001 6588"], true],
    [["00000001 09f0 00000001 4188"], false],
    [["7c87 42 000001 68ce 000001 6588", "7c47 01"], true],
    [["", "65"], true],
  ];
  for (const [payloads, expected] of looks) {
    equal(h264Format.isRandomAccess!(packetsOf(...payloads.map(fromHex))), expected, payloads.join());
  }
});

Deno.test("H264 parameters in band: a new codec only when they differ", () => {
  const sets: string[][] = [
    ["67420b", "68ce3c80", "6588"],
    ["78 0003 67420b 0004 68ce3c80", "6588"],
    ["7c87 42", "7c47 0b", "68ce3c80"],
    ["00000001 67420b 00000001 68ce3c80 00000001 6588"],
  ];
  for (const payloads of sets) {
    const packets = packetsOf(...payloads.map(fromHex));
    const updated = h264Format.updateCodecFromPackets!(packets, codec);
    equal([hex(updated.sps!), hex(updated.pps!)], ["67420b", "68ce3c80"], payloads.join());
    ok(updated.sps!.buffer !== packets[0].bytes.buffer, "keeps a copy, not the receive buffer");
    ok(h264Format.updateCodecFromPackets!(packets, updated) === updated);
    const { payload } = h264Format.depacketize(packets, codec);
    equal(h264Format.updateCodec!(payload!, codec), updated);
    ok(h264Format.updateCodec!(payload!, updated) === updated);
  }
  const other = packetsOf(fromHex("67420c"), fromHex("6588"));
  const known = { ...codec, sps: fromHex("67420b"), pps: fromHex("68ce3c80") };
  const changed = h264Format.updateCodecFromPackets!(other, known);
  equal([hex(changed.sps!), changed.pps], ["67420c", known.pps]);
  ok(h264Format.updateCodecFromPackets!(packetsOf(fromHex("41aa")), known) === known);
});

Deno.test("H264: two picture parameter sets do not flip the codec at each key frame", () => {
  const packets = packetsOf(...["67420b", "68ce3c80", "6850aa", "6588"].map(fromHex));
  const first = h264Format.updateCodecFromPackets!(packets, codec);
  ok(h264Format.updateCodecFromPackets!(packets, first) === first);
});

Deno.test("H264: sequence numbers wrap inside a fragmented NAL unit", () => {
  const header = { payloadType: 96, timestamp: 0, ssrc: 0 };
  const packets = [0xffff, 0, 1].map((sequence, i) =>
    buildRtpPacket({ ...header, sequence, marker: i === 2 }, [fromHex(["7c8501", "7c0502", "7c4503"][i])])
  );
  equal(hexAll(h264Format.depacketize(packets, codec).payload), ["65010203"]);
});
