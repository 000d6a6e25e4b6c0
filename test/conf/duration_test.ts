import { ParseError } from "../../src/base/errors.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/conf/mod.ts";
import { equal, throws } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { fuzzRuns } from "../support/fuzz.ts";

/** Text, milliseconds, canonical text. */
const durations: readonly [string, number, string][] = [
  ["", 0, ""],
  ["0", 0, ""],
  ["+0", 0, ""],
  ["0s", 0, ""],
  ["10s", 10_000, "10s"],
  ["60s", 60_000, "1m0s"],
  ["1h", 3_600_000, "1h0m0s"],
  ["24h", 86_400_000, "1d"],
  ["36h", 129_600_000, "1d12h0m0s"],
  ["1d", 86_400_000, "1d"],
  ["1d12h", 129_600_000, "1d12h0m0s"],
  ["-1d12h", -129_600_000, "-1d12h0m0s"],
  ["0d5h", 18_000_000, "5h0m0s"],
  ["200ms", 200, "200ms"],
  ["1500ms", 1_500, "1.5s"],
  ["1.5h", 5_400_000, "1h30m0s"],
  [".5s", 500, "500ms"],
  ["1.s", 1_000, "1s"],
  ["-5m", -300_000, "-5m0s"],
  ["+5m", 300_000, "5m0s"],
  ["1h2m3.004s", 3_723_004, "1h2m3.004s"],
  ["1s1s", 2_000, "2s"],
  ["1us", 0.001, "1µs"],
  ["1µs", 0.001, "1µs"],
  ["1.5μs", 0.0015, "1.5µs"],
  ["1ns", 0.000001, "1ns"],
  ["1m0.000000001s", 60_000.000001, "1m0.000000001s"],
  ["106751d", 106_751 * 86_400_000, "106751d"],
];

Deno.test("durations: text, milliseconds, text", () => {
  for (const [text, millis, canonical] of durations) {
    equal(parseDuration(text), millis, text);
    equal(formatDuration(millis), canonical, text);
  }
});

Deno.test("durations: what is refused", () => {
  const bad = [
    "5",
    "5 s",
    "s",
    ".s",
    "1h5",
    "-",
    "+",
    "1x",
    "1d1d",
    "d",
    "1.5d",
    "--1s",
    "1s-1s",
    "1e3s",
    " 1s",
    "1S",
    "١s",
    "200000d",
    "10000000000s",
    "9".repeat(300) + "s",
  ];
  for (const text of bad) throws(() => parseDuration(text), ParseError, text);
});

Deno.test("durations: every canonical text reads back as the same number", () => {
  const random = new Random(7);
  for (let run = 0; run < fuzzRuns; run++) {
    const millis = Math.floor(random.next() * 10 ** (1 + random.int(12))) * random.pick([1, -1]);
    equal(parseDuration(formatDuration(millis)), millis + 0);
  }
});

/** Text, bytes, canonical text. */
const sizes: readonly [string, number, string][] = [
  ["0B", 0, "0B"],
  ["1B", 1, "1B"],
  ["50M", 52_428_800, "50M"],
  ["50MB", 52_428_800, "50M"],
  ["50mib", 52_428_800, "50M"],
  ["1.5k", 1_536, "1.5K"],
  ["1.0009K", 1_024, "1K"],
  ["1.25K", 1_280, "1.2K"],
  ["1.75K", 1_792, "1.8K"],
  ["1023B", 1_023, "1023B"],
  ["1024B", 1_024, "1K"],
  ["2G", 2 ** 31, "2G"],
  ["3TiB", 3 * 2 ** 40, "3T"],
  ["1P", 2 ** 50, "1P"],
  ["1E", 2 ** 60, "1E"],
  [".5K", 512, "512B"],
];

Deno.test("sizes: text, bytes, text", () => {
  for (const [text, bytes, canonical] of sizes) {
    equal(parseSize(text), bytes, text);
    equal(formatSize(bytes), canonical, text);
  }
});

Deno.test("sizes: what is refused", () => {
  for (
    const text of [
      "",
      "5",
      "-5M",
      "5 M",
      "M",
      "5X",
      "5MM",
      "5BB",
      "5BI",
      "1e3K",
      "16E",
      "0x5M",
      "5M5K",
      ".M",
      "5.5.5M",
    ]
  ) {
    throws(() => parseSize(text), ParseError, text);
  }
});

Deno.test("durations and sizes: random text gives a number or ParseError", () => {
  const random = new Random(11);
  const pieces = [
    "1",
    "9",
    "0",
    ".",
    "-",
    "+",
    "d",
    "h",
    "m",
    "s",
    "ms",
    "µs",
    "ns",
    "K",
    "M",
    "iB",
    "e",
    " ",
    "\0",
    "é",
    "99999999999",
  ];
  let numbers = 0;
  for (let run = 0; run < fuzzRuns; run++) {
    const text = Array.from({ length: random.int(8) }, () => random.pick(pieces)).join("");
    for (const parse of [parseDuration, parseSize]) {
      try {
        equal(Number.isFinite(parse(text)), true);
        numbers++;
      } catch (error) {
        if (!(error instanceof ParseError)) throw new Error(`${JSON.stringify(text)} gave ${error}`);
      }
    }
  }
  equal(numbers > 0, true);
});
