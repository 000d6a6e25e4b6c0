/** Peers that want to harm: what they send makes sense to a parser. */
import { ParseError } from "../../../../src/base/errors.ts";
import { CallerHandshake } from "../../../../src/protocols/srt/engine/caller.ts";
import type { Connection } from "../../../../src/protocols/srt/engine/connection.ts";
import { ListenerHandshake } from "../../../../src/protocols/srt/engine/listener.ts";
import { DeliveryClock } from "../../../../src/protocols/srt/engine/tsbpd.ts";
import { serializeAck } from "../../../../src/protocols/srt/wire/ack.ts";
import { ExtensionType } from "../../../../src/protocols/srt/wire/extension.ts";
import {
  HandshakeType,
  parseHandshake,
  Rejection,
  serializeHandshake,
  srtMagic,
} from "../../../../src/protocols/srt/wire/handshake.ts";
import { serializeDropRange, serializeLossList } from "../../../../src/protocols/srt/wire/loss_list.ts";
import {
  ControlType,
  DataFlags,
  parseControl,
  serializeControl,
  writeDataHeader,
} from "../../../../src/protocols/srt/wire/packet.ts";
import { addSequence } from "../../../../src/protocols/srt/wire/sequence.ts";
import { equal, ok, throws } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { perfectLink, Simulation, type SimulationOptions } from "./simulation.ts";

function connected(options: Partial<SimulationOptions> = {}): Simulation {
  const sim = new Simulation({
    random: new Random(1),
    toListener: perfectLink,
    toCaller: perfectLink,
    ...options,
  });
  ok(sim.connect());
  return sim;
}

function control(type: number, body: Uint8Array, { info = 0, subtype = 0 } = {}): Uint8Array {
  return serializeControl({ type, subtype, info, timestamp: 0, destination: 88, body });
}

function data(connection: Connection, offset: number, timestamp: number): Uint8Array {
  const packet = new Uint8Array(16 + 188);
  const sequence = addSequence(connection.settings.peerInitialSequence, offset);
  writeDataHeader(packet, 0, sequence, (DataFlags.solo | 1) >>> 0, timestamp, 88);
  return packet;
}

function induction(socketId: number): Uint8Array {
  const body = serializeHandshake({
    version: 4,
    keyUnits: 0,
    extensionField: 2,
    initialSequence: 1,
    segmentSize: 1500,
    flowWindow: 8192,
    type: HandshakeType.induction,
    socketId,
    cookie: 0,
    peerIp: new Uint8Array(16),
    extensions: [],
  });
  return serializeControl({
    type: ControlType.handshake,
    subtype: 0,
    info: 0,
    timestamp: 0,
    destination: 0,
    body,
  });
}

Deno.test("srt handshake: an answer cannot be a request to another listener", () => {
  const listener = new ListenerHandshake(new Uint8Array(32));
  // Its address forged: two listeners would answer each other for ever.
  equal(listener.receive(induction(0), "10.0.0.2", 8890, 0), null);
  equal(listener.receive(induction(5), "10.0.0.2", 8890, 0)?.kind, "answer");
});

function caller(passphrase = ""): CallerHandshake {
  const random = new Random(1);
  return new CallerHandshake({
    socketId: 77,
    streamId: "",
    passphrase,
    keyLength: 16,
    mode: "ctr",
    receiveLatency: 120,
    sendLatency: 120,
    timeout: 3_000_000,
    random: (size) => random.bytes(size),
  }, 0);
}

/** The answer of a listener to whatever the caller has sent. */
function answer(request: Uint8Array, changes: object, destination = 77): Uint8Array {
  const handshake = parseHandshake(parseControl(request).body);
  const body = serializeHandshake({ ...handshake, version: 5, extensions: [], ...changes });
  const type = ControlType.handshake;
  return serializeControl({ type, subtype: 0, info: 0, timestamp: 0, destination, body });
}

Deno.test("srt handshake: a caller that gets a broken answer waits for a better one, or gives up", () => {
  const handshake = caller();
  const first = handshake.take(0)!;
  handshake.receive(answer(first, { extensionField: srtMagic, cookie: 9 }), 0);
  const second = handshake.take(0)!;
  const type = HandshakeType.conclusion;
  const broken = [{ type: ExtensionType.handshakeResponse, content: new Uint8Array(4) }];
  throws(() => handshake.receive(answer(second, { type, extensions: broken }), 0), ParseError);
  const whole = [{ type: ExtensionType.handshakeResponse, content: new Uint8Array(12) }];
  equal(handshake.check(1_000_000), null);
  ok(handshake.nextWake < Infinity);
  equal(handshake.receive(answer(second, { type, extensions: whole }), 0)?.kind, "connected");
});

Deno.test("srt handshake: a caller takes no answer that is for another socket", () => {
  const handshake = caller();
  const request = handshake.take(0)!;
  const refusal = { type: HandshakeType.rejectionBase + Rejection.peer };
  equal(handshake.receive(answer(request, refusal, 78), 0), null);
  equal(handshake.receive(answer(request, refusal), 0), { kind: "rejected", code: Rejection.peer });
});

Deno.test("srt handshake: a caller with a passphrase is told when the listener has none", () => {
  const handshake = caller("a long secret");
  handshake.receive(answer(handshake.take(0)!, { extensionField: srtMagic, cookie: 9 }), 0);
  const request = handshake.take(0)!;
  const extensions = [
    { type: ExtensionType.handshakeResponse, content: new Uint8Array(12) },
    { type: ExtensionType.keyMaterialResponse, content: Uint8Array.of(0, 0, 0, 3) },
  ];
  const result = handshake.receive(answer(request, { type: HandshakeType.conclusion, extensions }), 0);
  equal(result, { kind: "rejected", code: Rejection.unsecure });
});

