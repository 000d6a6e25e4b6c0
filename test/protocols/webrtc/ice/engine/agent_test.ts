/** Two agents on a simulated network. */
import { disconnectedAfterMs, failedAfterMs } from "../../../../../src/protocols/webrtc/ice/engine/agent.ts";
import {
  attributeType,
  findAttribute,
  parseStun,
  serializeStun,
  type StunAttribute,
  stunMethod,
} from "../../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { shortTermKey } from "../../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import {
  numberAttribute,
  parseErrorCode,
  textAttribute,
  tieBreakerAttribute,
} from "../../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal, ok } from "../../../../support/assert.ts";
import { End, type EndOptions, introduce, Network } from "../support/simulation.ts";

const ours = { ip: "192.0.2.1", port: 8189 };
const oursV6 = { ip: "2001:db8::1", port: 8189 };
const theirs = { ip: "198.51.100.7", port: 40000 };
const theirsV6 = { ip: "2001:db8::7", port: 40000 };

function pairUp(network: Network, server: Partial<EndOptions>, client: Partial<EndOptions> = {}) {
  const a = new End(network, "server", { addresses: [ours], ...server });
  const b = new End(network, "client", { addresses: [theirs], controlling: true, ...client });
  introduce(network, a, b);
  return { a, b, bothAre: (state: string) => () => a.state === state && b.state === state };
}

for (const lite of [true, false]) {
  const kind = lite ? "lite" : "full";

  Deno.test(`IceAgent: full and ${kind} connect over a link that loses packets`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const network = new Network(seed);
      network.loss = seed % 4 * 0.1;
      const { a, b, bothAre } = pairUp(network, { lite });
      ok(network.run(20_000, bothAre("connected")), `seed ${seed}: ${a.state}, ${b.state}`);
      equal(b.selected, "198.51.100.7 40000 192.0.2.1 8189");
      equal(a.selected, "192.0.2.1 8189 198.51.100.7 40000");
      equal([a.states, b.states], [["checking", "connected"], ["checking", "connected"]]);
    }
  });

  Deno.test(`IceAgent: ${kind} agents stay connected for minutes with 10 % of packets lost`, () => {
    const network = new Network(3);
    const { a, b, bothAre } = pairUp(network, { lite });
    ok(network.run(5_000, bothAre("connected")));
    network.loss = 0.1;
    network.run(300_000);
    // A check that got lost may show for a moment.
    network.run(network.now + 10_000, bothAre("connected"));
    equal([a.state, b.state], ["connected", "connected"]);
  });

  Deno.test(`IceAgent: ${kind}: silence is disconnected, then failed; a voice brings it back`, () => {
    const network = new Network(5);
    const { a, b, bothAre } = pairUp(network, { lite });
    ok(network.run(5_000, bothAre("connected")));
    network.run(20_000);
    network.loss = 1;
    network.run(network.now + disconnectedAfterMs + 1_100);
    equal([a.state, b.state], ["disconnected", "disconnected"]);
    network.loss = 0;
    ok(network.run(network.now + 8_000, bothAre("connected")), `${a.state} ${b.state}`);
    network.loss = 1;
    network.run(network.now + failedAfterMs + 1_100);
    equal([a.state, b.state], ["failed", "failed"]);
    network.loss = 0;
    network.run(network.now + 60_000);
    equal([a.state, b.state], ["failed", "failed"]);
    equal(a.selected, null);
  });

  Deno.test(`IceAgent: ${kind}: a restart keeps the old pair until the new one works`, () => {
    const network = new Network(7);
    const { a, b, bothAre } = pairUp(network, { lite });
    ok(network.run(5_000, bothAre("connected")));
    network.run(10_000);
    const [oldA, oldB] = [a.agent.local, b.agent.local];
    const [newA, newB] = [a.newCredentials(), b.newCredentials()];
    const before = a.agent.selected;
    a.agent.restart(newA, newB, network.now);
    a.wake();
    // The client hears of it later: its consent checks with the old credentials are still right.
    network.run(network.now + 7_000);
    equal([a.state, a.agent.selected], ["connected", before]);
    b.agent.restart(newB, newA, network.now);
    for (const candidate of a.candidates) b.agent.addRemoteCandidate(candidate);
    b.wake();
    const renewed = () =>
      a.agent.selected?.generation.local === newA && b.agent.selected?.generation.local === newB;
    ok(network.run(network.now + 5_000, renewed));
    equal([a.forgotten, b.forgotten], [[oldA.ufrag], [oldB.ufrag]]);
    equal([a.states, b.states], [["checking", "connected"], ["checking", "connected"]]);
    network.run(network.now + 60_000);
    equal([a.state, b.state], ["connected", "connected"]);
  });
}

