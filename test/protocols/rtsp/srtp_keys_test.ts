import type { PacketCrypto } from "../../../src/base/packet_crypto.ts";
import { createKeyedSender, mediaSrtp } from "../../../src/protocols/rtsp/srtp_keys.ts";
import { HeaderMap } from "../../../src/protocols/rtsp/wire/header_map.ts";
import { type RtspRequest, rtspVersion } from "../../../src/protocols/rtsp/wire/request.ts";
import { portableCrypto } from "../../../src/rtp/srtp/mod.ts";
import { equal, throws } from "../../support/assert.ts";

/** Counts what is open: ciphers hold memory that nobody else frees. */
function counting(): PacketCrypto & { open: number } {
  const count = <T extends { close(): void }>(cipher: T): T => {
    crypto.open++;
    const close = cipher.close.bind(cipher);
    cipher.close = () => {
      crypto.open--;
      close();
    };
    return cipher;
  };
  const crypto: PacketCrypto & { open: number } = {
    name: "portable",
    open: 0,
    counterMode: (key) => count(portableCrypto.counterMode(key)),
    hmacSha1: (key) => count(portableCrypto.hmacSha1(key)),
    gcm: (key) => count(portableCrypto.gcm(key)),
  };
  return crypto;
}

for (const value of [undefined, 'prot=mikey;uri="";data="AAAA"']) {
  Deno.test(`a SETUP with ${value === undefined ? "no" : "broken"} keys leaves no cipher behind`, () => {
    const srtpCrypto = counting();
    const headers = new HeaderMap(value === undefined ? [] : [["KeyMgmt", value]]);
    const request: RtspRequest = {
      ...rtspVersion,
      method: "SETUP",
      url: "rtsps://127.0.0.1/cam",
      headers,
      body: new Uint8Array(0),
    };
    const own = createKeyedSender(srtpCrypto);
    throws(() => mediaSrtp({ srtpCrypto }, request, own.sender, false), Error);
    equal(srtpCrypto.open, 0);
    const shared = createKeyedSender(srtpCrypto);
    const before = srtpCrypto.open;
    throws(() => mediaSrtp({ srtpCrypto }, request, shared.sender, true), Error);
    equal(srtpCrypto.open, before);
    shared.sender.close();
  });
}
