import { concat } from "../../../../src/base/bytes.ts";
import { ParseError } from "../../../../src/base/errors.ts";
import { MessageReader } from "../../../../src/protocols/rtsp/wire/message_reader.ts";
import type { RtspRequest } from "../../../../src/protocols/rtsp/wire/request.ts";
import type { RtspResponse } from "../../../../src/protocols/rtsp/wire/response.ts";
import { Base64Decoder } from "../../../../src/protocols/rtsp/wire/tunnel/base64.ts";
import {
  maxTunnelCookie,
  parseHttpTunnel,
  serializeHttpRefusal,
  serializeHttpTunnelRequest,
  serializeHttpTunnelResponse,
} from "../../../../src/protocols/rtsp/wire/tunnel/http.ts";
import {
  maxWebsocketFrame,
  serializeWebsocketClose,
  serializeWebsocketFrame,
  WebsocketDecoder,
  type WebsocketEvent,
} from "../../../../src/protocols/rtsp/wire/tunnel/websocket_frame.ts";
import {
  checkWebsocketResponse,
  parseWebsocketUpgrade,
  serializeWebsocketRequest,
  serializeWebsocketResponse,
  websocketAccept,
} from "../../../../src/protocols/rtsp/wire/tunnel/websocket_handshake.ts";
import { equal, fromHex, hex, ok, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";
import { Random } from "../../../support/random.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function request(bytes: Uint8Array): RtspRequest {
  const reader = new MessageReader();
  reader.push(bytes);
  const message = reader.next();
  ok(message?.kind === "request");
  return message.request;
}

function response(bytes: Uint8Array): RtspResponse {
  const reader = new MessageReader();
  reader.push(bytes);
  const message = reader.next();
  ok(message?.kind === "response");
  return message.response;
}

const base64Cases: readonly (readonly [digits: string, bytes: string])[] = [
  ["", ""],
  ["QUJD", "ABC"],
  ["QUI=", "AB"],
  ["QQ==", "A"],
  ["QQ==QUI=QUJDQQ==", "AABABCA"],
  ["QQ=QUI", "A"],
  ["QU\r\nJD\r\nRA==\n", "ABCD"],
  ["----____", "\u{fb}"],
];

Deno.test("base64: padding in the middle, white space, any cut", () => {
  const random = new Random(5);
  for (const [digits, expected] of base64Cases.slice(0, 7)) {
    equal(text(new Base64Decoder().decode(ascii(digits))), expected);
    const decoder = new Base64Decoder();
    const parts: Uint8Array[] = [];
    for (let at = 0; at < digits.length;) {
      const size = 1 + random.int(3);
      parts.push(decoder.decode(ascii(digits.slice(at, at + size))));
      at += size;
    }
    equal(text(concat(parts)), expected);
  }
  equal(hex(new Base64Decoder().decode(ascii("----____"))), "fbefbeffffff");
});

Deno.test("base64: requests encoded one by one are joined again", () => {
  const random = new Random(6);
  const whole: Uint8Array[] = [];
  let digits = "";
  for (let i = 0; i < 200; i++) {
    const bytes = random.bytes(random.int(50));
    whole.push(bytes);
    digits += btoa(String.fromCharCode(...bytes));
  }
  const decoder = new Base64Decoder();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < digits.length;) {
    const size = 1 + random.int(30);
    parts.push(decoder.decode(ascii(digits.slice(at, at + size))));
    at += size;
  }
  equal(hex(concat(parts)), hex(concat(whole)));
});

Deno.test("base64 refused", () => {
  for (const digits of ["Q=", "QUJDR=", "$", "QU\0D", "é"]) {
    throws(() => new Base64Decoder().decode(ascii(digits)), ParseError);
  }
});

Deno.test("HTTP tunnel: the requests of a client are recognised", () => {
  for (const method of ["GET", "POST"] as const) {
    const bytes = serializeHttpTunnelRequest(method, { target: "/my cam?x", host: "h:80", cookie: "abc" });
    const parsed = request(bytes);
    equal(parsed.url, "/my%20cam?x");
    equal(parsed.headers.get("host"), "h:80");
    equal(parseHttpTunnel(parsed), { kind: "http", method, cookie: "abc" });
  }
  equal(request(serializeHttpTunnelRequest("GET", { target: "", host: "h", cookie: "c" })).url, "/");
  const live555 = request(ascii(
    "GET /s HTTP/1.0\r\nCSeq: 1\r\nx-sessioncookie: 1234\r\nAccept: application/x-rtsp-tunnelled\r\n\r\n",
  ));
  equal(parseHttpTunnel(live555), { kind: "http", method: "GET", cookie: "1234" });
});

