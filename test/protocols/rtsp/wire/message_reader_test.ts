import { ParseError } from "../../../../src/base/errors.ts";
import { concat } from "../../../../src/base/bytes.ts";
import { HeaderMap } from "../../../../src/protocols/rtsp/wire/header_map.ts";
import { maxBody, maxHeaderCount, maxHeaderLine } from "../../../../src/protocols/rtsp/wire/headers.ts";
import { serializeInterleaved } from "../../../../src/protocols/rtsp/wire/interleaved.ts";
import { maxStartLine, MessageReader } from "../../../../src/protocols/rtsp/wire/message_reader.ts";
import { serializeRequest } from "../../../../src/protocols/rtsp/wire/request.ts";
import { serializeResponse } from "../../../../src/protocols/rtsp/wire/response.ts";
import { equal, hex, ok, throws } from "../../../support/assert.ts";
import { fuzz, fuzzRuns } from "../../../support/fuzz.ts";
import { Random } from "../../../support/random.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

/** Feeds the bytes in pieces of the given sizes and writes every message down as text. */
function readAll(bytes: Uint8Array, nextSize: () => number, rewind = false): string[] {
  const reader = new MessageReader();
  const seen: string[] = [];
  const frames: { at: number; view: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = reader.space();
    ok(space.length > 0);
    const count = Math.min(nextSize(), space.length, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    reader.filled(count);
    at += count;
    for (let message = reader.next(); message !== null; message = reader.next()) {
      if (message.kind === "frame") {
        seen.push(`frame ${reader.channel} `);
        frames.push({ at: seen.length - 1, view: reader.payload });
        if (rewind) seen[seen.length - 1] += hex(reader.payload);
      } else if (message.kind === "request") {
        const { method, url, headers, body } = message.request;
        seen.push(`request ${method} ${url} ${JSON.stringify([...headers])} ${hex(body)}`);
      } else {
        const { status, reason, headers, body } = message.response;
        seen.push(`response ${status} ${reason} ${JSON.stringify([...headers])} ${hex(body)}`);
      }
    }
    if (rewind) reader.rewind();
  }
  // Read at the end: a view must still hold its bytes after everything else was read.
  if (!rewind) { for (const { at, view } of frames) seen[at] += hex(view); }
  equal(reader.pending, 0);
  return seen;
}

function conversation(random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < 40; i++) {
    switch (random.int(5)) {
      case 0:
        parts.push(serializeRequest({
          method: "ANNOUNCE",
          url: `rtsp://host/path/${i}`,
          protocol: "RTSP",
          version: "1.0",
          headers: new HeaderMap([["CSeq", `${i}`]]),
          body: random.bytes(random.int(random.pick([1, 300, 20000]))),
        }));
        break;
      case 1:
        parts.push(serializeResponse({
          status: 200,
          reason: "",
          protocol: "RTSP",
          version: "1.0",
          headers: new HeaderMap([["CSeq", `${i}`], ["X", "y".repeat(random.int(3000))]]),
          body: new Uint8Array(0),
        }));
        break;
      case 2:
        parts.push(ascii(random.pick(["\r\n", "\n", "\r\n\r\n"])));
        break;
      default:
        parts.push(
          serializeInterleaved(random.int(256), random.bytes(random.int(random.pick([1500, 65536])))),
        );
    }
  }
  return concat(parts);
}

Deno.test("the same messages come out however the bytes are cut", () => {
  const random = new Random(7);
  for (let run = 0; run < 10; run++) {
    const bytes = conversation(random);
    const whole = readAll(bytes, () => bytes.length);
    ok(whole.length >= 20);
    equal(readAll(bytes, () => 1 + random.int(20)), whole);
    equal(readAll(bytes, () => 1 + random.int(3000)), whole);
    equal(readAll(bytes, () => 1 + random.int(9000), true), whole);
    const pushed = new MessageReader();
    pushed.push(bytes);
    let count = 0;
    while (pushed.next() !== null) count++;
    equal(count, whole.length);
  }
});

Deno.test("a frame is a view into the slab and is not overwritten by later reads", () => {
  const reader = new MessageReader();
  reader.push(concat([serializeInterleaved(2, ascii("abc")), serializeInterleaved(3, ascii("de"))]));
  equal(reader.next()?.kind, "frame");
  const first = reader.payload;
  equal(reader.channel, 2);
  equal(reader.next()?.kind, "frame");
  equal(first.buffer, reader.payload.buffer);
  for (let i = 0; i < 500; i++) {
    const space = reader.space();
    space.fill(0x0a);
    reader.filled(space.length);
    equal(reader.next(), null);
  }
  equal(hex(first), hex(ascii("abc")));
});

