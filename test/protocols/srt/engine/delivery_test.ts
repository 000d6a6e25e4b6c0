import { messageNumberMask } from "../../../../src/protocols/srt/wire/packet.ts";
import { sequenceMask } from "../../../../src/protocols/srt/wire/sequence.ts";
import { equal, ok } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { type Delivered, perfectLink, Simulation, type SimulationOptions } from "./simulation.ts";

/** Runs of the sweeps; `SRT_RUNS` raises it for a longer task. */
const runs = Number(Deno.env.get("SRT_RUNS") ?? 400);

interface Sent {
  readonly payload: Uint8Array;
  readonly at: number;
}

function payloadOf(number: number, size: number): Uint8Array {
  const out = new Uint8Array(size).fill(number);
  new DataView(out.buffer).setUint32(0, number);
  return out;
}

/** Frames of some packets each, given to one end. */
function stream(
  sim: Simulation,
  end: "caller" | "listener",
  frames: number,
  random: Random,
  first = 0,
): Sent[] {
  const sent: Sent[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const payloads = Array.from(
      { length: 1 + random.int(6) },
      (_, i) => payloadOf(first + sent.length + i, 188 * (1 + random.int(7))),
    );
    const connection = end === "caller" ? sim.caller! : sim.listener!;
    connection.send(payloads, end === "caller" ? sim.now : sim.local(sim.now));
    for (const payload of payloads) sent.push({ payload, at: sim.now });
    sim.run(sim.now + 33_000 + random.int(2000));
  }
  return sent;
}

/** Everything arrived once, in order, `latency` (and one way) after it was sent. */
function check(sent: readonly Sent[], got: readonly Delivered[], latency: number, slack: number): void {
  equal(got.length, sent.length);
  for (let i = 0; i < sent.length; i++) {
    equal(got[i].payload, sent[i].payload, `packet ${i}`);
    const taken = got[i].at - sent[i].at;
    ok(Math.abs(taken - latency) <= slack, `packet ${i} took ${taken} µs instead of ${latency}`);
  }
}

function randomConditions(random: Random): { options: SimulationOptions; latency: number; oneWay: number } {
  const oneWay = 1000 + random.int(249_000);
  const jitter = random.int(3) === 0 ? random.int(Math.floor(oneWay / 3)) : 0;
  const conditions = {
    delay: oneWay,
    jitter,
    loss: random.pick([0, 0.01, 0.02, 0.05]),
    duplication: random.pick([0, 0, 0.05, 0.3]),
    burst: random.pick([0, 0, 0.001]),
    burstLength: 4,
  };
  // Repairs take a round trip each, and 20 ms until they are asked for again.
  const latency = Math.ceil((8 * (2 * oneWay + jitter)) / 1000) + 400;
  const caller = { receiveLatency: latency, sendLatency: latency };
  return {
    options: { random, toListener: conditions, toCaller: conditions, caller },
    latency: latency * 1000,
    oneWay,
  };
}

Deno.test("srt engine: over lossy links all that was sent arrives once, in order and on time", () => {
  for (let seed = 1; seed <= runs; seed++) {
    const random = new Random(seed);
    const { options, latency, oneWay } = randomConditions(random);
    const sim = new Simulation(options);
    ok(sim.connect(), `seed ${seed}: no connection`);
    const end = random.pick(["caller", "listener"] as const);
    sim.run(sim.now + 1_000_000);
    const sent = stream(sim, end, 40, random);
    sim.run(sim.now + latency + 1_000_000);
    try {
      // A handshake that jitter has held up moves all delivery times.
      const jitter = options.toCaller.jitter;
      check(
        sent,
        end === "caller" ? sim.fromCaller : sim.fromListener,
        latency + oneWay + jitter / 2,
        jitter / 2 + 1,
      );
    } catch (error) {
      throw new Error(`seed ${seed}: ${error}`, { cause: error });
    }
  }
});

Deno.test("srt engine: sequence numbers, timestamps and message numbers wrap without a trace", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const conditions = { ...perfectLink, delay: 20_000, loss: 0.03 };
    const near = sequenceMask - random.int(60);
    const sim = new Simulation({
      random,
      toListener: conditions,
      toCaller: conditions,
      caller: { receiveLatency: 800, sendLatency: 800 },
      callerEnd: {
        settings: ({ startedAt }) => ({
          initialSequence: near,
          initialMessage: messageNumberMask - 20,
          // So that timestamps wrap half a second from now.
          startedAt: startedAt - (2 ** 32 - 500_000),
        }),
      },
      listenerEnd: {
        settings: ({ peerTimestamp }) => ({
          peerInitialSequence: near,
          peerTimestamp: peerTimestamp + (2 ** 32 - 500_000),
        }),
      },
    });
    ok(sim.connect());
    sim.keepWire = true;
    const sent = stream(sim, "caller", 60, random);
    ok(sent.length > 61);
    const numbers = sim.wire.filter(({ bytes }) => bytes[0] < 0x80).map(({ bytes }) =>
      new DataView(bytes.buffer).getUint32(4) & messageNumberMask
    );
    // 0 is for control packets that concern no message.
    ok(numbers.includes(messageNumberMask) && numbers.includes(1) && !numbers.includes(0));
    sim.run(sim.now + 2_000_000);
    check(sent, sim.fromCaller, 820_000, 2);
  }
});

