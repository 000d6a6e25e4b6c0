import {
  statusChunks,
  TransportFeedback,
} from "../../../../src/protocols/webrtc/media/receiver/transport_feedback.ts";
import { equal, hex } from "../../../support/assert.ts";

interface Case {
  readonly name: string;
  /** Number and arrival in ms. */
  readonly arrivals: readonly (readonly [number, number])[];
  /** Base, count, reference time and message number; chunks; deltas. */
  readonly expected: string;
}

/** By hand, from draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1. Reference times count 64 ms, deltas 0.25 ms. */
const cases: readonly Case[] = [
  { name: "one packet", arrivals: [[5, 64]], expected: "0005 0001 000001 00 2001 00" },
  {
    name: "all came: one run",
    arrivals: [[10, 6400], [11, 6401], [12, 6411], [13, 6411]],
    expected: "000a 0004 000064 00 2004 00 04 28 00",
  },
  {
    name: "one missing: a vector of single bits",
    arrivals: [[1, 128], [2, 129], [4, 130]],
    // 1 1 0 1 and ten that are not counted: 1011 0100 0000 0000
    expected: "0001 0004 000002 00 b400 00 04 04",
  },
  {
    name: "a long pause: a vector of pairs and 16 bits of delta",
    arrivals: [[1, 128], [2, 228], [3, 229]],
    // 01 10 01 00 00 00 00 behind 11: 1101 1001 0000 0000
    expected: "0001 0003 000002 00 d900 00 0190 04",
  },
  {
    name: "out of order: a negative delta",
    arrivals: [[8, 130], [7, 131], [9, 132]],
    // 7 at 131 = 12 ticks after 128; 8 four ticks before; 9 eight ticks after
    expected: "0007 0003 000002 00 d900 0c fffc 08",
  },
  {
    name: "numbers that wrap",
    arrivals: [[0xffff, 0], [0, 1]],
    expected: "ffff 0002 000000 00 2002 00 04",
  },
];

for (const { name, arrivals, expected } of cases) {
  Deno.test(`transport-wide feedback: ${name}`, () => {
    const feedback = new TransportFeedback();
    for (const [sequence, at] of arrivals) feedback.add(sequence, at);
    const message = feedback.take(1, 2);
    equal(hex(message!.feedback), expected.replaceAll(" ", ""));
    equal(feedback.take(1, 2), null);
  });
}

Deno.test("transport-wide feedback: the next message goes on where the last ended, and tells late ones", () => {
  const feedback = new TransportFeedback();
  for (const sequence of [1, 2, 5]) feedback.add(sequence, 64);
  equal(hex(feedback.take(1, 2)!.feedback.subarray(0, 4)), "00010005");
  feedback.add(7, 70);
  // 6 is missing, 3 and 4 are not told twice.
  equal(hex(feedback.take(1, 2)!.feedback), "0006 0002 000001 01 9000 18".replaceAll(" ", ""));
  feedback.add(3, 80);
  feedback.add(8, 80);
  equal(hex(feedback.take(1, 2)!.feedback.subarray(0, 4)), "00030006");
});

Deno.test("transport-wide feedback: a delta that does not fit begins another message", () => {
  const feedback = new TransportFeedback();
  feedback.add(1, 0);
  feedback.add(2, 9000);
  equal(hex(feedback.take(1, 2)!.feedback.subarray(0, 4)), "00010001");
  equal(hex(feedback.take(1, 2)!.feedback.subarray(0, 7)), "0002000100008c");
  equal(feedback.take(1, 2), null);
});

Deno.test("transport-wide feedback: a jump begins anew, a flood is bounded", () => {
  const feedback = new TransportFeedback();
  feedback.add(1, 0);
  feedback.add(20_000, 1);
  equal(hex(feedback.take(1, 2)!.feedback.subarray(0, 4)), "4e200001");
  for (let i = 0; i < 60_000; i++) feedback.add(20_001 + i & 0xffff, 2);
  const { feedback: bytes } = feedback.take(1, 2)!;
  equal(bytes.length < 4096, true);
});

Deno.test("transport-wide feedback: after a pause of ours, messages still fit into datagrams and tell of all packets", () => {
  const feedback = new TransportFeedback();
  // Pairs out of order: each delta takes two bytes.
  for (let i = 0; i < 2000; i++) feedback.add(65_000 + (i ^ 1) & 0xffff, 2 * i);
  let told = 0;
  for (let at = 65_000;;) {
    const message = feedback.take(1, 2);
    if (message === null) break;
    const bytes = message.feedback;
    equal(bytes[0] << 8 | bytes[1], at & 0xffff);
    const count = bytes[2] << 8 | bytes[3];
    equal(bytes.length <= 1150, true);
    told += count;
    at += count;
  }
  equal(told, 2000);
});

Deno.test("transport-wide feedback: chunks read back to the same statuses", () => {
  const patterns = [
    "0",
    "1111111",
    "10101010101010101",
    "2",
    "1112",
    "0".repeat(9000) + "1",
    "12".repeat(20),
    "1".repeat(30),
  ];
  for (const pattern of patterns) {
    const statuses = [...pattern].map((digit) => Number(digit) as 0 | 1 | 2);
    equal(readChunks(statusChunks(statuses)).slice(0, statuses.length).join(""), pattern);
  }
});

function readChunks(chunks: readonly number[]): number[] {
  return chunks.flatMap((chunk) => {
    if (chunk < 0x8000) return new Array<number>(chunk & 0x1fff).fill(chunk >> 13);
    if (chunk < 0xc000) return Array.from({ length: 14 }, (_, i) => chunk >> (13 - i) & 1);
    return Array.from({ length: 7 }, (_, i) => chunk >> 2 * (6 - i) & 3);
  });
}
