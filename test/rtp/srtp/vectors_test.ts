/** The numbers printed in RFC 3711 appendix B and RFC 7714 §16, with each provider of ciphers. */
import type { PacketCrypto } from "../../../src/base/packet_crypto.ts";
import { systemCrypto } from "../../../src/net/ffi/libcrypto.ts";
import { createPacketCipher } from "../../../src/rtp/srtp/packet_cipher.ts";
import { portableCrypto } from "../../../src/rtp/srtp/portable_crypto.ts";
import { deriveSessionKeys, srtpProfiles } from "../../../src/rtp/srtp/profile.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";

const providers: readonly (readonly [string, PacketCrypto | undefined])[] = [
  ["portable", portableCrypto],
  ["libcrypto", systemCrypto],
];

function test(name: string, body: (crypto: PacketCrypto) => void): void {
  for (const [provider, crypto] of providers) {
    Deno.test({
      name: `srtp ${provider}: ${name}`,
      ignore: crypto === undefined,
      fn: () => {
        if (crypto !== undefined) body(crypto);
      },
    });
  }
}

test("RFC 3711 B.2 counter mode, first and last blocks", (crypto) => {
  const cipher = crypto.counterMode(fromHex("2B7E151628AED2A6ABF7158809CF4F3C"));
  const counter = fromHex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
  const stream = new Uint8Array(0xff02 * 16);
  cipher.apply(counter, stream, [{ start: 0, end: stream.length }]);
  equal(
    hex(stream.subarray(0, 48)),
    "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0",
  );
  equal(
    hex(stream.subarray(0xfeff * 16)),
    "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44",
  );
  cipher.close();
});

test("RFC 3711 B.3 key derivation", (crypto) => {
  const keys = deriveSessionKeys({
    profile: srtpProfiles.aes128CounterSha1Tag80,
    key: fromHex("E1F97A0D3E018BE0D64FA32C06DE4139"),
    salt: fromHex("0EC675AD498AFEEBB6960B3AABE6"),
    crypto,
  }, "rtp");
  equal(hex(keys.key), "c61e7a93744f39ee10734afe3ff7a087");
  equal(hex(keys.salt), "30cbbc08863d8c85d49db34a9ae1");
  equal(hex(keys.authKey), "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
});

test("HMAC-SHA1 of RFC 2202, the same context again and again", (crypto) => {
  const auth = crypto.hmacSha1(fromHex("0b".repeat(20)));
  for (let i = 0; i < 3; i++) {
    const tag = auth.sign(new TextEncoder().encode("Hi There"));
    equal(hex(tag), "b617318655057264e28bc0b6fb378c8ef146be00");
  }
  auth.close();
});

const salt = fromHex("517569642070726f2071756f");
const rtp = fromHex(`8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
  61727465 73207472 6573`);
const rtcp = fromHex(
  `81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
  deadbeef deadbeef deadbeef`,
);
const key128 = "000102030405060708090a0b0c0d0e0f";
const key256 = `${key128}101112131415161718191a1b1c1d1e1f`;

const gcmCases = [
  {
    name: "RFC 7714 §16.1.1 SRTP AEAD_AES_128_GCM",
    profile: srtpProfiles.aes128Gcm,
    key: key128,
    kind: "rtp",
    plain: rtp,
    sealed:
      `8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf883389
      9d7f27beb16a9152cf765ee4390cce`,
  },
  {
    name: "RFC 7714 §16.2.1 SRTP AEAD_AES_256_GCM",
    profile: srtpProfiles.aes256Gcm,
    key: key256,
    kind: "rtp",
    plain: rtp,
    sealed:
      `8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7a
      a3db36dfffd6b0f9bb7878d7a76c13`,
  },
  {
    name: "RFC 7714 §17.1 SRTCP AEAD_AES_128_GCM",
    profile: srtpProfiles.aes128Gcm,
    key: key128,
    kind: "rtcp",
    plain: rtcp,
    sealed:
      `81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb927
      5bc84aa45896cf4d2fc5abf87245d9eade`,
  },
  {
    name: "RFC 7714 §17.3 SRTCP AEAD_AES_256_GCM",
    profile: srtpProfiles.aes256Gcm,
    key: key256,
    kind: "rtcp",
    plain: rtcp,
    sealed:
      `81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6f
      ad1d1eb30c4446839f57ff6f6cb26ac3be`,
  },
] as const;

for (const { name, profile, key, kind, plain, sealed } of gcmCases) {
  test(name, (crypto) => {
    const cipher = createPacketCipher(crypto, profile, {
      key: fromHex(key),
      authKey: new Uint8Array(0),
      salt,
    }, kind);
    const bytes = new Uint8Array(plain.length + 16);
    bytes.set(plain);
    const ssrcAt = kind === "rtp" ? 8 : 4;
    const place = {
      start: 0,
      header: kind === "rtp" ? 12 : 8,
      end: plain.length,
      ssrc: new DataView(plain.buffer).getUint32(ssrcAt),
      tagAt: plain.length,
      payload: plain.subarray(kind === "rtp" ? 12 : 8),
    };
    const index = kind === "rtp" ? 0xf17b : 0x5d4;
    const trailer = kind === "rtp" ? 0 : 0x800005d4;
    cipher.seal(bytes, [place], [index]);
    equal(hex(bytes), sealed.replace(/\s+/g, ""));
    ok(cipher.open(bytes, place, index, trailer, true));
    equal(hex(bytes.subarray(0, plain.length)), hex(plain));
    cipher.close();
  });
}
