import { ParseError } from "../../../../src/base/errors.ts";
import { HandshakeContext } from "../../../../src/protocols/webrtc/dtls/engine/association.ts";
import {
  createMessage,
  fragmentMessage,
  Reassembler,
} from "../../../../src/protocols/webrtc/dtls/engine/handshake_message.ts";
import { createEphemeralKey, groups } from "../../../../src/protocols/webrtc/dtls/engine/key_agreement.ts";
import { RecordLayer } from "../../../../src/protocols/webrtc/dtls/engine/record_layer.ts";
import { ReplayWindow } from "../../../../src/protocols/webrtc/dtls/engine/replay_window.ts";
import { prf, verifyData } from "../../../../src/protocols/webrtc/dtls/engine/secrets.ts";
import { Signer } from "../../../../src/protocols/webrtc/dtls/engine/signatures.ts";
import { createIdentity } from "../../../../src/protocols/webrtc/dtls/identity.ts";
import { packRecords } from "../../../../src/protocols/webrtc/dtls/records.ts";
import { equal, fromHex, hex, throws } from "../../../support/assert.ts";

Deno.test("TLS 1.2 PRF with SHA-256, the vector that implementers share", () => {
  const secret = fromHex("9bbe436ba940f017b17652849a71db35");
  const seed = fromHex("a0ba9f936cda311827a6f796ffd5198c");
  const expected = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a" +
    "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
    "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701" +
    "87347b66";
  equal(hex(prf(secret, "test label", seed, 100)), expected);
});

Deno.test("DTLS: the replay window takes each number once, and none that is too old", () => {
  const window = new ReplayWindow();
  const take = (sequence: number) => {
    const isNew = window.isNew(sequence);
    if (isNew) window.mark(sequence);
    return isNew;
  };
  equal([5, 5, 3, 4, 3].map(take), [true, false, true, true, false]);
  equal([68, 5, 4, 6, 6].map(take), [true, false, false, true, false]);
  equal([1000, 68, 937, 936, 937].map(take), [true, false, true, false, false]);
});

Deno.test("DTLS: a message is whole again whatever the order and the overlap of its pieces", () => {
  const message = createMessage(11, 0, Uint8Array.from({ length: 100 }, (_, i) => i));
  const pieces = [...fragmentMessage(message, 40), ...fragmentMessage(message, 52)].reverse();
  const reassembler = new Reassembler();
  for (const piece of pieces.slice(0, 3)) reassembler.add(piece, 0);
  for (const piece of pieces.slice(3)) reassembler.add(piece, 0);
  equal(reassembler.next(), message);
  equal(reassembler.next(), null);
  equal(reassembler.add(message.whole, 0), { repeated: true });
});

Deno.test("DTLS: a plain Finished and protected others are not taken", () => {
  const reassembler = new Reassembler();
  const finished = createMessage(20, 0, new Uint8Array(12));
  reassembler.add(finished.whole, 0);
  equal(reassembler.next(), null);
  reassembler.add(createMessage(1, 0, new Uint8Array(12)).whole, 1);
  equal(reassembler.next(), null);
  reassembler.add(finished.whole, 1);
  equal(reassembler.next(), finished);
});

Deno.test("DTLS: messages that claim too much are refused", () => {
  const huge = createMessage(1, 0, new Uint8Array(0)).whole.slice();
  huge.set([0xff, 0xff, 0xff], 1);
  throws(() => new Reassembler().add(huge, 0), ParseError);
  const beyond = createMessage(1, 0, new Uint8Array(8)).whole.slice();
  beyond[8] = 1;
  throws(() => new Reassembler().add(beyond, 0), ParseError);
});

Deno.test("DTLS: Finished has to fit the handshake", () => {
  const identity = createIdentity(0);
  const signer = new Signer(identity.certificate, identity.privateKey);
  const context = new HandshakeContext("server", signer, new RecordLayer());
  const secret = new Uint8Array(32);
  context.randoms = { client: new Uint8Array(32), server: new Uint8Array(32) };
  context.deriveKeys(secret);
  context.transcript.push(Uint8Array.of(1, 2, 3));
  const master = prf(secret, "master secret", new Uint8Array(64), 48);
  const right = verifyData(master, "client", [Uint8Array.of(1, 2, 3)]);
  context.checkFinished(right);
  throws(() => context.checkFinished(verifyData(master, "server", [Uint8Array.of(1, 2, 3)])), /Finished/);
  throws(() => context.checkFinished(right.subarray(0, 11)), /Finished/);
});

Deno.test("DTLS: both groups agree on a secret; keys that are none are refused", () => {
  for (const group of [groups.x25519, groups.p256]) {
    const [a, b] = [createEphemeralKey(group), createEphemeralKey(group)];
    equal(a.agree(b.publicKey), b.agree(a.publicKey));
    throws(() => a.agree(new Uint8Array(b.publicKey.length)), /not valid/);
    throws(() => a.agree(b.publicKey.subarray(1)), /not valid/);
  }
});

Deno.test("DTLS: records share datagrams but are never cut", () => {
  const record = (size: number) => {
    const bytes = new Uint8Array(13 + size);
    bytes.set([size >> 8, size & 0xff], 11);
    return bytes;
  };
  const all = [record(500), record(600), record(100), record(1187), record(2)];
  const bytes = Uint8Array.from(all.flatMap((each) => [...each]));
  equal(packRecords(bytes).sizes, [513 + 613, 113, 1200, 15]);
});