for (const mode of ["ctr", "gcm"] as const) {
  for (const keyLength of mode === "ctr" ? [16, 24, 32] as const : [16, 32] as const) {
    Deno.test(`srt engine: AES-${keyLength * 8} in mode ${mode}, both ways, with new keys in the middle`, () => {
      for (let seed = 1; seed <= 6; seed++) {
        const random = new Random(seed);
        const conditions = { ...perfectLink, delay: 10_000, loss: 0.03 };
        const refresh = { connection: { keyRefresh: { every: 70, announce: 30 } } };
        const sim = new Simulation({
          random,
          toListener: conditions,
          toCaller: conditions,
          caller: {
            receiveLatency: 600,
            sendLatency: 600,
            passphrase: "a long secret",
            keyLength,
            mode,
          },
          listenerPassphrase: "a long secret",
          callerEnd: refresh,
          listenerEnd: refresh,
        });
        ok(sim.connect());
        sim.keepWire = true;
        const up = stream(sim, "caller", 60, random);
        const down = stream(sim, "listener", 60, random);
        sim.run(sim.now + 2_000_000);
        check(up, sim.fromCaller, 610_000, 2);
        check(down, sim.fromListener, 610_000, 2);
        const keys = new Set(
          sim.wire.filter(({ bytes }) => bytes[0] < 0x80).map(({ bytes }) => bytes[4] >> 3 & 3),
        );
        equal([...keys].sort(), [1, 2]);
        equal(sim.warnings, []);
        ok(sim.caller!.counters.keyMessagesSent > 0 && sim.listener!.counters.keyMessagesSent > 0);
        sim.close();
      }
    });
  }
}

Deno.test("srt engine: what comes too late is given up on both sides, and the rest goes on", () => {
  const random = new Random(5);
  const sim = new Simulation({
    random,
    toListener: { ...perfectLink, delay: 50_000 },
    toCaller: { ...perfectLink, delay: 50_000 },
    caller: { receiveLatency: 200, sendLatency: 200 },
  });
  ok(sim.connect());
  const before = stream(sim, "caller", 10, random);
  sim.linkToListener.conditions = { ...perfectLink, loss: 1 };
  const lost = stream(sim, "caller", 60, random, 1000);
  sim.linkToListener.conditions = { ...perfectLink, delay: 50_000 };
  const after = stream(sim, "caller", 30, random, 2000);
  sim.run(sim.now + 2_000_000);
  const got = sim.fromCaller.map(({ payload }) => new DataView(payload.buffer).getUint32(0));
  equal(got, [...got].sort((a, b) => a - b));
  ok(got.length >= before.length + after.length);
  ok(got.length < before.length + lost.length + after.length);
  equal(
    sim.fromCaller.slice(-after.length).map(({ payload }) => payload),
    after.map(({ payload }) => payload),
  );
  ok(sim.caller!.counters.packetsSendDropped > 0);
  ok(sim.listener!.counters.packetsReceiveDropped > 0);
  equal(sim.caller!.sender.buffered.packets, 0);
});

Deno.test("srt engine: the last packets are repaired although nothing follows them", () => {
  const random = new Random(9);
  const sim = new Simulation({
    random,
    toListener: { ...perfectLink, delay: 20_000 },
    toCaller: { ...perfectLink, delay: 20_000 },
    caller: { receiveLatency: 1500, sendLatency: 1500 },
  });
  ok(sim.connect());
  const sent = stream(sim, "caller", 20, random);
  sim.linkToListener.conditions = { ...perfectLink, loss: 1 };
  const tail = [payloadOf(sent.length, 188), payloadOf(sent.length + 1, 188)];
  sim.caller!.send(tail, sim.now);
  const at = sim.now;
  sim.run(sim.now + 10_000);
  sim.linkToListener.conditions = { ...perfectLink, delay: 20_000 };
  sim.run(sim.now + 3_000_000);
  check([...sent, ...tail.map((payload) => ({ payload, at }))], sim.fromCaller, 1_520_000, 2);
});

Deno.test("srt engine: a clock that runs at another speed is followed", () => {
  for (const drift of [-100, 100]) {
    const random = new Random(3);
    const sim = new Simulation({
      random,
      toListener: { ...perfectLink, delay: 10_000 },
      toCaller: { ...perfectLink, delay: 10_000 },
      caller: { receiveLatency: 100, sendLatency: 100 },
      drift,
    });
    ok(sim.connect());
    // Ten minutes: 60 ms of drift.
    const sent: Sent[] = [];
    for (let i = 0; i < 30_000; i++) {
      const payload = payloadOf(i, 8);
      sent.push({ payload, at: sim.now });
      sim.caller!.send([payload], sim.now);
      sim.run(sim.now + 20_000);
    }
    sim.run(sim.now + 1_000_000);
    equal(sim.fromCaller.length, sent.length);
    const taken = sim.fromCaller.map(({ at }, i) => at - sent[i].at);
    const worst = Math.max(...taken.map((time) => Math.abs(time - 130_000)));
    ok(worst < 12_000, `drift ${drift}: off by ${worst} µs`);
  }
});

Deno.test("srt engine: a limit of the bandwidth is kept", () => {
  const random = new Random(3);
  const sim = new Simulation({
    random,
    toListener: perfectLink,
    toCaller: perfectLink,
    caller: { receiveLatency: 5000, sendLatency: 5000 },
    callerEnd: { connection: { bandwidth: { kind: "limit", bytesPerSecond: 100_000 } } },
  });
  ok(sim.connect());
  const payloads = Array.from({ length: 200 }, (_, i) => payloadOf(i, 1316));
  sim.caller!.send(payloads, sim.now);
  sim.run(sim.now + 1_000_000);
  const { bytesSent } = sim.caller!.counters;
  ok(bytesSent > 95_000 && bytesSent < 105_000, `${bytesSent} bytes in a second`);
  sim.run(sim.now + 7_000_000);
  equal(sim.fromCaller.length, 200);
});