Deno.test("HTTP tunnel: what is none", () => {
  for (
    const head of [
      "GET / HTTP/1.1\r\nHost: h",
      "PUT / HTTP/1.1\r\nx-sessioncookie: 1",
      "OPTIONS * RTSP/1.0\r\nx-sessioncookie: 1",
    ]
  ) equal(parseHttpTunnel(request(ascii(`${head}\r\n\r\n`))), null);
  const long = `GET / HTTP/1.1\r\nx-sessioncookie: ${"x".repeat(maxTunnelCookie + 1)}\r\n\r\n`;
  throws(() => parseHttpTunnel(request(ascii(long))), ParseError);
});

Deno.test("HTTP tunnel: the answers", () => {
  const answer = response(serializeHttpTunnelResponse("1.0"));
  equal([answer.protocol, answer.version, answer.status], ["HTTP", "1.0", 200]);
  equal(answer.headers.get("content-type"), "application/x-rtsp-tunnelled");
  equal(response(serializeHttpRefusal("1.1")).status, 400);
});

Deno.test("WebSocket: the key of RFC 6455 §1.3", () => {
  equal(websocketAccept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

Deno.test("WebSocket: our handshakes fit together", () => {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const parsed = request(serializeWebsocketRequest({ target: "/cam?a=b", host: "h:8554", key }));
  equal(parsed.url, "/cam?a=b");
  const upgrade = parseWebsocketUpgrade(parsed);
  equal(upgrade, { kind: "websocket", key });
  const answer = response(serializeWebsocketResponse(upgrade!));
  checkWebsocketResponse(answer, key);
  throws(() => checkWebsocketResponse(answer, "AAAAAAAAAAAAAAAAAAAAAA=="), ParseError);
  throws(() => checkWebsocketResponse(response(serializeHttpRefusal("1.1")), key), ParseError);
});

Deno.test("WebSocket: what is no upgrade, and what is a broken one", () => {
  const head = (lines: string) => request(ascii(`GET / HTTP/1.1\r\n${lines}\r\n\r\n`));
  const good = "Upgrade: WebSocket\r\nSec-WebSocket-Protocol: x, rtsp.onvif.org\r\nSec-WebSocket-Key: ";
  equal(parseWebsocketUpgrade(head(`${good}dGhlIHNhbXBsZSBub25jZQ==`))?.kind, "websocket");
  equal(parseWebsocketUpgrade(head("Host: h")), null);
  equal(parseWebsocketUpgrade(head("Upgrade: websocket\r\nSec-WebSocket-Protocol: chat")), null);
  throws(() => parseWebsocketUpgrade(head(`${good}short`)), ParseError);
  throws(
    () => parseWebsocketUpgrade(head(`${good}dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8`)),
    ParseError,
  );
});

const hello = ascii("Hello");
/** RFC 6455 §5.7, with binary in place of text. */
const frameVectors:
  readonly (readonly [from: "client" | "server", bytes: string, events: readonly WebsocketEvent[]])[] = [
    ["server", "820548656c6c6f", [{ kind: "data", bytes: hello }]],
    ["client", "828537fa213d7f9f4d5158", [{ kind: "data", bytes: hello }]],
    ["server", "020348656c 80026c6f", [
      { kind: "data", bytes: ascii("Hel") },
      { kind: "data", bytes: ascii("lo") },
    ]],
    ["server", "020348656c 8900 80026c6f", [
      { kind: "data", bytes: ascii("Hel") },
      { kind: "ping", bytes: new Uint8Array(0) },
      { kind: "data", bytes: ascii("lo") },
    ]],
    ["server", "890548656c6c6f", [{ kind: "ping", bytes: hello }]],
    ["client", "8a8537fa213d7f9f4d5158", [{ kind: "pong", bytes: hello }]],
    ["server", "880203e8 820548656c6c6f", [{ kind: "close", status: 1000 }]],
    ["client", "888000000000", [{ kind: "close", status: 1005 }]],
    ["server", "8200 0200 8000", []],
  ];

for (const [from, bytes, events] of frameVectors) {
  Deno.test(`WebSocket frames from the ${from}: ${bytes}`, () => {
    equal(new WebsocketDecoder(from).decode(fromHex(bytes)), events);
  });
}

/** Data joined, so that the cut does not matter. */
function transcript(events: readonly WebsocketEvent[]): string {
  let out = "";
  let inData = false;
  for (const event of events) {
    if (event.kind === "data") out += (inData ? "" : " data:") + hex(event.bytes);
    else out += event.kind === "close" ? ` close:${event.status}` : ` ${event.kind}:${hex(event.bytes)}`;
    inData = event.kind === "data";
  }
  return out;
}

Deno.test("WebSocket: the same comes out however the bytes are cut, in both directions", () => {
  const random = new Random(11);
  for (const from of ["client", "server"] as const) {
    const mask = () => from === "client" ? random.bytes(4) : null;
    const frames: Uint8Array[] = [];
    let expected = "";
    let inData = false;
    for (let i = 0; i < 60; i++) {
      const kind = random.pick(["binary", "binary", "ping", "pong"] as const);
      const bytes = random.bytes(random.int(kind === "binary" ? random.pick([100, 300, 70000]) : 126));
      frames.push(serializeWebsocketFrame(kind, bytes, mask()));
      if (kind === "binary") {
        if (bytes.length > 0) expected += (inData ? "" : " data:") + hex(bytes);
        inData ||= bytes.length > 0;
      } else {
        expected += ` ${kind}:${hex(bytes)}`;
        inData = false;
      }
    }
    frames.push(serializeWebsocketClose(1001, mask()));
    expected += " close:1001";
    const all = concat(frames);
    for (const most of [1 << 30, 5000, 7]) {
      const decoder = new WebsocketDecoder(from);
      const events: WebsocketEvent[] = [];
      for (let at = 0; at < all.length;) {
        const size = 1 + random.int(most);
        events.push(...decoder.decode(all.subarray(at, at + size)));
        at += size;
      }
      ok(transcript(events) === expected, `at most ${most} bytes from the ${from}`);
    }
  }
});

const frameRefusals:
  readonly (readonly [name: string, from: "client" | "server", bytes: string, field: string])[] = [
    ["a client without mask", "client", "820548656c6c6f", "MASK"],
    ["a server with mask", "server", "828537fa213d7f9f4d5158", "MASK"],
    ["text", "server", "810548656c6c6f", "opcode"],
    ["a reserved opcode", "server", "8300", "opcode"],
    ["a reserved control opcode", "server", "8b00", "opcode"],
    ["a reserved bit", "server", "c200", "RSV"],
    ["a fragmented ping", "server", "0900", "control frame"],
    ["a long ping", "server", "897e007e", "control frame"],
    ["a continuation of nothing", "server", "8000", "opcode"],
    ["a message inside another", "server", "020148 8200", "opcode"],
    ["a huge frame", "server", "827f7fffffffffffffff", "payload length"],
    [
      "a frame above the limit",
      "server",
      `827f${(maxWebsocketFrame + 1).toString(16).padStart(16, "0")}`,
      "payload length",
    ],
  ];
for (const [name, from, bytes, field] of frameRefusals) {
  Deno.test(`WebSocket refused: ${name}`, () => {
    throws(
      () => new WebsocketDecoder(from).decode(fromHex(bytes)),
      (error) => error instanceof ParseError && error.field === field,
    );
  });
}

Deno.test("fuzz: WebSocket frames and base64", () => {
  const seeds = frameVectors.map(([, bytes]) => fromHex(bytes));
  fuzz("client frames", seeds, (bytes) => void new WebsocketDecoder("client").decode(bytes));
  fuzz("server frames", seeds, (bytes) => {
    let error = "";
    const outcome = (decode: (decoder: WebsocketDecoder, events: WebsocketEvent[]) => void) => {
      const events: WebsocketEvent[] = [];
      try {
        decode(new WebsocketDecoder("server"), events);
        error = "";
      } catch (thrown) {
        if (!(thrown instanceof ParseError)) throw thrown;
        error = thrown.field;
      }
      return { transcript: transcript(events), error };
    };
    const bytewise = outcome((decoder, events) => {
      for (let i = 0; i < bytes.length; i++) events.push(...decoder.decode(bytes.subarray(i, i + 1)));
    });
    const whole = outcome((decoder, events) => events.push(...decoder.decode(bytes)));
    equal(whole.error, bytewise.error);
    if (whole.error === "") equal(whole.transcript, bytewise.transcript);
  });
  fuzz(
    "base64",
    base64Cases.map(([digits]) => ascii(digits)),
    (bytes) => void new Base64Decoder().decode(bytes),
  );
});
