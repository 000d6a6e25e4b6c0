import { ParseError } from "../../../../src/base/errors.ts";
import {
  parseKeyMgmt,
  parseKeyMgmtAttribute,
  serializeKeyMgmt,
  serializeKeyMgmtAttribute,
} from "../../../../src/protocols/rtsp/wire/key_mgmt.ts";
import { maxMikeyKeys } from "../../../../src/protocols/rtsp/wire/mikey/kemac.ts";
import {
  maxMikeyMessage,
  maxMikeyPayloads,
  type MikeyMessage,
  parseMikey,
  serializeMikey,
} from "../../../../src/protocols/rtsp/wire/mikey/message.ts";
import {
  mikeyFromSrtp,
  mikeyTime,
  srtpFromMikey,
  type SrtpKeys,
} from "../../../../src/protocols/rtsp/wire/mikey/srtp.ts";
import { concat } from "../../../../src/base/bytes.ts";
import { equal, fromHex, hex, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";

/** Sent by rtspclientsink of GStreamer 1.22 with profiles=savp: the attribute of ANNOUNCE, the header of SETUP. */
const gstreamerAttribute =
  "mikey AQAFAL3El+QBAABuwNHnAAAAAAsA7q0cg7s9fTkKEKUcZ3ZaeKzVqez7OgJjdmwBAAAAFQABAQEBEAIBAQMBCgcB" +
  "AQgBAQoBAQAAACIAIAAesgsVRklMVBBInxd9yJzUAPiB6u+3dFytDnl54HVXAA==";
const gstreamerHeader =
  'prot=mikey;uri="rtsp://127.0.0.1:29657/s/stream=0";data="AQAFALysH3cCAABuwNHnAAAAAAAt+L9kAAAAAAsA' +
  "7q0cg7unqFAKEEmPQcntNg0piqGg4Nn99VEBAAAAFQABAQEBEAIBAQMBCgcBAQgBAQoBAQAAACIAIAAesgsVRklMVBBInxd9yJzUAPiB6u+3dFyt" +
  'Dnl54HVXAA=="';
/** The key of both. */
const masterKey = "b20b1546494c5410489f177dc89cd400";
const masterSalt = "f881eaefb7745cad0e7979e07557";

const parameters: readonly (readonly [type: number, value: number])[] = [
  [0, 1],
  [1, 16],
  [2, 1],
  [3, 10],
  [7, 1],
  [8, 1],
  [10, 1],
];

Deno.test("the message of GStreamer's ANNOUNCE, both ways", () => {
  const message = parseKeyMgmtAttribute(gstreamerAttribute);
  equal(message, {
    bundleId: 0xbdc497e4,
    wantsAnswer: false,
    sessions: [{ policy: 0, ssrc: 1858130407, rolloverCounter: 0 }],
    payloads: [
      { type: "timestamp", ntp: 0xeead1c83bb3d7d39n, local: false },
      { type: "random", bytes: fromHex("a51c67765a78acd5a9ecfb3a0263766c") },
      {
        type: "policy",
        policy: {
          number: 0,
          parameters: parameters.map(([type, value]) => ({ type, value: Uint8Array.of(value) })),
        },
      },
      { type: "keys", keys: [{ key: fromHex(masterKey + masterSalt), validity: { type: "none" } }] },
    ],
  });
  equal(serializeKeyMgmtAttribute(message), gstreamerAttribute);
  // The second of the capture.
  equal(new Date(mikeyTime(message)!).toISOString().slice(0, 19), "2026-11-22T07:47:15");
});

Deno.test("the header of GStreamer's SETUP, both ways", () => {
  const keyMgmt = parseKeyMgmt(gstreamerHeader);
  equal(keyMgmt.url, "rtsp://127.0.0.1:29657/s/stream=0");
  equal(serializeKeyMgmt(keyMgmt), gstreamerHeader);
  const keys = srtpFromMikey(keyMgmt.message);
  equal([hex(keys.masterKey), hex(keys.masterSalt)], [masterKey, masterSalt]);
  equal(keys.masterKeyIdentifier, undefined);
  equal(keys.streams, [
    { ssrc: 1858130407, rolloverCounter: 0 },
    { ssrc: 0x2df8bf64, rolloverCounter: 0 },
  ]);
});

Deno.test("the header is read with spaces, without quotes, without uri, and with the padding of XProtect", () => {
  const data = gstreamerAttribute.slice("mikey ".length);
  equal(parseKeyMgmt(`Prot = MIKEY ; data = ${data} ;`).url, "");
  const padded = btoa(atob(data) + "\0");
  equal(parseKeyMgmtAttribute(`mikey  ${padded}`), parseKeyMgmtAttribute(gstreamerAttribute));
});

const keys: SrtpKeys = {
  masterKey: fromHex(masterKey),
  masterSalt: fromHex(masterSalt),
  masterKeyIdentifier: fromHex("01020304"),
  streams: [{ ssrc: 0xdeadbeef, rolloverCounter: 3 }, { ssrc: 1, rolloverCounter: 0 }],
};
const now = Date.UTC(2024, 1, 29, 12, 0, 0, 500);
const context = { bundleId: 0x80000001, random: fromHex("00112233445566778899aabbccddeeff"), now };

Deno.test("keys survive the way through a message", () => {
  for (const one of [keys, { ...keys, masterKeyIdentifier: undefined, streams: [] }]) {
    const bytes = serializeMikey(mikeyFromSrtp(one, context));
    const read = parseMikey(bytes);
    const { masterKeyIdentifier, ...rest } = srtpFromMikey(read);
    equal({ ...rest, masterKeyIdentifier }, { ...one });
    equal(mikeyTime(read), now);
    equal(hex(serializeMikey(read)), hex(bytes));
  }
});

Deno.test("what we write, byte by byte", () => {
  equal(
    hex(serializeMikey(mikeyFromSrtp({ ...keys, masterKeyIdentifier: undefined }, context))),
    "01000500" + "80000001" + "0200" + "00deadbeef00000003" + "000000000100000000" +
      "0b00" + "e98af04080000000" + "0a10" + "00112233445566778899aabbccddeeff" +
      "010000" + "0018" + "000101" + "010110" + "020101" + "03010a" + "070101" + "080101" + "0a0101" +
      "0b010a" +
      "0000" + "0022" + "00" + "20" + "001e" + masterKey + masterSalt + "00",
  );
});

Deno.test("every kind of payload, both ways", () => {
  const message: MikeyMessage = {
    bundleId: 7,
    wantsAnswer: true,
    sessions: [],
    payloads: [
      { type: "counter", value: 5 },
      { type: "timestamp", ntp: 1n, local: true },
      { type: "opaque", code: 6, kind: 0, bytes: fromHex("6162") },
      { type: "opaque", code: 21, kind: 1, bytes: fromHex("") },
      {
        type: "keys",
        keys: [
          {
            key: fromHex(masterKey),
            salt: fromHex(masterSalt),
            validity: { type: "interval", from: fromHex("01"), to: fromHex("") },
          },
          { key: fromHex("00"), validity: { type: "spi", spi: fromHex("aabb") } },
        ],
      },
    ],
  };
  equal(parseMikey(serializeMikey(message)), message);
});

Deno.test("a salt of its own is joined to the key", () => {
  const message = mikeyFromSrtp(keys, context);
  const key = { key: keys.masterKey, salt: keys.masterSalt, validity: { type: "none" } } as const;
  const read = srtpFromMikey({ ...message, payloads: [{ type: "keys", keys: [key] }] });
  equal([hex(read.masterKey), hex(read.masterSalt)], [masterKey, masterSalt]);
});

Deno.test("the authentication key may be said to have 160 bits, and parameters that we do not know are passed over", () => {
  const message = mikeyFromSrtp(keys, context);
  const parameters = [{ type: 3, value: Uint8Array.of(20) }, { type: 99, value: Uint8Array.of(1) }];
  const policy = { type: "policy", policy: { number: 0, parameters } } as const;
  equal(
    srtpFromMikey({ ...message, payloads: [policy, message.payloads[3]] }).masterKey,
    keys.masterKey,
  );
});

const good = serializeMikey(mikeyFromSrtp(keys, context));
/** The message with a byte replaced; offsets as in the byte by byte test, with the key identifier at the end. */
const withByte = (offset: number, value: number) => {
  const bytes = good.slice();
  bytes[offset] = value;
  return bytes;
};
const refusedBytes: readonly (readonly [name: string, bytes: Uint8Array, field: string])[] = [
  ["empty", new Uint8Array(0), "version"],
  ["version 2", withByte(0, 2), "version"],
  ["an answer", withByte(1, 1), "data type"],
  ["an unknown payload", withByte(2, 99), "next payload"],
  ["another PRF", withByte(3, 1), "PRF func"],
  ["another map", withByte(9, 1), "CS ID map type"],
  ["an unknown time", withByte(29, 3), "TS type"],
  ["too little randomness", withByte(39, 15), "RAND len"],
  ["another protocol", withByte(58, 1), "prot type"],
  ["encrypted keys", withByte(86, 1), "encr alg"],
  ["a key to generate others", withByte(90, 0x00), "key type"],
  ["an unknown validity", withByte(90, 0x23), "KV"],
  ["authenticated keys", withByte(good.length - 1, 1), "MAC alg"],
  ["cut", good.subarray(0, good.length - 1), "MAC alg"],
  ["more behind the end", concat([good, Uint8Array.of(0, 1)]), "MIKEY"],
  ["too long", new Uint8Array(maxMikeyMessage + 1), "MIKEY"],
  [
    "too many payloads",
    serializeMikey({
      bundleId: 0,
      wantsAnswer: false,
      sessions: [],
      payloads: Array(maxMikeyPayloads + 1).fill({ type: "counter", value: 0 }),
    }),
    "MIKEY",
  ],
  [
    "too many keys",
    serializeMikey({
      bundleId: 0,
      wantsAnswer: false,
      sessions: [],
      payloads: [{
        type: "keys",
        keys: Array(maxMikeyKeys + 1).fill({ key: new Uint8Array(1), validity: { type: "none" } }),
      }],
    }),
    "KEMAC",
  ],
];
for (const [name, bytes, field] of refusedBytes) {
  Deno.test(`MIKEY refused: ${name}`, () => {
    throws(() => parseMikey(bytes), (error) => error instanceof ParseError && error.field === field);
  });
}

const refusedKeys: readonly (readonly [name: string, payloads: MikeyMessage["payloads"], field: string])[] = [
  ["no key", [], "KEMAC"],
  ["a short key", [{ type: "keys", keys: [{ key: fromHex("00"), validity: { type: "none" } }] }], "key data"],
  [
    "256 bits",
    [{ type: "policy", policy: { number: 0, parameters: [{ type: 1, value: Uint8Array.of(32) }] } }],
    "policy param",
  ],
  [
    "no authentication",
    [{ type: "policy", policy: { number: 0, parameters: [{ type: 10, value: Uint8Array.of(0) }] } }],
    "policy param",
  ],
  [
    "no encryption of RTCP",
    [{ type: "policy", policy: { number: 0, parameters: [{ type: 8, value: Uint8Array.of(0) }] } }],
    "policy param",
  ],
  [
    "a long key identifier",
    [{
      type: "keys",
      keys: [{ key: new Uint8Array(30), validity: { type: "spi", spi: new Uint8Array(129) } }],
    }],
    "SPI",
  ],
];
for (const [name, payloads, field] of refusedKeys) {
  Deno.test(`SRTP keys refused: ${name}`, () => {
    throws(
      () => srtpFromMikey({ bundleId: 0, wantsAnswer: false, sessions: [], payloads }),
      (error) => error instanceof ParseError && error.field === field,
    );
  });
}

Deno.test("KeyMgmt refused", () => {
  for (
    const text of [
      "",
      "prot=sdes;data=AQ==",
      "prot=mikey;uri=x",
      'prot=mikey;data="!!"',
      'prot=mikey;data="AQ=="',
    ]
  ) {
    throws(() => parseKeyMgmt(text), ParseError);
  }
  for (const text of ["", "mikey", "sdes AQ==", "mikey %"]) {
    throws(() => parseKeyMgmtAttribute(text), ParseError);
  }
});

Deno.test("fuzz: only ParseError, and what is written is read as the same", () => {
  const seeds = [good, serializeMikey(parseKeyMgmt(gstreamerHeader).message)];
  fuzz("parseMikey", seeds, (bytes) => {
    const message = parseMikey(bytes);
    equal(parseMikey(serializeMikey(message)), message);
    srtpFromMikey(message);
  });
});
