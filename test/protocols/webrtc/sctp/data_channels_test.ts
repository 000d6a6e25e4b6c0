import { defaultMaxMessageSize } from "../../../../src/protocols/webrtc/sctp/mod.ts";
import { maxBufferedBytes } from "../../../../src/protocols/webrtc/sctp/engine/sending.ts";
import {
  chunkType,
  parsePacket,
  serializePacket,
} from "../../../../src/protocols/webrtc/sctp/wire/packet.ts";
import { equal, ok } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { goodWire, Simulation } from "./simulation.ts";

const binary = (label: string, bytes: Uint8Array) => ({ label, bytes, kind: "binary" as const });

Deno.test("SCTP: both sides open at once, channels of both carry messages", () => {
  const simulation = new Simulation(goodWire);
  const klv = simulation.server.open("KLV", 0);
  const other = simulation.client.open("other", 0);
  // Before the association is there: these wait.
  equal(klv.send(Uint8Array.of(1, 2, 3), 0), true);
  equal(other.send(Uint8Array.of(9), 0), true);
  ok(
    simulation.run(
      1000,
      () => simulation.received.client.length > 0 && simulation.received.server.length > 0,
    ),
  );
  equal(simulation.received.client, [binary("KLV", Uint8Array.of(1, 2, 3))]);
  equal(simulation.received.server, [binary("other", Uint8Array.of(9))]);
  equal(klv.send(new Uint8Array(0), simulation.now), true);
  const later = simulation.server.open("later", simulation.now);
  equal(later.send(Uint8Array.of(4), simulation.now), true);
  ok(simulation.run(1000, () => simulation.received.client.length === 3));
  equal(simulation.received.client.slice(1), [
    binary("KLV", new Uint8Array(0)),
    binary("later", Uint8Array.of(4)),
  ]);
});

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`SCTP: everything arrives once and in order over a wire that loses 15 % (seed ${seed})`, () => {
    const simulation = new Simulation({ seed, loss: 0.15, delayMs: 20, jitterMs: 15 });
    const channel = simulation.server.open("KLV", 0);
    const random = new Random(seed);
    // Also longer than a packet.
    const messages = Array.from(
      { length: 200 },
      () => random.bytes(1 + random.int(random.int(4) === 0 ? 20_000 : 600)),
    );
    for (const message of messages.slice(0, 50)) channel.send(message, simulation.now);
    for (const message of messages.slice(50)) {
      simulation.run(40);
      channel.send(message, simulation.now);
    }
    equal(channel.dropped, 0);
    ok(simulation.run(120_000, () => simulation.received.client.length === messages.length));
    equal(simulation.received.client.map(({ bytes }) => bytes), messages);
    equal(simulation.closeReasons, { server: [], client: [] });
  });
}

Deno.test("SCTP: a lost packet is repeated before the timer, when later ones arrive", () => {
  const simulation = new Simulation(goodWire);
  const channel = simulation.server.open("KLV", 0);
  simulation.run(200);
  simulation.cut = true;
  channel.send(Uint8Array.of(0), simulation.now);
  simulation.cut = false;
  const sentAt = simulation.now;
  for (let i = 1; i <= 4; i++) {
    simulation.run(10);
    channel.send(Uint8Array.of(i), simulation.now);
  }
  ok(simulation.run(300, () => simulation.received.client.length === 5));
  ok(simulation.now - sentAt < 150, `after ${simulation.now - sentAt} ms`);
  equal(simulation.received.client.map(({ bytes }) => bytes[0]), [0, 1, 2, 3, 4]);
});

Deno.test("SCTP: a peer that takes nothing costs a bounded buffer; whole messages are dropped and counted", () => {
  const simulation = new Simulation(goodWire);
  const channel = simulation.server.open("KLV", 0);
  simulation.run(200);
  simulation.cut = true;
  const message = new Uint8Array(10_000).fill(7);
  const sent =
    Array.from({ length: 200 }, () => channel.send(message, simulation.now)).filter(Boolean).length;
  equal(sent, Math.floor(maxBufferedBytes / message.length));
  equal(channel.dropped, 200 - sent);
  simulation.cut = false;
  ok(simulation.run(60_000, () => simulation.received.client.length === sent));
  equal(channel.send(message, simulation.now), true);
});

