/** A relayed address over time: renewals, expiry, refusals, nonsense. */
import {
  TurnAllocation,
  type TurnEvents,
} from "../../../../../src/protocols/webrtc/ice/engine/turn_allocation.ts";
import {
  attributeType,
  findAttribute,
  parseStun,
  serializeStun,
  type StunAttribute,
  type StunMessage,
  stunMethod,
} from "../../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { longTermKey } from "../../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import {
  addressAttribute,
  errorCodeAttribute,
  numberAttribute,
  textAttribute,
} from "../../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal, ok } from "../../../../support/assert.ts";
import { fuzz } from "../../../../support/fuzz.ts";
import { Random } from "../../../../support/random.ts";

const relayed = { ip: "203.0.113.9", port: 50_000 };
const peer = { ip: "198.51.100.7", port: 40_000 };
const key = longTermKey("user", "realm", "pass");

/** An allocation, and a server that answers as it is told. */
class Setup implements TurnEvents {
  readonly random = new Random(1);
  readonly sent: StunMessage[] = [];
  readonly channelData: number[] = [];
  failed: string | null = null;
  allocated = false;
  now = 0;
  /** Errors instead of success, by method. */
  readonly errors = new Map<number, number>();
  silent = false;
  readonly allocation: TurnAllocation;

  constructor(stream = false) {
    this.allocation = new TurnAllocation({
      username: "user",
      password: "pass",
      stream,
      newTransactionId: () => this.random.bytes(12),
      send: (bytes) => this.#serve(parseStun(bytes)),
      sendBatch: ({ sizes }) => this.channelData.push(sizes.length),
      events: this,
    });
  }

  #serve(message: StunMessage): void {
    this.sent.push(message);
    if (this.silent || message.class === "indication") return;
    const { method, transactionId } = message;
    const challenged = message.integrityAt === null;
    const code = challenged ? 401 : this.errors.get(method);
    const attributes: StunAttribute[] = code === undefined
      ? [
        addressAttribute(attributeType.xorRelayedAddress, relayed, transactionId),
        numberAttribute(attributeType.lifetime, 600),
      ]
      : [
        errorCodeAttribute({ code, reason: "no" }),
        textAttribute(attributeType.realm, "realm"),
        textAttribute(attributeType.nonce, "n"),
      ];
    const kind = code === undefined ? "success" : "error";
    const bytes = serializeStun({ method, class: kind, transactionId, attributes }, {
      key: challenged ? undefined : key,
      fingerprint: true,
    });
    this.answers.push(bytes);
  }

  readonly answers: Uint8Array[] = [];

  onAllocated(): void {
    this.allocated = true;
  }

  onFailed(reason: string): void {
    this.failed = reason;
  }

  onData(): void {}

  /** Lets time pass, with answers at once. */
  run(until: number): void {
    for (;;) {
      for (const answer of this.answers.splice(0)) this.allocation.receive(answer, this.now);
      if (this.answers.length > 0) continue;
      const next = this.allocation.tick(this.now);
      if (this.answers.length > 0) continue;
      if (next > until) break;
      this.now = next;
    }
    this.now = until;
  }

  count(method: number): number {
    return this.sent.filter((message) => message.method === method).length;
  }
}

function ready(): Setup {
  const setup = new Setup();
  setup.allocation.start(0);
  setup.run(100);
  ok(setup.allocated);
  return setup;
}

Deno.test("TURN allocation: is renewed as long as it is used", () => {
  const setup = ready();
  setup.allocation.permit(peer.ip, setup.now);
  setup.allocation.bindChannel(peer, setup.now);
  setup.run(1_000);
  for (let minute = 0; minute < 60; minute++) {
    setup.allocation.send({ bytes: new Uint8Array(20), sizes: [10, 10] }, peer);
    setup.run(setup.now + 60_000);
  }
  // Every 9 minutes; channels, which renew their permissions, every 4 from the beginning.
  equal(setup.count(stunMethod.refresh), 6);
  equal(setup.count(stunMethod.channelBind), 16);
  equal([setup.channelData.length, setup.failed], [60, null]);
  setup.run(setup.now + 1_200_000);
  const before = setup.count(stunMethod.channelBind) + setup.count(stunMethod.createPermission);
  setup.run(setup.now + 3_600_000);
  equal(setup.count(stunMethod.channelBind) + setup.count(stunMethod.createPermission), before);
});

Deno.test("TURN allocation: without a channel, data goes in indications", () => {
  const setup = ready();
  setup.errors.set(stunMethod.channelBind, 508);
  setup.allocation.permit(peer.ip, setup.now);
  setup.allocation.bindChannel(peer, setup.now);
  setup.run(1_000);
  setup.allocation.send({ bytes: new Uint8Array(30).fill(7), sizes: [10, 20] }, peer);
  const data = setup.sent.filter(({ class: kind }) => kind === "indication")
    .map((message) => findAttribute(message, attributeType.data)?.length);
  equal([data, setup.channelData.length], [[10, 20], 0]);
});

Deno.test("TURN allocation: a server that refuses, forgets or is silent is named", () => {
  const wrong = new Setup();
  wrong.errors.set(stunMethod.allocate, 401);
  wrong.allocation.start(0);
  wrong.run(1_000);
  equal([wrong.failed, wrong.count(stunMethod.allocate)], ["refuses: 401 no", 2]);
  const stale = new Setup();
  stale.errors.set(stunMethod.allocate, 438);
  stale.allocation.start(0);
  stale.run(1_000);
  equal([stale.failed, stale.count(stunMethod.allocate)], ["refuses: 438 no", 4]);
  for (const stream of [false, true]) {
    const silent = new Setup(stream);
    silent.silent = true;
    silent.allocation.start(0);
    silent.run(60_000);
    equal([silent.failed, silent.count(stunMethod.allocate)], ["does not answer", stream ? 1 : 5]);
  }
  const forgets = ready();
  forgets.errors.set(stunMethod.refresh, 437);
  forgets.run(600_000);
  equal(forgets.failed, "refuses: 437 no");
});

Deno.test("TURN allocation: peers that are let in are bounded, and so are channels", () => {
  const setup = ready();
  for (let i = 0; i < 6000; i++) {
    setup.allocation.permit(`10.0.${i >> 8}.${i & 255}`, setup.now);
    setup.allocation.bindChannel({ ip: "10.0.0.1", port: 1 + i }, setup.now);
    if (i % 100 === 99) setup.run(setup.now + 1);
  }
  equal(setup.count(stunMethod.channelBind), 4096);
  const renewedBefore = setup.count(stunMethod.createPermission);
  equal(renewedBefore, 6000);
});

Deno.test("TURN allocation: fuzz", () => {
  const setup = ready();
  setup.allocation.permit(peer.ip, setup.now);
  setup.allocation.bindChannel(peer, setup.now);
  const seeds = [...setup.answers, Uint8Array.of(0x40, 0, 0, 2, 1, 2)];
  setup.run(1_000);
  const transactionId = new Uint8Array(12);
  seeds.push(serializeStun({
    method: stunMethod.data,
    class: "indication",
    transactionId,
    attributes: [
      addressAttribute(attributeType.xorPeerAddress, peer, transactionId),
      { type: attributeType.data, value: new Uint8Array(9) },
    ],
  }, { fingerprint: true }));
  fuzz("TURN", seeds, (bytes) => setup.allocation.receive(bytes, setup.now));
  equal(setup.failed, null);
});
