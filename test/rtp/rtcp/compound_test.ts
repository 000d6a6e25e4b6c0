/** One table feeds parsing, writing and fuzzing. */
import { concat } from "../../../src/base/bytes.ts";
import { isRtcp, parseRtcp, type RtcpMessage, serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { equal, fromHex, hex, throws } from "../../support/assert.ts";
import { capturedRtcp } from "../../support/audio_fixtures.ts";
import { fuzz } from "../../support/fuzz.ts";

const block = {
  ssrc: 0xbc5e9a40,
  fractionLost: 85,
  cumulativeLost: -2,
  highestSequence: 0x000346e1,
  jitter: 273,
  lastSenderReport: 0x09f36432,
  delaySinceLastSenderReport: 150137,
};
const blockHex = "bc5e9a40 55fffffe 000346e1 00000111 09f36432 00024a79";
const feedback = { senderSsrc: 0x902f9e2e, mediaSsrc: 0xbc5e9a40 };

/** Name, bytes, value. */
const cases: readonly [string, string, RtcpMessage][] = [
  ["receiver report", `81c90007 902f9e2e ${blockHex}`, {
    kind: "receiverReport",
    ssrc: 0x902f9e2e,
    reports: [block],
  }],
  ["empty receiver report", "80c90001 902f9e2e", { kind: "receiverReport", ssrc: 0x902f9e2e, reports: [] }],
  [
    "sender report",
    `82c80012 902f9e2e da8bd1fc dddda05a aaf4edd5 00000001 00000002 ${blockHex} ${blockHex}`,
    {
      kind: "senderReport",
      ssrc: 0x902f9e2e,
      ntpSeconds: 0xda8bd1fc,
      ntpFraction: 0xdddda05a,
      rtpTimestamp: 0xaaf4edd5,
      packetCount: 1,
      octetCount: 2,
      reports: [block, block],
    },
  ],
  [
    "source description",
    "82ca0008 10000000 01064120 62202563 00000000 fffffffe 01076162 63646566 67000000",
    {
      kind: "sourceDescription",
      chunks: [{ ssrc: 0x10000000, cname: "A b %c" }, { ssrc: 0xfffffffe, cname: "abcdefg" }],
    },
  ],
  ["goodbye", "82cb0002 902f9e2e 00000001", { kind: "bye", ssrcs: [0x902f9e2e, 1], reason: "" }],
  ["goodbye with reason", "81cb0002 902f9e2e 03464f4f", {
    kind: "bye",
    ssrcs: [0x902f9e2e],
    reason: "FOO",
  }],
  ["NACK", "81cd0004 902f9e2e bc5e9a40 fffe0007 00648001", {
    kind: "nack",
    ...feedback,
    sequences: [0xfffe, 0xffff, 0, 1, 100, 101, 116],
  }],
  ["transport-wide feedback", "8fcd0005 902f9e2e bc5e9a40 00990001 3d74d004 20015401", {
    kind: "transportWide",
    ...feedback,
    feedback: fromHex("00990001 3d74d004 20015401"),
  }],
  ["PLI", "81ce0002 902f9e2e bc5e9a40", { kind: "pli", ...feedback }],
  ["FIR", "84ce0006 902f9e2e bc5e9a40 12345678 42000000 98765432 57000000", {
    kind: "fir",
    ...feedback,
    entries: [{ ssrc: 0x12345678, sequence: 0x42 }, { ssrc: 0x98765432, sequence: 0x57 }],
  }],
  ["REMB", "8fce0005 00000001 00000000 52454d42 011a20df 4873cb4c", {
    kind: "remb",
    senderSsrc: 1,
    bitrate: (0x1a20df & 0x3ffff) * 2 ** (0x1a20df >>> 18),
    ssrcs: [0x4873cb4c],
  }],
];

for (const [name, text, value] of cases) {
  Deno.test(`RTCP ${name}`, () => {
    const bytes = fromHex(text);
    equal(bytes.length % 4, 0);
    equal(parseRtcp(bytes), [value]);
    equal(hex(serializeRtcp([value])), hex(bytes));
  });
}

Deno.test("RTCP: all messages in one packet", () => {
  const all = cases.map(([, , value]) => value);
  equal(parseRtcp(serializeRtcp(all)), all);
});

Deno.test("RTCP of FFmpeg and GStreamer", () => {
  const [ffmpeg] = parseRtcp(capturedRtcp.ffmpeg);
  equal(ffmpeg.kind === "senderReport" && [ffmpeg.packetCount, ffmpeg.octetCount, ffmpeg.reports], [
    0,
    0,
    [],
  ]);
  const messages = parseRtcp(capturedRtcp.gstreamer);
  equal(messages.map((message) => message.kind), ["senderReport", "sourceDescription", "bye"]);
  const [report, description, bye] = messages;
  equal(report.kind === "senderReport" && [report.packetCount, report.octetCount], [12, 12288]);
  equal(description.kind === "sourceDescription" && description.chunks[0].cname.startsWith("user"), true);
  equal(bye.kind === "bye" && report.kind === "senderReport" && bye.ssrcs[0] === report.ssrc, true);
});

const report = "80c90001 902f9e2e";
/** What is tolerated: name, bytes, kinds that come out. */
const lenient: readonly [string, string, string[]][] = [
  ["APP is skipped", "80cc0002 902f9e2e 4e414d45" + report, ["receiverReport"]],
  ["unknown types are skipped", "80d20000" + report, ["receiverReport"]],
  ["unknown feedback is skipped", "82ce0002 902f9e2e bc5e9a40" + report, ["receiverReport"]],
  ["unknown application feedback is skipped", "8fce0003 902f9e2e bc5e9a40 41424344" + report, [
    "receiverReport",
  ]],
  ["padding", "a0c90002 902f9e2e 00000004", ["receiverReport"]],
  ["the padding bit without padding", "a0c90001 902f9e2e", ["receiverReport"]],
  ["zeros behind the last message", report + "00000000", ["receiverReport"]],
  ["a broken message behind a good one", report + "81ca0001 902f", ["receiverReport"]],
  ["a description without final zeros", "81ca0003 902f9e2e 01066162 63646566", ["sourceDescription"]],
  ["an extension of the profile", "80c90002 902f9e2e 11223344", ["receiverReport"]],
  ["a description of no source", "80ca0000", ["sourceDescription"]],
];

for (const [name, text, kinds] of lenient) {
  Deno.test(`RTCP tolerates: ${name}`, () => {
    equal(parseRtcp(fromHex(text)).map((message) => message.kind), kinds);
  });
}

const broken: readonly [string, string, RegExp][] = [
  ["nothing", "", /RTCP header at offset 0/],
  ["three bytes", "80c900", /RTCP header/],
  ["another version", "40c90001 902f9e2e", /RTCP version at offset 0: is 1/],
  ["a length beyond the end", "80c90002 902f9e2e", /RTCP length/],
  ["missing report blocks", "81c90001 902f9e2e", /report block SSRC/],
  ["a short sender report", "80c80002 902f9e2e da8bd1fc", /SR NTP timestamp/],
  ["missing SSRCs", "82cb0001 902f9e2e", /BYE SSRC/],
  ["REMB of more SSRCs than it has", "8fce0004 00000001 00000000 52454d42 021a20df", /REMB Num SSRC/],
];

for (const [name, text, pattern] of broken) {
  Deno.test(`RTCP refuses: ${name}`, () => {
    throws(
      () => parseRtcp(fromHex(text)),
      (error: Error) => error.name === "ParseError" && pattern.test(error.message),
    );
  });
}

Deno.test("RTCP limits", () => {
  equal(parseRtcp(concat(Array.from({ length: 200 }, () => fromHex(report)))).length, 64);
  throws(() => parseRtcp(new Uint8Array(65536)), /RTCP packet/);
  const reports = Array.from({ length: 32 }, () => block);
  throws(() => serializeRtcp([{ kind: "receiverReport", ssrc: 1, reports }]), RangeError);
});

Deno.test("REMB keeps 18 significant bits", () => {
  const rate = (bitrate: number) => {
    const [message] = parseRtcp(serializeRtcp([{ kind: "remb", senderSsrc: 1, bitrate, ssrcs: [] }]));
    return message.kind === "remb" ? message.bitrate : null;
  };
  equal([0, 1, 262143, 262144, 2_500_001, 10_000_000_000].map(rate), [
    0,
    1,
    262143,
    262144,
    2_500_000 - 2_500_000 % 16,
    9999941632,
  ]);
});

Deno.test("NACK pairs cover any list", () => {
  const sequences = [5, 6, 22, 21, 65535, 0, 15, 16];
  const [message] = parseRtcp(serializeRtcp([{ kind: "nack", ...feedback, sequences }]));
  equal(
    message.kind === "nack" && [...message.sequences].sort((a, b) => a - b),
    [...sequences].sort((a, b) => a - b),
  );
});

Deno.test("RTCP is told from RTP on one port", () => {
  equal(isRtcp(fromHex(report)), true);
  equal(isRtcp(fromHex("80e0000100000000")), false);
  equal(isRtcp(fromHex("8060")), false);
  equal(isRtcp(fromHex("80")), false);
});

Deno.test("RTCP: fuzz", () => {
  const seeds = [
    ...cases.map(([, text]) => fromHex(text)),
    capturedRtcp.gstreamer,
    ...lenient.map(([, text]) => fromHex(text)),
  ];
  fuzz("RTCP", seeds, (bytes) => {
    const messages = parseRtcp(bytes);
    // What was understood can be written and read again.
    if (messages.length > 0) equal(parseRtcp(serializeRtcp(messages)).length, messages.length);
  });
});