Deno.test("IceAgent: the pair with the highest priority that works is nominated", () => {
  for (const lite of [true, false]) {
    const network = new Network(11);
    const { a, b, bothAre } = pairUp(network, { lite, addresses: [oursV6, ours] }, {
      addresses: [theirsV6, theirs],
    });
    ok(network.run(5_000, bothAre("connected")));
    network.run(10_000);
    equal([a.selected, b.selected], [
      "2001:db8::1 8189 2001:db8::7 40000",
      "2001:db8::7 40000 2001:db8::1 8189",
    ]);
    const other = new Network(12);
    other.filter = ({ ip }) => !ip.includes(":");
    const fallback = pairUp(other, { lite, addresses: [oursV6, ours] }, { addresses: [theirsV6, theirs] });
    ok(other.run(5_000, fallback.bothAre("connected")));
    equal(fallback.a.selected, "192.0.2.1 8189 198.51.100.7 40000");
    equal(fallback.b.selected, "198.51.100.7 40000 192.0.2.1 8189");
  }
});

Deno.test("IceAgent: when the pair in use dies, another one takes over", () => {
  const network = new Network(13);
  const { a, b, bothAre } = pairUp(network, { addresses: [oursV6, ours] }, { addresses: [theirsV6, theirs] });
  ok(network.run(5_000, bothAre("connected")));
  network.run(10_000);
  network.filter = ({ ip }) => !ip.includes(":");
  const moved = () =>
    a.selected === "192.0.2.1 8189 198.51.100.7 40000" && b.state === "connected" &&
    b.selected === "198.51.100.7 40000 192.0.2.1 8189";
  ok(network.run(network.now + 25_000, moved), `${a.state} ${a.selected}, ${b.state} ${b.selected}`);
});

Deno.test("IceAgent: a peer whose address nobody announced is found by its requests", () => {
  for (const lite of [true, false]) {
    const network = new Network(17);
    const a = new End(network, "server", { addresses: [ours], lite });
    const b = new End(network, "client", { addresses: [theirs], controlling: true });
    const hidden = { ...b.candidates[0], host: "2f0c1d1e-aaaa-bbbb-cccc-0123456789ab.local" };
    a.agent.start(b.agent.local, [hidden], 0);
    b.agent.start(a.agent.local, a.candidates, 0);
    a.wake();
    b.wake();
    ok(network.run(5_000, () => a.state === "connected" && b.state === "connected"));
    equal(a.selected, "192.0.2.1 8189 198.51.100.7 40000");
  }
});

Deno.test("IceAgent: a conflict of roles is settled by the tie-breakers", () => {
  for (const controlling of [true, false]) {
    for (const [serverTie, clientTie] of [[1n, 2n], [2n, 1n]]) {
      const network = new Network(19);
      const { a, b, bothAre } = pairUp(network, { controlling, tieBreaker: serverTie }, {
        controlling,
        tieBreaker: clientTie,
      });
      ok(network.run(10_000, bothAre("connected")), `${a.state} ${b.state}`);
      equal([a.agent.controlling, b.agent.controlling], [serverTie > clientTie, clientTie > serverTie]);
    }
  }
});

Deno.test("IceAgent: a lite agent is controlled, and makes the peer controlling", () => {
  const network = new Network(23);
  const { b, bothAre } = pairUp(network, { lite: true, tieBreaker: 0n }, {
    controlling: false,
    tieBreaker: 9n,
  });
  ok(network.run(10_000, bothAre("connected")));
  equal(b.agent.controlling, true);
});

Deno.test("IceAgent: nobody there: failed after half a minute", () => {
  for (const lite of [true, false]) {
    const network = new Network(29);
    const a = new End(network, "server", { addresses: [ours], lite });
    a.agent.start({ ufrag: "x", password: "y" }, [{ ...a.candidates[0], host: "203.0.113.9" }], 0);
    a.wake();
    network.run(failedAfterMs - 10);
    equal(a.state, "checking");
    network.run(failedAfterMs + 1_100);
    equal(a.state, "failed");
    ok(a.agent.facts.checksSent <= 5);
    equal(a.agent.facts.checksSent > 0, !lite);
  }
});

