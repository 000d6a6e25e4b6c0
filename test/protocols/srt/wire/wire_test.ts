import { ParseError } from "../../../../src/base/errors.ts";
import { parseAck, serializeAck } from "../../../../src/protocols/srt/wire/ack.ts";
import {
  parseExtensions,
  parseHandshakeExtension,
  parseText,
  serializeText,
} from "../../../../src/protocols/srt/wire/extension.ts";
import { parseHandshake, serializeHandshake } from "../../../../src/protocols/srt/wire/handshake.ts";
import { parseKeyMaterial, serializeKeyMaterial } from "../../../../src/protocols/srt/wire/key_material.ts";
import {
  parseDropRange,
  parseLossList,
  serializeDropRange,
  serializeLossList,
} from "../../../../src/protocols/srt/wire/loss_list.ts";
import { parseControl, serializeControl } from "../../../../src/protocols/srt/wire/packet.ts";
import { addSequence, sequenceDistance, sequenceMask } from "../../../../src/protocols/srt/wire/sequence.ts";
import { parseStreamId } from "../../../../src/protocols/srt/wire/stream_id.ts";
import { parseSrtUrl } from "../../../../src/protocols/srt/wire/url.ts";
import { unwrapKeys, wrapKeys } from "../../../../src/protocols/srt/engine/key_wrap.ts";
import { equal, fromHex, hex, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";

/** A conclusion of libsrt 1.5.1 with stream id `read:x` and a latency of 120 ms: header, handshake, two extensions. */
const conclusion = fromHex(`
  80000000 00000000 0001c2b4 00000000
  00000005 00000005 1f3a77c1 000005dc 00002000 ffffffff 2d1f9c03 5a6b7c8d
  0100007f 00000000 00000000 00000000
  00010003 00010501 000000bf 00780078
  00050002 64616572 0000783a`);

const keyMaterial = fromHex(`
  12202901 00000000 02000200 00000404
  000102030405060708090a0b0c0d0e0f
  1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5`);

Deno.test("srt wire: a conclusion of libsrt", () => {
  const control = parseControl(conclusion);
  equal([control.type, control.timestamp, control.destination], [0, 0x1c2b4, 0]);
  const handshake = parseHandshake(control.body);
  equal(
    [handshake.version, handshake.extensionField, handshake.segmentSize, handshake.flowWindow],
    [5, 5, 1500, 8192],
  );
  const [hello, streamId] = handshake.extensions;
  equal(parseHandshakeExtension(hello.content), {
    srtVersion: 0x010501,
    flags: 0xbf,
    receiverDelay: 120,
    senderDelay: 120,
  });
  equal(parseText(streamId.content), "read:x");
  equal(hex(serializeControl({ ...control, body: serializeHandshake(handshake) })), hex(conclusion));
});

Deno.test("srt wire: texts of any length keep their bytes", () => {
  for (const text of ["", "a", "ab", "abc", "abcd", "#!::m=publish,r=straße", "x".repeat(512)]) {
    equal(parseText(serializeText(text)), text);
  }
  equal(hex(serializeText("ABCDE")), "4443424100000045");
  throws(() => serializeText("x".repeat(513)), ParseError);
});

Deno.test("srt wire: key material, with the first key of RFC 3394 §4.1", () => {
  const parsed = parseKeyMaterial(keyMaterial);
  equal([parsed.keys, parsed.mode, parsed.keyLength], [1, "ctr", 16]);
  equal(hex(serializeKeyMaterial(parsed)), hex(keyMaterial));
  const kek = fromHex("000102030405060708090A0B0C0D0E0F");
  equal(hex(unwrapKeys(kek, parsed.wrapped)!), "00112233445566778899aabbccddeeff");
});

/** RFC 3394 §4: key-encrypting key, key, wrapped. */
const wrapped = [
  [
    "000102030405060708090A0B0C0D0E0F1011121314151617",
    "00112233445566778899AABBCCDDEEFF0001020304050607",
    "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
  ],
  [
    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
    "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
    "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
  ],
] as const;

Deno.test("srt wire: key wrap of RFC 3394", () => {
  for (const [kek, key, expected] of wrapped) {
    equal(hex(wrapKeys(fromHex(kek), fromHex(key))), expected);
    equal(hex(unwrapKeys(fromHex(kek), fromHex(expected))!), key.toLowerCase());
    const broken = fromHex(expected);
    broken[9] ^= 1;
    equal(unwrapKeys(fromHex(kek), broken), null);
  }
});

Deno.test("srt wire: sequence numbers on their circle", () => {
  equal(addSequence(sequenceMask, 1), 0);
  equal(addSequence(0, -1), sequenceMask);
  equal(sequenceDistance(sequenceMask, 1), 2);
  equal(sequenceDistance(1, sequenceMask), -2);
  equal(sequenceDistance(0, 0x3fff_ffff), 0x3fff_ffff);
});

Deno.test("srt wire: acknowledgements of three sizes", () => {
  const light = { sequence: 7, statistics: null, rates: null };
  const small = { ...light, statistics: { rtt: 1000, rttVariance: 200, availableBuffer: 8000 } };
  const full = { ...small, rates: { packetRate: 10, linkCapacity: 20, byteRate: 30 } };
  for (const ack of [light, small, full]) equal(parseAck(serializeAck(ack)), ack);
});

Deno.test("srt wire: lists of losses", () => {
  const ranges = [{ first: 5, last: 5 }, { first: 9, last: 12 }, { first: sequenceMask, last: 1 }];
  equal(hex(serializeLossList(ranges)), "00000005800000090000000cffffffff00000001");
  equal(parseLossList(serializeLossList(ranges)), ranges);
  equal(parseDropRange(serializeDropRange(ranges[1])), ranges[1]);
  throws(() => parseLossList(fromHex("80000009 00000008")), ParseError);
  throws(() => parseLossList(fromHex("80000009")), ParseError);
});

const streamIds: readonly (readonly [string, string])[] = [
  ["publish:cam", "publish cam   "],
  ["read:a/b:x=1&y=2", "read a/b   x=1&y=2"],
  ["publish:cam:me:secret", "publish cam me secret "],
  ["publish:cam:me:secret:x=1", "publish cam me secret x=1"],
  ["publish:cam:me:secret#feedbackplay", "publish cam me secret "],
  ["#!::r=cam,m=publish,u=me,s=secret", "publish cam me secret "],
  ["#!::r=cam", "read cam   "],
  ["#!::h=host,t=stream,x=1,m=request,r=/cam", "read /cam   "],
];

Deno.test("srt wire: what stream ids ask for", () => {
  for (const [text, expected] of streamIds) {
    const { action, path, user, pass, query } = parseStreamId(text);
    equal([action, path, user, pass, query].join(" "), expected, text);
  }
  for (
    const text of ["", "cam", "play:cam", "read:", "a:b:c:d:e:f", "#!::m=publish", "#!::r", "#!::r=a,m=bidi"]
  ) {
    throws(() => parseStreamId(text), ParseError, text);
  }
});

Deno.test("srt wire: URLs", () => {
  const url = parseSrtUrl(
    "srt://[::1]:8890?streamid=%23!::r=a,m=publish&latency=500&pbkeylen=32&passphrase=0123456789",
  );
  equal([url.hostname, url.port, url.streamId], ["::1", 8890, "#!::r=a,m=publish"]);
  equal([url.receiveLatency, url.peerLatency, url.keyLength, url.passphrase], [500, 500, 32, "0123456789"]);
  equal(parseSrtUrl("srt://h:1?streamid=#!::r=a").streamId, "#!::r=a");
  for (
    const text of [
      "srt://h",
      "srt://h:0",
      "srt://h:1?mode=listener",
      "srt://h:1?passphrase=short",
      "srt://h:1?latenci=5",
      "srt://h:1?latency=-5",
      "srt://h:1?pbkeylen=20",
      "srt://h:1?transtype=file",
    ]
  ) {
    throws(() => parseSrtUrl(text), ParseError, text);
  }
});

Deno.test("srt wire: whatever comes, parsers throw nothing but ParseError", () => {
  fuzz("control", [conclusion], (bytes) => void parseHandshake(parseControl(bytes).body));
  fuzz("extensions", [conclusion.subarray(64)], (bytes) => {
    for (const { content } of parseExtensions(bytes)) parseText(content);
  });
  fuzz("key material", [keyMaterial], (bytes) => void parseKeyMaterial(bytes));
  fuzz("loss list", [serializeLossList([{ first: 1, last: 9 }])], (bytes) => void parseLossList(bytes));
  fuzz("stream id", streamIds.map(([text]) => new TextEncoder().encode(text)), (bytes) => {
    parseStreamId(new TextDecoder().decode(bytes));
  });
});