Deno.test("SCTP: messages that are too long for the peer are dropped and counted", () => {
  const simulation = new Simulation(goodWire, { maxMessageSize: 1000 });
  const channel = simulation.server.open("KLV", 0);
  simulation.run(200);
  equal(channel.send(new Uint8Array(1001), simulation.now), false);
  equal(channel.send(new Uint8Array(1000), simulation.now), true);
  equal(channel.dropped, 1);
});

Deno.test("SCTP: before the peer is there, only some messages wait", () => {
  const simulation = new Simulation({ ...goodWire, loss: 1 });
  const channel = simulation.server.open("KLV", 0);
  const taken = Array.from({ length: 100 }, () => channel.send(Uint8Array.of(1), 0)).filter(Boolean).length;
  equal(taken, 64);
  equal(channel.dropped, 36);
  simulation.run(30_000);
  equal(simulation.closeReasons.server, ["the peer does not answer the SCTP association"]);
  equal(channel.send(Uint8Array.of(1), simulation.now), false);
});

Deno.test("SCTP: the end is told to the peer; a vanished peer is noticed", () => {
  const simulation = new Simulation(goodWire);
  const channel = simulation.client.open("x", 0);
  simulation.run(200);
  simulation.server.close();
  simulation.run(100);
  equal(simulation.closeReasons, { server: [], client: ["the peer ended the SCTP association"] });
  equal(channel.send(Uint8Array.of(1), simulation.now), false);

  const silent = new Simulation(goodWire);
  const waiting = silent.server.open("KLV", 0);
  silent.run(200);
  silent.cut = true;
  waiting.send(Uint8Array.of(1), silent.now);
  silent.run(200_000);
  equal(silent.closeReasons.server, ["the peer does not acknowledge"]);
});

Deno.test("SCTP: an orderly shutdown by the peer ends the association", () => {
  const simulation = new Simulation(goodWire);
  simulation.run(200);
  const last = parsePacket(simulation.packets[simulation.packets.length - 1]);
  const toServer = simulation.packets.map((bytes) => parsePacket(bytes))
    .filter(({ verificationTag }) => verificationTag !== 0);
  const tags = new Set(toServer.map(({ verificationTag }) => verificationTag));
  for (const verificationTag of tags) {
    const chunks = [{ type: chunkType.shutdown, flags: 0, value: new Uint8Array(4) }];
    simulation.server.receive(serializePacket({ ...last, verificationTag, chunks }), simulation.now);
  }
  equal(simulation.closeReasons.server, ["the peer closed the SCTP association"]);
});

Deno.test("SCTP: a message longer than we announce ends the association", () => {
  const simulation = new Simulation(goodWire, { maxMessageSize: 0 });
  const channel = simulation.server.open("KLV", 0);
  simulation.run(200);
  channel.send(new Uint8Array(defaultMaxMessageSize + 1), simulation.now);
  simulation.run(5000);
  equal(simulation.closeReasons.client.length, 1);
});

Deno.test("SCTP: packets for another association and damaged ones are ignored", () => {
  const simulation = new Simulation(goodWire);
  const channel = simulation.server.open("KLV", 0);
  simulation.run(200);
  const abort = [{ type: chunkType.abort, flags: 0, value: new Uint8Array(0) }];
  const ports = { sourcePort: 5000, destinationPort: 5000 };
  simulation.client.receive(
    serializePacket({ ...ports, verificationTag: 12345, chunks: abort }),
    simulation.now,
  );
  const damaged = simulation.packets[simulation.packets.length - 1].slice();
  damaged[damaged.length - 1] ^= 1;
  simulation.client.receive(damaged, simulation.now);
  channel.send(Uint8Array.of(1), simulation.now);
  simulation.run(200);
  equal(simulation.received.client, [binary("KLV", Uint8Array.of(1))]);
  equal(simulation.closeReasons, { server: [], client: [] });
});