/** What an agent answers to one request. */
function answerTo(attributes: readonly StunAttribute[], password: string | undefined) {
  const network = new Network(1);
  const server = new End(network, "server", { addresses: [ours], lite: true });
  let answer: Uint8Array | undefined;
  network.attach(theirs, (_, bytes) => answer = bytes);
  const { local } = server.agent;
  server.agent.start({ ufrag: "client0", password: "x" }, [], 0);
  const bytes = serializeStun(
    { method: stunMethod.binding, class: "request", transactionId: new Uint8Array(12), attributes },
    { key: password === undefined ? undefined : shortTermKey(password), fingerprint: true },
  );
  const accepted = server.agent.receive(server.sockets[0], theirs, parseStun(bytes), 0);
  network.run(1_000, () => answer !== undefined);
  const message = parseStun(answer!);
  const error = findAttribute(message, attributeType.errorCode);
  return { accepted, code: error === undefined ? null : parseErrorCode(error).code, message, local, server };
}

Deno.test("IceAgent: answers to requests", () => {
  const username = textAttribute(attributeType.username, "server0:client0");
  const password = "password of server1";
  const priority = numberAttribute(attributeType.priority, 1);
  const cases: readonly [string, readonly StunAttribute[], string | undefined, number | null][] = [
    ["as it should be", [username, priority], password, null],
    ["no user", [priority], password, 400],
    ["no integrity", [username], undefined, 400],
    ["wrong password", [username], "wrong", 401],
    ["another user", [textAttribute(attributeType.username, "other:client0")], password, 401],
    ["an unknown attribute", [username, { type: 0x7001, value: new Uint8Array(1) }], password, 420],
    [
      "an unknown attribute that may be ignored",
      [username, { type: 0xc001, value: new Uint8Array(1) }],
      password,
      null,
    ],
    ["a controlled peer", [username, tieBreakerAttribute(attributeType.iceControlled, 0n)], password, 487],
  ];
  for (const [name, attributes, key, code] of cases) {
    const result = answerTo(attributes, key);
    equal(result.code, code, name);
    equal(result.server.agent.selected !== null, code === null, name);
    const unknown = findAttribute(result.message, attributeType.unknownAttributes);
    equal(unknown === undefined ? [] : [...unknown], code === 420 ? [0x70, 0x01] : [], name);
  }
});

Deno.test("IceAgent: what peers can make it remember is bounded", () => {
  const network = new Network(31);
  const a = new End(network, "server", { addresses: [ours] });
  a.agent.start({ ufrag: "client0", password: "x" }, [], 0);
  for (let i = 0; i < 1000; i++) {
    a.agent.addRemoteCandidate({ ...a.candidates[0], host: `10.0.${i >> 8}.${i & 255}` });
    const bytes = serializeStun({
      method: stunMethod.binding,
      class: "request",
      transactionId: network.random.bytes(12),
      attributes: [textAttribute(attributeType.username, "server0:client0")],
    }, { key: shortTermKey("password of server1"), fingerprint: true });
    ok(a.agent.receive(a.sockets[0], { ip: "10.9.9.9", port: 1 + i }, parseStun(bytes), 0));
  }
  equal(a.agent.remoteCandidates.length, 64);
  equal(a.agent.facts.requestsFrom.length, 16);
  a.wake();
  network.run(20_000);
  // 64 pairs, each with its repetitions.
  ok(a.agent.facts.checksSent <= 64 * 5 * 2, `${a.agent.facts.checksSent}`);
});

Deno.test("IceAgent: an IPv6 candidate is the same address however it is written", () => {
  const network = new Network(4);
  const a = new End(network, "server", { addresses: [oursV6], controlling: true });
  const b = new End(network, "client", { addresses: [theirsV6], lite: true });
  // A lite peer sends no checks that would show its address.
  a.agent.start(b.agent.local, b.candidates.map((one) => ({ ...one, host: "2001:0DB8:0:0::0007" })), 0);
  b.agent.start(a.agent.local, a.candidates, 0);
  a.wake();
  b.wake();
  ok(network.run(5_000, () => a.state === "connected" && b.state === "connected"), `${a.state}, ${b.state}`);
});
