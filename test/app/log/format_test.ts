import {
  escapeControls,
  formatPlain,
  formatStructured,
  formatTimestamp,
} from "../../../src/app/log/format.ts";
import { formatSyslog } from "../../../src/app/log/syslog.ts";
import { equal, match } from "../../support/assert.ts";

/** 4 March 2026, 09:05:07.120 in the local zone, whatever that is. */
const at = new Date(2026, 2, 4, 9, 5, 7, 120);

/** A date that claims to be in another zone: minutes as `getTimezoneOffset` gives them. */
class ZonedDate extends Date {
  constructor(time: number, private readonly offset: number) {
    super(time);
  }

  override getTimezoneOffset(): number {
    return this.offset;
  }
}

Deno.test("plain: local time without fractions, level, message", () => {
  equal(formatPlain(at, "info", "hello", false), "2026/03/04 09:05:07 INF hello\n");
  equal(formatPlain(at, "debug", "hello", false), "2026/03/04 09:05:07 DEB hello\n");
  equal(formatPlain(at, "warn", "hello", false), "2026/03/04 09:05:07 WAR hello\n");
  equal(formatPlain(at, "error", "hello", false), "2026/03/04 09:05:07 ERR hello\n");
});

Deno.test("plain: colours around time and level only", () => {
  const expected = "\x1b[90m2026/03/04 09:05:07\x1b[0m \x1b[32mINF\x1b[0m hello\n";
  equal(formatPlain(at, "info", "hello", true), expected);
});

Deno.test("plain: dumps keep their lines, with the line ends of the log", () => {
  const dump = "[conn 1.2.3.4:5] [c->s] OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n";
  const expected = "2026/03/04 09:05:07 DEB [conn 1.2.3.4:5] [c->s] OPTIONS * RTSP/1.0\nCSeq: 1\n\n";
  equal(formatPlain(at, "debug", dump, false), expected);
});

Deno.test("plain: what could drive a terminal is escaped", () => {
  equal(escapeControls("a\x1b[2Jb\x07c\rd\x7fe\x9bf"), "a\\x1b[2Jb\\x07c\\x0dd\\x7fe\\x9bf");
  equal(escapeControls("tab\tand ünïcode 漢字 🎥"), "tab\tand ünïcode 漢字 🎥");
});

Deno.test("structured: one object a line, keys in a fixed order", () => {
  const zoned = new ZonedDate(Date.UTC(2026, 2, 4, 9, 5, 7, 120), 0);
  const expected = '{"timestamp":"2026-03-04T09:05:07.12Z","level":"WAR","message":"hello"}\n';
  equal(formatStructured(zoned, "warn", "hello"), expected);
});

const messages = [
  'say "hi"',
  "back\\slash",
  "two\nlines",
  "\x00\x07\x0b\x1b\x7f",
  "\u2028 🎥",
  "lone \ud800 half",
];
for (const message of messages) {
  Deno.test(`structured: ${JSON.stringify(message)} gives valid JSON on one line`, () => {
    const line = formatStructured(at, "info", message);
    equal(line.indexOf("\n"), line.length - 1);
    const parsed: unknown = JSON.parse(new TextDecoder().decode(new TextEncoder().encode(line)));
    equal(parsed, { timestamp: formatTimestamp(at), level: "INF", message });
    equal(Object.keys(Object(parsed)), ["timestamp", "level", "message"]);
  });
}

const noon = Date.UTC(2026, 0, 1, 12, 0, 0);
const timestamps: readonly (readonly [millis: number, offset: number, text: string])[] = [
  [0, 0, "2026-01-01T12:00:00Z"],
  [100, 0, "2026-01-01T12:00:00.1Z"],
  [120, -60, "2026-01-01T13:00:00.12+01:00"],
  [7, 210, "2026-01-01T08:30:00.007-03:30"],
  [999, -765, "2026-01-02T00:45:00.999+12:45"],
];
for (const [millis, offset, text] of timestamps) {
  Deno.test(`timestamp: ${text}`, () => equal(formatTimestamp(new ZonedDate(noon + millis, offset)), text));
}

Deno.test("syslog: facility daemon, severity of the level, padded day", () => {
  equal(formatSyslog(at, "error", "livemux", 42, "oh"), "<27>Mar  4 09:05:07 livemux[42]: oh\n");
  match(formatSyslog(at, "warn", "x", 1, "oh"), /^<28>/);
  match(formatSyslog(at, "info", "x", 1, "oh"), /^<30>/);
  match(formatSyslog(at, "debug", "x", 1, "oh"), /^<31>/);
});