Deno.test("srt engine: whoever asks for everything again and again does not get it as often", () => {
  const sim = connected({ callerEnd: {}, listenerEnd: {} });
  const sender = sim.listener!;
  // From now on the listener hears only what is made up here.
  sim.linkToListener.conditions = { ...perfectLink, loss: 1 };
  const payload = new Uint8Array(1316);
  for (let i = 0; i < 2000; i++) {
    sender.send([payload], sim.local(sim.now));
    const { initialSequence } = sender.settings;
    // A round trip of nothing, so that repeated reports count as new ones.
    const statistics = { rtt: 1, rttVariance: 1, availableBuffer: 8192 };
    const ack = serializeAck({ sequence: initialSequence, statistics, rates: null });
    sender.receive(control(ControlType.ack, ack), sim.local(sim.now));
    const all = serializeLossList([{ first: initialSequence, last: addSequence(initialSequence, i) }]);
    sender.receive(control(ControlType.nak, all), sim.local(sim.now));
    sim.run(sim.now + 6000);
  }
  const { packetsSentUnique, packetsRetransmitted } = sender.counters;
  equal(packetsSentUnique, 2000);
  ok(packetsRetransmitted < 5 * packetsSentUnique, `${packetsRetransmitted} packets were sent again`);
});

Deno.test("srt engine: a peer that does not answer acknowledgements is not flooded with them", () => {
  const sim = connected();
  for (let i = 0; i < 100; i++) {
    sim.caller!.send([new Uint8Array(188)], sim.now);
    sim.run(sim.now + 10_000);
  }
  const before = sim.listener!.counters.acksSent;
  sim.linkToCaller.conditions = { ...perfectLink, loss: 1 };
  sim.caller!.send([new Uint8Array(188)], sim.now);
  sim.run(sim.now + 5_000_000);
  const { acksSent } = sim.listener!.counters;
  ok(acksSent > before && acksSent - before < 50, `${acksSent - before} acknowledgements in five seconds`);
});

Deno.test("srt engine: requests to drop what was never sent cost no more than packets", () => {
  const sim = connected();
  const { listener } = sim;
  let next = listener!.settings.peerInitialSequence;
  let held = 0;
  for (let i = 0; i < 1000; i++) {
    const last = addSequence(next, 30_000);
    listener!.receive(control(ControlType.dropRequest, serializeDropRange({ first: next, last })), sim.now);
    held += listener!.receiver.buffered.packets;
    sim.run(sim.now + 1000);
    next = addSequence(last, 1);
  }
  ok(held < 200_000, `${held} packets were marked one by one`);
});

Deno.test("srt engine: a sender that goes on far beyond what came is followed", () => {
  const sim = connected();
  const listener = sim.listener!;
  const now = sim.local(sim.now);
  listener.receive(data(listener, 0, 0), now);
  sim.run(sim.now + 1_000_000);
  equal(sim.fromCaller.length, 1);
  for (let i = 0; i < 3; i++) listener.receive(data(listener, 100_000 + i, 0), sim.local(sim.now));
  sim.run(sim.now + 3_000_000);
  equal(sim.fromCaller.length, 4);
});

Deno.test("srt engine: key messages that come one after the other are not all tried", () => {
  const sim = connected({ caller: { passphrase: "a long secret" }, listenerPassphrase: "a long secret" });
  sim.keepWire = true;
  const random = new Random(2);
  const header = Uint8Array.of(0x12, 0x20, 0x29, 1, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, 4, 4);
  for (let i = 0; i < 5000; i++) {
    const body = new Uint8Array([...header, ...random.bytes(16 + 24)]);
    const message = control(ControlType.userDefined, body, { subtype: ExtensionType.keyMaterialRequest });
    sim.listener!.receive(message, sim.local(sim.now));
  }
  equal(sim.listener!.counters.keyMessagesReceived, 5000);
  // Each one that is tried is answered.
  ok(sim.listener!.counters.keyMessagesSent < 10, `${sim.listener!.counters.keyMessagesSent} were tried`);
  sim.close();
});

Deno.test("srt engine: after a delivery that closes the connection nothing comes", () => {
  const sim = connected();
  const listener = sim.listener!;
  const now = sim.local(sim.now);
  for (let i = 0; i < 3; i++) listener.receive(data(listener, i, 0), now);
  const push = sim.fromCaller.push;
  sim.fromCaller.push = function (...items) {
    listener.close(sim.local(sim.now));
    return push.apply(this, items);
  };
  sim.run(sim.now + 3_000_000);
  equal(sim.fromCaller.length, 1);
});

Deno.test("srt clock: packets are due in time after a pause of any length", () => {
  const second = 1_000_000;
  for (const pause of [10, 40 * 60, 100 * 3600]) {
    const clock = new DeliveryClock(5000, 7 * second, 120_000);
    const sent = pause * second;
    equal(clock.due((sent + 5000) >>> 0, 7 * second + sent + 300), 7 * second + sent + 120_000);
  }
});

Deno.test("srt clock: a timestamp that makes no sense leaves the others alone", () => {
  const clock = new DeliveryClock(0, 0, 120_000);
  for (let i = 1; i < 4; i++) clock.due(i * 1_500_000_000, 1000);
  equal(clock.due(2000, 2100), 122_000);
});

Deno.test("srt clock: a first answer that took long does not make everything late", () => {
  const clock = new DeliveryClock(0, 0, 120_000);
  clock.sample(1_900_000, 2_000_000, 2_000_000);
  for (let i = 0; i < 5000; i++) {
    const now = 3_000_000 + 10_000 * i;
    clock.sample(now, now, 20_000);
  }
  const late = clock.due(60_000_000, 60_000_000) - 60_120_000;
  ok(Math.abs(late) < 5000, `${late} µs`);
});
