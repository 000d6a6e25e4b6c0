/** What every implementation of UdpSocket must do. */
import type { NetAddress } from "../../../src/net/address.ts";
import { libc } from "../../../src/net/ffi/mod.ts";
import {
  bindUdp,
  type Datagram,
  type PacketBatch,
  type UdpOptions,
  type UdpSocket,
} from "../../../src/net/udp/mod.ts";
import { concat } from "../../../src/base/bytes.ts";
import { equal, ok, rejects } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

const implementations = ["portable", "linux"] as const;
type Implementation = typeof implementations[number];

async function bind(implementation: Implementation, options: Partial<UdpOptions> = {}): Promise<UdpSocket> {
  const socket = await bindUdp({
    hostname: "127.0.0.1",
    port: 0,
    readBufferSize: 1_000_000,
    fastPath: implementation === "linux" ? "auto" : "no",
    ...options,
  });
  equal(socket.implementation, implementation);
  return socket;
}

/** Collects what a socket receives. */
class Inbox {
  readonly packets: Datagram[] = [];
  readonly done: Promise<void>;
  #wake: (() => void) | undefined;
  #wanted = 0;

  constructor(private readonly socket: UdpSocket) {
    this.done = socket.receive((packets) => {
      this.packets.push(...packets);
      if (this.packets.length >= this.#wanted) this.#wake?.();
    });
  }

  async until(count: number): Promise<readonly Datagram[]> {
    this.#wanted = count;
    if (this.packets.length < count) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.packets;
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.done;
  }
}

/** Packets of the given sizes; each begins with its number as far as there is room. */
function batchOf(sizes: readonly number[]): PacketBatch {
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  sizes.forEach((size, i) => {
    bytes.fill(i * 7, at, at + size);
    if (size > 1) {
      bytes[at] = i >> 8;
      bytes[at + 1] = i;
    }
    at += size;
  });
  return { bytes, sizes };
}

function packetsOf(batch: PacketBatch): Uint8Array[] {
  let at = 0;
  return batch.sizes.map((size) => batch.bytes.subarray(at, at += size));
}

function expectSame(received: readonly Datagram[], batch: PacketBatch): void {
  equal(received.map(({ bytes }) => bytes.length), batch.sizes);
  const expected = packetsOf(batch);
  received.forEach(({ bytes }, i) => equal(bytes.slice(), expected[i].slice()));
}

function test(name: string, body: (implementation: Implementation) => Promise<void>): void {
  for (const implementation of implementations) {
    const ignore = implementation === "linux" && libc() === undefined;
    Deno.test({ name: `udp ${implementation}: ${name}`, ignore, fn: () => body(implementation) });
  }
}

const random = new Random(5);
const batches: readonly (readonly [string, readonly number[]])[] = [
  ["one packet", [1200]],
  ["equal sizes", new Array<number>(7).fill(1200)],
  ["a shorter last one", [1200, 1200, 1200, 300]],
  ["a shorter one in the middle", [1200, 1200, 300, 1200, 1200]],
  ["growing sizes", [100, 200, 300, 400, 500]],
  ["an empty packet between others", [800, 800, 0, 800]],
  ["more than 64 equal packets", new Array<number>(140).fill(400)],
  ["more bytes than a group may have", new Array<number>(60).fill(1400)],
  ["no grouping at all", Array.from({ length: 100 }, (_, i) => i % 2 === 0 ? 100 : 200)],
  ["random sizes", Array.from({ length: 60 }, () => random.int(3) === 0 ? random.int(1400) : 700)],
  ["the largest datagram", [65_507]],
];

for (const [name, sizes] of batches) {
  test(`a batch with ${name} arrives in order`, async (implementation) => {
    const receiver = await bind(implementation);
    const inbox = new Inbox(receiver);
    const sender = await bind(implementation);
    const batch = batchOf(sizes);
    sender.send(batch, receiver.address);
    expectSame(await inbox.until(sizes.length), batch);
    equal(inbox.packets[0].from, sender.address);
    equal(sender.stats, { packetsDropped: 0, packetsSent: sizes.length, packetsReceived: 0 });
    equal(receiver.stats.packetsReceived, sizes.length);
    await inbox.close();
    sender.close();
  });
}

test("batches built in the socket's own room arrive as they were when they were sent", async (implementation) => {
  const receiver = await bind(implementation);
  const inbox = new Inbox(receiver);
  const sender = await bind(implementation);
  const sizes = [1200, 1200, 700];
  const sent: Uint8Array[] = [];
  for (let turn = 0; turn < 2; turn++) {
    for (let i = 0; i < 20; i++) {
      const bytes = sender.room(3100);
      equal(bytes.length, 3100);
      bytes.fill(turn * 100 + i);
      sent.push(bytes.slice(0, 1200), bytes.slice(0, 1200), bytes.slice(0, 700));
      sender.send({ bytes, sizes }, receiver.address);
    }
    await inbox.until(sent.length);
  }
  expectSame(inbox.packets, { bytes: concat(sent), sizes: sent.map(({ length }) => length) });
  ok(sender.room(1_000_000).length === 1_000_000);
  await inbox.close();
  sender.close();
});

test("a dual-stack socket talks IPv4 and IPv6", async (implementation) => {
  const dual = await bind(implementation, { hostname: "::" });
  const dualInbox = new Inbox(dual);
  for (const hostname of ["127.0.0.1", "::1"]) {
    const single = await bind(implementation, { hostname });
    const inbox = new Inbox(single);
    single.send(batchOf([50]), { ip: hostname, port: dual.address.port });
    const [packet] = await dualInbox.until(1);
    equal(packet.from, single.address);
    dual.send(batchOf([60, 60]), packet.from);
    const [answer] = await inbox.until(2);
    equal(answer.from, { ip: hostname, port: dual.address.port });
    dualInbox.packets.length = 0;
    await inbox.close();
  }
  await dualInbox.close();
});

test("received views stay valid while more packets come", async (implementation) => {
  const receiver = await bind(implementation);
  const inbox = new Inbox(receiver);
  const sender = await bind(implementation);
  for (let round = 0; round < 20; round++) {
    const bytes = new Uint8Array(1300 * 20).fill(round);
    sender.send({ bytes, sizes: new Array<number>(20).fill(1300) }, receiver.address);
    await inbox.until((round + 1) * 20);
  }
  inbox.packets.forEach(({ bytes }, i) => ok(bytes.every((byte) => byte === Math.floor(i / 20))));
  await inbox.close();
  sender.close();
});

test("a group reaches all of 300 destinations, an unreachable one among them", async (implementation) => {
  const receivers: Inbox[] = [];
  const addresses: NetAddress[] = [];
  for (let i = 0; i < 300; i++) {
    const socket = await bind(implementation, { readBufferSize: 0 });
    addresses.push(socket.address);
    receivers.push(new Inbox(socket));
  }
  const sender = await bind(implementation);
  const group = sender.createGroup();
  const gone = await bind(implementation);
  gone.close();
  addresses.slice(0, 150).forEach((to) => group.add(to));
  group.add(gone.address);
  addresses.slice(150).forEach((to) => group.add(to));
  group.add(addresses[0]);
  equal(group.size, 301);
  const first = batchOf([1200, 1200, 1200, 500, 900]);
  group.send(first);
  for (const inbox of receivers) expectSame(await inbox.until(5), first);

  for (const to of addresses.slice(100, 250)) group.remove(to);
  group.remove(gone.address);
  group.remove(gone.address);
  equal(group.size, 150);
  const second = batchOf([700, 700]);
  group.send(second);
  for (const [i, inbox] of receivers.entries()) {
    if (i < 100 || i >= 250) expectSame((await inbox.until(7)).slice(5), second);
    else equal(inbox.packets.length, 5);
  }
  equal(sender.stats.packetsSent, 301 * 5 + 150 * 2);
  equal(sender.stats.packetsDropped, 0);
  for (const inbox of receivers) await inbox.close();
  sender.close();
});

test("what cannot be sent is counted and the rest goes on", async (implementation) => {
  const receiver = await bind(implementation);
  const inbox = new Inbox(receiver);
  const sender = await bind(implementation);
  const group = sender.createGroup();
  // From a socket on the loopback interface the first has no route, and the second is of the other family.
  group.add({ ip: "192.0.2.200", port: 4000 });
  group.add({ ip: "::1", port: 4000 });
  group.add(receiver.address);
  const batch = batchOf([1000, 1000]);
  group.send(batch);
  sender.send(batch, { ip: "nonsense", port: 1 });
  sender.send(batchOf([66_000]), receiver.address);
  sender.send(batch, receiver.address);
  expectSame((await inbox.until(4)).slice(2), batch);
  equal(sender.stats, { packetsDropped: 7, packetsSent: 4, packetsReceived: 0 });
  await inbox.close();
  sender.close();
  sender.send(batch, receiver.address);
  group.send(batch);
  equal(sender.stats.packetsDropped, 7 + 2 + 6);
});

test("a throwing callback is reported and does not end the loop", async (implementation) => {
  const errors: unknown[] = [];
  const receiver = await bind(implementation, { onError: (error) => errors.push(error) });
  const sender = await bind(implementation);
  let calls = 0;
  const { promise: second, resolve } = Promise.withResolvers<void>();
  const { promise: first, resolve: firstCame } = Promise.withResolvers<void>();
  const loop = receiver.receive(() => {
    calls++;
    if (calls === 2) return resolve();
    firstCame();
    throw new Error("from the callback");
  });
  sender.send(batchOf([10]), receiver.address);
  await first;
  sender.send(batchOf([10]), receiver.address);
  await second;
  equal(errors.map(String), ["Error: from the callback"]);
  receiver.close();
  receiver.close();
  await loop;
  sender.close();
});

test("an occupied port is told with protocol and address", async (implementation) => {
  const first = await bind(implementation, { hostname: "" });
  const { port } = first.address;
  await rejects(bind(implementation, { hostname: "::", port }), {
    name: "AddressInUseError",
    message: `listen udp :${port}: address already in use`,
  });
  first.close();
});

test("multicast over the loopback interface reaches two receivers on one port", async (implementation) => {
  const group = "239.255.77.7";
  const interfaceIp = "127.0.0.1";
  const one = await bind(implementation, { hostname: group, multicast: { group, interfaceIp } });
  const { port } = one.address;
  const two = await bind(implementation, { hostname: group, port, multicast: { group, interfaceIp } });
  const sender = await bind(implementation, { multicast: { interfaceIp, ttl: 3 } });
  const inboxes = [new Inbox(one), new Inbox(two)];
  const batch = batchOf([1100, 1100, 1100]);
  sender.send(batch, { ip: group, port });
  for (const inbox of inboxes) {
    expectSame(await inbox.until(3), batch);
    await inbox.close();
  }
  sender.close();
});
