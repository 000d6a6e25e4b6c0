import { UserError } from "../../../src/base/errors.ts";
import type { PacketCrypto } from "../../../src/base/packet_crypto.ts";
import { fastPacketCrypto } from "../../../src/net/packet_crypto.ts";
import { buildRtpPacket } from "../../../src/rtp/packet.ts";
import {
  createSrtpReceiver,
  createSrtpSender,
  maxSrtpSources,
  portableCrypto,
  type SrtpBatch,
  type SrtpParameters,
  type SrtpProfile,
  srtpProfiles,
} from "../../../src/rtp/srtp/mod.ts";
import { equal, fromHex, hex, ok, throws } from "../../support/assert.ts";
import { mutate } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";

const random = new Random(11);
const ssrc = 0xcafebabe;

function parametersOf(profile: SrtpProfile, crypto: PacketCrypto, mki?: Uint8Array): SrtpParameters {
  const fixed = new Random(99);
  return { profile, key: fixed.bytes(profile.keySize), salt: fixed.bytes(profile.saltSize), mki, crypto };
}

function rtpPacket(sequence: number, size = 200, from = ssrc): Uint8Array {
  const header = { payloadType: 96, sequence, timestamp: sequence * 3000, ssrc: from, marker: false };
  return buildRtpPacket(header, [random.bytes(size)]).bytes;
}

function batchOf(packets: readonly Uint8Array[]): SrtpBatch {
  const sizes = packets.map(({ length }) => length);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const packet of packets) {
    bytes.set(packet, at);
    at += packet.length;
  }
  return { bytes, sizes };
}

function split(batch: SrtpBatch): Uint8Array[] {
  let at = 0;
  return batch.sizes.map((size) => batch.bytes.slice(at, at += size));
}

/** With a CSRC, a header extension and no payload, besides plain ones of many sizes. */
function variety(): Uint8Array[] {
  const odd = rtpPacket(4, 40);
  odd[0] = 0x91;
  odd.set([0xbe, 0xde, 0, 1], 16);
  return [rtpPacket(1, 1188), rtpPacket(2, 1), rtpPacket(3, 0), odd, rtpPacket(5, 16), rtpPacket(6, 333)];
}

const rtcpPacket = fromHex("80c90001cafebabe81ca0004cafebabe0106616263646566000000000000");

function test(
  name: string,
  body: (profile: SrtpProfile, sending: PacketCrypto, receiving: PacketCrypto) => void,
): void {
  const fast = fastPacketCrypto;
  for (const profile of Object.values(srtpProfiles)) {
    Deno.test(`srtp ${profile.name} portable: ${name}`, () => body(profile, portableCrypto, portableCrypto));
    Deno.test({
      name: `srtp ${profile.name} libcrypto and portable: ${name}`,
      ignore: fast === undefined,
      fn: () => {
        if (fast === undefined) return;
        body(profile, fast, portableCrypto);
        body(profile, portableCrypto, fast);
      },
    });
  }
}

test("what one side protects the other reads, with and without MKI", (profile, sending, receiving) => {
  for (const mki of [undefined, Uint8Array.of(1), Uint8Array.of(1, 2, 3, 4, 5, 6)]) {
    const sender = createSrtpSender(parametersOf(profile, sending, mki));
    const receiver = createSrtpReceiver(parametersOf(profile, receiving, mki));
    const packets = variety();
    const sealed = sender.protect(batchOf(packets));
    equal(sender.overhead, profile.tagSize + (mki?.length ?? 0));
    for (const [i, bytes] of split(sealed).entries()) {
      equal(bytes.length, packets[i].length + sender.overhead);
      equal(hex(bytes.subarray(0, 12)), hex(packets[i].subarray(0, 12)));
      const result = receiver.unprotect(bytes);
      ok(result.kind === "ok");
      equal(hex(result.bytes), hex(packets[i]));
    }
    for (let i = 0; i < 3; i++) {
      const bytes = sender.protectRtcp(rtcpPacket);
      equal(bytes.length, rtcpPacket.length + profile.rtcpTagSize + 4 + (mki?.length ?? 0));
      ok(!hex(bytes).includes(hex(rtcpPacket.subarray(8, 16))));
      const result = receiver.unprotectRtcp(bytes);
      ok(result.kind === "ok");
      equal(hex(result.bytes), hex(rtcpPacket));
    }
    sender.close();
    receiver.close();
  }
});

test("a packet protected again is the same and is refused the second time", (profile, sending, receiving) => {
  const sender = createSrtpSender(parametersOf(profile, sending));
  const receiver = createSrtpReceiver(parametersOf(profile, receiving));
  const packet = rtpPacket(100);
  const first = sender.protect(batchOf([packet]));
  sender.protect(batchOf([rtpPacket(101), rtpPacket(102)]));
  const again = sender.protect(batchOf([packet]));
  equal(hex(again.bytes), hex(first.bytes));
  equal(receiver.unprotect(first.bytes.slice()).kind, "ok");
  equal(receiver.unprotect(again.bytes), { kind: "refused", reason: "replayed" });
  const rtcp = sender.protectRtcp(rtcpPacket);
  equal(receiver.unprotectRtcp(rtcp.slice()).kind, "ok");
  equal(receiver.unprotectRtcp(rtcp), { kind: "refused", reason: "replayed" });
  sender.close();
  receiver.close();
});

