import { ParseError } from "../../../../src/base/errors.ts";
import { ListenerHandshake } from "../../../../src/protocols/srt/engine/listener.ts";
import { CookieJar } from "../../../../src/protocols/srt/engine/cookie.ts";
import { Rejection } from "../../../../src/protocols/srt/wire/handshake.ts";
import { equal, ok } from "../../../support/assert.ts";
import { fuzzRuns, mutate } from "../../../support/fuzz.ts";
import { Random } from "../../../support/random.ts";
import { perfectLink, Simulation, type SimulationOptions } from "./simulation.ts";

function simulate(options: Partial<SimulationOptions> = {}, seed = 1): Simulation {
  return new Simulation({
    random: new Random(seed),
    toListener: perfectLink,
    toCaller: perfectLink,
    ...options,
  });
}

Deno.test("srt handshake: each side gets the larger latency, and the listener the stream id", () => {
  const sim = simulate({
    caller: { receiveLatency: 300, sendLatency: 50, streamId: "read:a" },
    listenerLatency: 120,
  });
  ok(sim.connect());
  equal(sim.streamId, "read:a");
  equal([sim.caller!.settings.receiveLatency, sim.listener!.settings.sendLatency], [300_000, 300_000]);
  equal([sim.caller!.settings.sendLatency, sim.listener!.settings.receiveLatency], [120_000, 120_000]);
});

Deno.test("srt handshake: repeated until it succeeds where half of all packets are lost", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const lossy = { ...perfectLink, delay: 50_000, loss: 0.5, duplication: 0.2 };
    const sim = simulate({ toListener: lossy, toCaller: lossy }, seed);
    ok(sim.connect(), `seed ${seed}`);
  }
});

Deno.test("srt handshake: passphrases that do not fit are refused with the reason", () => {
  const passphrase = "a long secret";
  for (
    const [caller, listener, code] of [
      [passphrase, "another secret", Rejection.badSecret],
      [passphrase, "", Rejection.badSecret],
      ["", passphrase, Rejection.unsecure],
    ] as const
  ) {
    const sim = simulate({ caller: { passphrase: caller }, listenerPassphrase: listener });
    equal([sim.connect(), sim.rejected], [false, code]);
    equal(sim.listener, null);
  }
});

Deno.test("srt handshake: a refusal reaches the caller, silence ends its attempt", () => {
  const refused = simulate({ reject: Rejection.peer });
  equal([refused.connect(), refused.rejected], [false, Rejection.peer]);
  const silent = simulate({ toListener: { ...perfectLink, loss: 1 }, caller: { timeout: 3_000_000 } });
  equal([silent.connect(), silent.timedOut], [false, true]);
});

Deno.test("srt handshake: cookies are good for one address and about a minute", () => {
  const jar = new CookieJar(new Uint8Array(32));
  const minute = 60_000_000;
  const cookie = jar.create("a 1", 10 * minute);
  ok(jar.isValid(cookie, "a 1", 10 * minute));
  ok(jar.isValid(cookie, "a 1", 11.9 * minute));
  ok(!jar.isValid(cookie, "a 2", 10 * minute));
  ok(!jar.isValid(cookie, "a 1", 12.1 * minute));
});

Deno.test("srt engine: a peer that is silent, or says so, is gone", () => {
  const silent = simulate();
  ok(silent.connect());
  silent.linkToListener.conditions = { ...perfectLink, loss: 1 };
  silent.run(silent.now + 30_000_000);
  equal(silent.closed, ["listener timeout", "caller shutdown"]);
  const polite = simulate();
  ok(polite.connect());
  polite.caller!.close(polite.now);
  polite.run(polite.now + 1_000_000);
  equal(polite.closed, ["listener shutdown"]);
});

Deno.test("srt engine: keep-alives hold a connection that has nothing to send", () => {
  const sim = simulate();
  ok(sim.connect());
  sim.run(sim.now + 120_000_000);
  equal(sim.closed, []);
});

/** Handshakes, data and control packets of a connection with losses. */
function realPackets(): Simulation["wire"] {
  const lossy = { ...perfectLink, delay: 5000, loss: 0.1 };
  const sim = simulate({ toListener: lossy, toCaller: lossy });
  sim.keepWire = true;
  ok(sim.connect());
  for (let i = 0; i < 100; i++) {
    sim.caller!.send([new Uint8Array(188).fill(i)], sim.now);
    sim.listener!.send([new Uint8Array(188).fill(i)], sim.local(sim.now));
    sim.run(sim.now + 10_000);
  }
  sim.caller!.close(sim.now);
  return sim.wire;
}

Deno.test("srt engine: no packet, however broken, does more than end a connection", () => {
  const seeds = realPackets().map(({ bytes }) => bytes);
  const random = new Random(11);
  for (let run = 0; run < fuzzRuns / 100; run++) {
    const sim = simulate({}, run + 1);
    ok(sim.connect());
    for (let i = 0; i < 100; i++) {
      const packet = mutate(random, random.pick(seeds));
      const to = random.pick(["caller", "listener"] as const);
      // Those for socket 0 go to the listening handshake, which has its own run.
      if (packet.length >= 16) {
        packet[15] |= 1;
        sim.inject(to, packet, sim.now + random.int(100_000));
      }
      sim.caller!.send([new Uint8Array(188)], sim.now);
      sim.run(sim.now + 5000);
    }
    sim.run(sim.now + 20_000_000);
  }
});

Deno.test("srt handshake: no packet, however broken, troubles the listener", () => {
  const seeds = realPackets().map(({ bytes }) => bytes).filter((bytes) =>
    bytes[0] === 0x80 && bytes[1] === 0
  );
  const random = new Random(12);
  const listener = new ListenerHandshake(new Uint8Array(32));
  for (let run = 0; run < fuzzRuns; run++) {
    try {
      listener.receive(mutate(random, random.pick(seeds)), "10.0.0.1", 5000, 1_000_000);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
    }
  }
});
