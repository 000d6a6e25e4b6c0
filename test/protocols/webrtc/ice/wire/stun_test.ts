/** STUN messages against the vectors of RFC 5769, round trips, and nonsense. */
import {
  attributeType,
  findAttribute,
  looksLikeStun,
  maxAttributes,
  parseStun,
  serializeStun,
  type StunClass,
  stunMethod,
  unknownRequired,
} from "../../../../../src/protocols/webrtc/ice/wire/stun.ts";
import {
  checkFingerprint,
  checkIntegrity,
  longTermKey,
  shortTermKey,
} from "../../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import {
  addressAttribute,
  errorCodeAttribute,
  numberAttribute,
  parseErrorCode,
  parseMappedAddress,
  parseNumber,
  parseText,
  parseTieBreaker,
  parseXorAddress,
  textAttribute,
  tieBreakerAttribute,
  useCandidateAttribute,
} from "../../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal, fromHex, hex, ok, throws } from "../../../../support/assert.ts";
import { fuzz } from "../../../../support/fuzz.ts";
import { Random } from "../../../../support/random.ts";

const password = "VOkJxbRl1RmTxUk/WvJxBt";

/** RFC 5769 §2.1–2.4. */
export const vectors = {
  request: fromHex(`
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74 00240004 6e0001ff
    80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249
    c1b571a2 80280004 e57a3bcf`),
  ipv4: fromHex(`
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008 0001a147 e112a643
    00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96`),
  ipv6: fromHex(`
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014 0002a147 0113a9fa
    a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c`),
  longTerm: fromHex(`
    00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
    0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341 0014000b 6578616d 706c652e 6f726700
    00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666`),
};

Deno.test("STUN: the request of RFC 5769", () => {
  const message = parseStun(vectors.request);
  equal([message.method, message.class], [stunMethod.binding, "request"]);
  equal(hex(message.transactionId), "b7e7a701bc34d686fa87dfae");
  equal(parseText(findAttribute(message, attributeType.username)!, "USERNAME"), "evtj:h6vY");
  equal(parseNumber(findAttribute(message, attributeType.priority)!, "PRIORITY"), 0x6e0001ff);
  equal(parseTieBreaker(findAttribute(message, attributeType.iceControlled)!), 0x932ff9b151263b36n);
  equal(checkIntegrity(message, shortTermKey(password)), "right");
  equal(checkIntegrity(message, shortTermKey("other")), "wrong");
  equal(checkFingerprint(message), "right");
});

Deno.test("STUN: the responses of RFC 5769", () => {
  const expected = {
    ipv4: { ip: "192.0.2.1", port: 32853 },
    ipv6: { ip: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853 },
  };
  for (const family of ["ipv4", "ipv6"] as const) {
    const message = parseStun(vectors[family]);
    equal([message.method, message.class], [stunMethod.binding, "success"]);
    const value = findAttribute(message, attributeType.xorMappedAddress)!;
    equal(parseXorAddress(value, message.transactionId), expected[family]);
    equal(checkIntegrity(message, shortTermKey(password)), "right");
    equal(checkFingerprint(message), "right");
    const again = addressAttribute(attributeType.xorMappedAddress, expected[family], message.transactionId);
    equal(hex(again.value), hex(value));
  }
});

Deno.test("STUN: the request with long-term credentials of RFC 5769", () => {
  const message = parseStun(vectors.longTerm);
  const username = parseText(findAttribute(message, attributeType.username)!, "USERNAME");
  const realm = parseText(findAttribute(message, attributeType.realm)!, "REALM");
  equal([username, realm], ["マトリックス", "example.org"]);
  equal(checkIntegrity(message, longTermKey(username, realm, "TheMatrIX")), "right");
  equal(checkFingerprint(message), "missing");
});

Deno.test("STUN: any changed bit is noticed", () => {
  const key = shortTermKey(password);
  for (let i = 0; i < vectors.request.length * 8; i++) {
    const bytes = vectors.request.slice();
    bytes[i >> 3] ^= 1 << (i & 7);
    try {
      equal(
        checkFingerprint(parseStun(bytes)) === "right" && checkIntegrity(parseStun(bytes), key) === "right",
        false,
      );
    } catch {
      // It does not even parse.
    }
  }
});