test("the rollover counter follows wraps, reordering and a late join", (profile, sending, receiving) => {
  const sender = createSrtpSender(parametersOf(profile, sending));
  const receiver = createSrtpReceiver(parametersOf(profile, receiving));
  const packets: Uint8Array[] = [];
  for (let extended = 65_000; extended < 65_000 + 3 * 65_536; extended += 97) {
    packets.push(rtpPacket(extended % 65_536, 20));
  }
  const sealed = split(sender.protect(batchOf(packets)));
  // Neighbours change places, also around the wraps.
  for (let i = 0; i + 1 < sealed.length; i += 2) {
    for (const at of i === 0 ? [0, 1] : [i + 1, i]) {
      const result = receiver.unprotect(sealed[at].slice());
      ok(result.kind === "ok", `packet ${at}`);
      equal(hex(result.bytes), hex(packets[at]));
    }
  }
  equal(sender.rollover(ssrc), 3);
  const next = rtpPacket(65_100);
  const late = createSrtpReceiver({
    ...parametersOf(profile, receiving),
    rollovers: new Map([[ssrc, sender.rollover(ssrc)]]),
  });
  const unaware = createSrtpReceiver(parametersOf(profile, receiving));
  const { bytes } = sender.protect(batchOf([next]));
  equal(unaware.unprotect(bytes.slice()), { kind: "refused", reason: "not authentic" });
  equal(late.unprotect(bytes).kind, "ok");
  for (const context of [sender, receiver, late, unaware]) context.close();
});

test("a changed packet is refused and changes nothing", (profile, sending, receiving) => {
  const mki = Uint8Array.of(7, 7);
  const sender = createSrtpSender(parametersOf(profile, sending, mki));
  const receiver = createSrtpReceiver(parametersOf(profile, receiving, mki));
  const sealed = sender.protect(batchOf([rtpPacket(500, 100)])).bytes;
  const rtcp = sender.protectRtcp(rtcpPacket);
  for (let i = 0; i < 300; i++) {
    for (const [good, open] of [[sealed, "unprotect"], [rtcp, "unprotectRtcp"]] as const) {
      const bad = mutate(random, good);
      if (hex(bad) === hex(good)) continue;
      equal(receiver[open](bad).kind, "refused", hex(bad));
    }
  }
  const wrongKey = sealed.slice();
  wrongKey[profile.cipher === "gcm" ? wrongKey.length - 1 : wrongKey.length - profile.tagSize - 1] ^= 1;
  equal(receiver.unprotect(wrongKey), { kind: "refused", reason: "unknown key identifier" });
  const malformed = { kind: "refused", reason: "malformed" };
  for (const size of [0, 1, 11, 12, 11 + sender.overhead]) {
    equal(receiver.unprotect(sealed.slice(0, size)), malformed);
  }
  for (const size of [0, 1, 7, 8, 7 + profile.rtcpTagSize + 4 + mki.length]) {
    equal(receiver.unprotectRtcp(rtcp.slice(0, size)), malformed);
  }
  equal(receiver.unprotect(sealed).kind, "ok");
  equal(receiver.unprotectRtcp(rtcp).kind, "ok");
  sender.close();
  receiver.close();
});

Deno.test("srtp: the packets that libsrtp's own test prints", () => {
  const sender = createSrtpSender({
    profile: srtpProfiles.aes128CounterSha1Tag80,
    key: fromHex("e1f97a0d3e018be0d64fa32c06de4139"),
    salt: fromHex("0ec675ad498afeebb6960b3aabe6"),
    crypto: portableCrypto,
  });
  const rtp = fromHex(`800f1234decafbadcafebabe${"ab".repeat(16)}`);
  equal(
    hex(sender.protect(batchOf([rtp])).bytes),
    "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
  );
  const rtcp = fromHex(`81c8000bcafebabe${"ab".repeat(16)}`);
  sender.protectRtcp(rtcp);
  equal(
    hex(sender.protectRtcp(rtcp)),
    "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798",
  );
  sender.close();
});

Deno.test("srtp: sources under one key are limited", () => {
  const parameters = parametersOf(srtpProfiles.aes128CounterSha1Tag80, fastPacketCrypto ?? portableCrypto);
  const sender = createSrtpSender(parameters);
  const receiver = createSrtpReceiver(parameters);
  for (let source = 0; source <= maxSrtpSources; source++) {
    const result = receiver.unprotect(sender.protect(batchOf([rtpPacket(1, 10, source)])).bytes);
    if (source < maxSrtpSources) equal(result.kind, "ok");
    else equal(result, { kind: "refused", reason: "too many sources" });
  }
  sender.close();
  receiver.close();
});

Deno.test("srtp: packets far behind the newest are refused, those within the window are not", () => {
  const parameters = parametersOf(srtpProfiles.aes128Gcm, portableCrypto);
  const sender = createSrtpSender(parameters);
  const receiver = createSrtpReceiver(parameters);
  const sealed = split(
    sender.protect(batchOf(Array.from({ length: 3000 }, (_, i) => rtpPacket(1000 + i, 10)))),
  );
  const open = (at: number) => receiver.unprotect(sealed[at].slice());
  equal(open(0).kind, "ok");
  equal(open(1500).kind, "ok");
  equal(open(1500 - 1023).kind, "ok");
  equal(open(1500 - 1023), { kind: "refused", reason: "replayed" });
  equal(open(1500 - 1024), { kind: "refused", reason: "replayed" });
  equal(open(2999).kind, "ok");
  equal(open(1500), { kind: "refused", reason: "replayed" });
  equal(open(2998).kind, "ok");
  equal(open(1980).kind, "ok");
  sender.close();
  receiver.close();
});

Deno.test("srtp: key and salt must fit the profile", () => {
  const parameters = parametersOf(srtpProfiles.aes128Gcm, portableCrypto);
  throws(() => createSrtpSender({ ...parameters, salt: new Uint8Array(14) }), UserError);
  throws(() => createSrtpReceiver({ ...parameters, key: new Uint8Array(32) }), UserError);
});