Deno.test("the slab of a connection that only sends requests stays small, that of a publisher grows", () => {
  const request = ascii("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
  const quiet = new MessageReader();
  for (let i = 0; i < 1000; i++) {
    quiet.space().set(request);
    quiet.filled(request.length);
    ok(quiet.next() !== null);
    equal(quiet.next(), null);
    quiet.rewind();
  }
  equal(quiet.space().buffer.byteLength, 2048);
  const busy = new MessageReader();
  const frame = serializeInterleaved(0, new Uint8Array(1020));
  for (let i = 0, offset = 0; i < 1000; i++) {
    const space = busy.space();
    for (let at = 0; at < space.length; at++) space[at] = frame[(offset + at) % frame.length];
    offset += space.length;
    busy.filled(space.length);
    while (busy.next() !== null);
  }
  equal(busy.space().buffer.byteLength, 256 * 1024);
});

Deno.test("takeRest gives what follows the opening of a tunnel", () => {
  const reader = new MessageReader();
  reader.push(ascii("POST /p HTTP/1.0\r\nContent-Length: 32767\r\n\r\nT1BUSU9OUw=="));
  const message = reader.next();
  ok(message?.kind === "request");
  equal(message.request.protocol, "HTTP");
  equal(message.request.body.length, 0);
  equal(new TextDecoder().decode(reader.takeRest()), "T1BUSU9OUw==");
  equal(reader.pending, 0);
  equal(reader.next(), null);
});

const refused: [name: string, bytes: Uint8Array, field: string][] = [
  ["binary garbage", Uint8Array.of(0x80, 0x60, 1, 2), "message"],
  ["garbage after a frame", concat([serializeInterleaved(0, ascii("x")), Uint8Array.of(0)]), "message"],
  ["a word", ascii("hello\r\n\r\n"), "request line"],
  ["no URL", ascii("OPTIONS RTSP/1.0\r\n\r\n"), "request line"],
  ["another protocol", ascii("GET / SPDY/3\r\n\r\n"), "version"],
  ["a method with digits", ascii("PL4Y rtsp://h/p RTSP/1.0\r\n\r\n"), "method"],
  ["a status that is no number", ascii("RTSP/1.0 OK\r\n\r\n"), "status line"],
  ["a start line without end", ascii("A".repeat(maxStartLine + 2)), "start line"],
  ["a header line without end", ascii("OPTIONS * RTSP/1.0\r\n" + "A".repeat(maxHeaderLine + 2)), "header"],
  ["too many headers", ascii("OPTIONS * RTSP/1.0\r\n" + "A: b\r\n".repeat(maxHeaderCount + 1)), "header"],
  [
    "too much of headers",
    ascii("OPTIONS * RTSP/1.0\r\n" + `A: ${"b".repeat(4000)}\r\n`.repeat(20)),
    "header",
  ],
  ["a header without colon", ascii("OPTIONS * RTSP/1.0\r\nCSeq 1\r\n\r\n"), "header"],
  ["a header without name", ascii("OPTIONS * RTSP/1.0\r\n: 1\r\n\r\n"), "header"],
  ["a folded first line", ascii("OPTIONS * RTSP/1.0\r\n x\r\n\r\n"), "header"],
  ["a negative length", ascii("OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n"), "Content-Length"],
  [
    "two lengths",
    ascii("OPTIONS * RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    "Content-Length",
  ],
  [
    "too large a body",
    ascii(`OPTIONS * RTSP/1.0\r\nContent-Length: ${maxBody + 1}\r\n\r\n`),
    "Content-Length",
  ],
];

for (const [name, bytes, field] of refused) {
  Deno.test(`refused: ${name}`, () => {
    const reader = new MessageReader();
    reader.push(bytes);
    throws(() => {
      while (reader.next() !== null);
    }, (error) => error instanceof ParseError && error.field === field);
  });
}

Deno.test("fuzz: only ParseError, and the same outcome in pieces", () => {
  const random = new Random(3);
  const seeds = [
    ascii(
      "SETUP rtsp://h/p/trackID=0 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP\r\nContent-Length: 3\r\n\r\nabc",
    ),
    ascii("RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n$\0\0\x03abcRTSP/1.0 404 Not Found\r\n\r\n"),
    concat([serializeInterleaved(1, ascii("0123456789")), ascii("\r\nTEARDOWN * RTSP/1.0\r\n\r\n")]),
  ];
  const outcome = (bytes: Uint8Array, size: () => number): string[] => {
    const reader = new MessageReader();
    const seen: string[] = [];
    try {
      for (let at = 0; at < bytes.length;) {
        const piece = bytes.subarray(at, at + size());
        reader.push(piece);
        at += piece.length;
        for (let message = reader.next(); message !== null; message = reader.next()) {
          seen.push(message.kind === "frame" ? hex(reader.payload) : JSON.stringify(message));
        }
      }
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      seen.push(error.message);
    }
    return seen;
  };
  fuzz("MessageReader", seeds, (bytes) => {
    equal(outcome(bytes, () => 1 + random.int(5)), outcome(bytes, () => 1 << 20));
  }, fuzzRuns);
});