Deno.test("STUN: what is written can be read", () => {
  const random = new Random(1);
  const classes: readonly StunClass[] = ["request", "indication", "success", "error"];
  for (const method of [1, 3, 4, 6, 7, 8, 9, 0x7f]) {
    for (const kind of classes) {
      const transactionId = random.bytes(12);
      const key = random.bytes(20);
      const bytes = serializeStun({
        method,
        class: kind,
        transactionId,
        attributes: [
          textAttribute(attributeType.username, "abc:de"),
          numberAttribute(attributeType.priority, 0xfffffffe),
          tieBreakerAttribute(attributeType.iceControlling, 2n ** 64n - 1n),
          useCandidateAttribute,
          errorCodeAttribute({ code: 487, reason: "Role Conflict" }),
        ],
      }, { key, fingerprint: true });
      ok(looksLikeStun(bytes));
      const message = parseStun(bytes);
      equal([message.method, message.class, hex(message.transactionId)], [method, kind, hex(transactionId)]);
      equal([checkIntegrity(message, key), checkFingerprint(message)], ["right", "right"]);
      equal(parseNumber(findAttribute(message, attributeType.priority)!, "PRIORITY"), 0xfffffffe);
      equal(parseTieBreaker(findAttribute(message, attributeType.iceControlling)!), 2n ** 64n - 1n);
      equal(findAttribute(message, attributeType.useCandidate)?.length, 0);
      equal(parseErrorCode(findAttribute(message, attributeType.errorCode)!), {
        code: 487,
        reason: "Role Conflict",
      });
    }
  }
});

Deno.test("STUN: attributes behind the integrity do not count", () => {
  const key = shortTermKey("x");
  const content = { method: 1, class: "request", transactionId: new Uint8Array(12) } as const;
  const bytes = serializeStun({ ...content, attributes: [] }, { key, fingerprint: false });
  const longer = new Uint8Array([...bytes, 0, 0x25, 0, 0]);
  longer[3] += 4;
  const message = parseStun(longer);
  equal(findAttribute(message, attributeType.useCandidate), undefined);
  equal(checkIntegrity(message, key), "right");
});

Deno.test("STUN: unknown attributes that must be understood are named", () => {
  const attributes = [0x7777, 0x8888, attributeType.username, 3].map((type) => ({
    type,
    value: new Uint8Array(1),
  }));
  equal(unknownRequired({ method: 1, class: "request", transactionId: new Uint8Array(12), attributes }), [
    0x7777,
    3,
  ]);
});

Deno.test("STUN: what is malformed is refused", () => {
  const content = { method: 1, class: "request", transactionId: new Uint8Array(12) } as const;
  const many = Array.from({ length: maxAttributes + 1 }, () => useCandidateAttribute);
  const cases: readonly [string, Uint8Array][] = [
    ["empty", new Uint8Array(0)],
    ["no cookie", vectors.request.map((byte, i) => i === 4 ? 0 : byte)],
    ["cut", vectors.request.subarray(0, -4)],
    ["longer than it says", new Uint8Array([...vectors.request, 0, 0, 0, 0])],
    ["an attribute that leaves the message", vectors.ipv4.map((byte, i) => i === 23 ? 0xff : byte)],
    ["too many attributes", serializeStun({ ...content, attributes: many }, { fingerprint: false })],
  ];
  for (const [name, bytes] of cases) throws(() => parseStun(bytes), { name: "ParseError" }, name);
  throws(() => parseMappedAddress(fromHex("0003 0001 01020304")), /address family/);
  throws(() => parseErrorCode(fromHex("00000200")), /ERROR-CODE/);
});

Deno.test("STUN: fuzz", () => {
  fuzz("STUN", Object.values(vectors), (bytes) => {
    const message = parseStun(bytes);
    checkIntegrity(message, shortTermKey(password));
    checkFingerprint(message);
    unknownRequired(message);
    for (const { value } of message.attributes) {
      for (const parse of [parseMappedAddress, parseErrorCode, parseTieBreaker]) {
        try {
          parse(value);
        } catch (error) {
          equal((error as Error).name, "ParseError");
        }
      }
    }
  });
});
