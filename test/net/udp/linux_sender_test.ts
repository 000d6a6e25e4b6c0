/** Failures of the system that a healthy machine does not show, played by a C library of our own. */
import { errnoHint, type Libc, libc, maxMessagesPerCall } from "../../../src/net/ffi/mod.ts";
import { LinuxUdpGroup } from "../../../src/net/udp/linux_group.ts";
import { LinuxUdpSender, maxAttempts, maxWaitingPackets } from "../../../src/net/udp/linux_sender.ts";
import type { PacketBatch } from "../../../src/net/udp/mod.ts";
import { equal, ok } from "../../support/assert.ts";

const again = 11;
const invalid = 22;
const headerSize = 64;

/** One message as the kernel would see it. */
interface Seen {
  readonly port: number;
  readonly length: number;
  readonly segment: number;
  readonly firstByte: number;
}

function pointerAt(view: DataView, at: number): Deno.PointerObject {
  const pointer = Deno.UnsafePointer.create(view.getBigUint64(at, true));
  if (pointer === null) throw new Error("a null pointer in a message");
  return pointer;
}

function look(headers: Uint8Array, slot: number): Seen {
  const view = new DataView(headers.buffer, headers.byteOffset + slot * headerSize, headerSize);
  const name = new Deno.UnsafePointerView(pointerAt(view, 0));
  const vector = new Deno.UnsafePointerView(pointerAt(view, 16));
  const control = view.getBigUint64(40, true) === 0n
    ? undefined
    : new Deno.UnsafePointerView(pointerAt(view, 32));
  const base = Deno.UnsafePointer.create(vector.getBigUint64(0));
  const length = Number(vector.getBigUint64(8));
  return {
    port: name.getUint8(2) << 8 | name.getUint8(3),
    length,
    segment: control?.getUint16(16) ?? 0,
    firstByte: base === null || length === 0 ? 0 : new Deno.UnsafePointerView(base).getUint8(0),
  };
}

/** `refuse` gives the error number for a message, 0 to take it. */
function fakeLibc(real: Libc, refuse: (message: Seen) => number): { libc: Libc; taken: Seen[] } {
  const taken: Seen[] = [];
  const errno = new Int32Array(1);
  const where = Deno.UnsafePointer.of(errno);
  // errnoHint keeps the place of the first library it saw, so write to the real one.
  ok(errnoHint(real) >= 0 && where !== null);
  const place = real.__errno_location();
  if (place === null) throw new Error("no errno");
  const realErrno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(place, 4));
  const fake: Libc = {
    ...real,
    sendmmsg: (_descriptor, buffer, count) => {
      const headers = buffer as Uint8Array;
      for (let slot = 0; slot < count; slot++) {
        const message = look(headers, slot);
        const error = refuse(message);
        if (error !== 0) {
          realErrno[0] = error;
          return slot === 0 ? -1 : slot;
        }
        taken.push(message);
      }
      return count;
    },
  };
  return { libc: fake, taken };
}

function equalPackets(count: number, size: number): PacketBatch {
  return { bytes: new Uint8Array(count * size).fill(7), sizes: new Array<number>(count).fill(size) };
}

function test(name: string, body: (real: Libc) => Promise<void> | void): void {
  const real = libc();
  Deno.test({
    name: `linux sender: ${name}`,
    ignore: real === undefined,
    fn: async () => {
      if (real !== undefined) await body(real);
    },
  });
}

const to = (port: number) => ({ ip: "127.0.0.1", port });

test("without offload on the way, packets go out one by one, and stay so", (real) => {
  const { libc, taken } = fakeLibc(real, ({ segment }) => segment > 0 ? invalid : 0);
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  sender.send(equalPackets(5, 1000), to(1));
  sender.flush();
  equal(taken.map(({ length }) => length), [1000, 1000, 1000, 1000, 1000]);
  let refused = 0;
  const after = new LinuxUdpSender(libc, 3, "ipv4", true);
  after.send({ bytes: new Uint8Array(8000), sizes: [1000, 1000, 1500, 1500, 1500, 1500] }, to(1));
  after.flush();
  equal(after.sent, 6);
  equal(after.dropped, 0);
  const counting = fakeLibc(real, ({ segment }) => {
    if (segment > 0) refused++;
    return segment > 0 ? invalid : 0;
  });
  const third = new LinuxUdpSender(counting.libc, 3, "ipv6", true);
  const same = to(1);
  for (let i = 0; i < 10; i++) {
    third.send(equalPackets(3, 1200), same);
    third.flush();
  }
  equal(refused, 1);
  equal(third.sent, 30);
  sender.close();
  after.close();
  third.close();
});

test("only segments too large for the route lose the offload", (real) => {
  const { libc, taken } = fakeLibc(real, ({ segment }) => segment > 1300 ? invalid : 0);
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  const same = to(1);
  sender.send(equalPackets(4, 1400), same);
  sender.flush();
  sender.send(equalPackets(4, 1400), same);
  sender.flush();
  sender.send(equalPackets(4, 1200), same);
  sender.flush();
  equal(taken.map(({ length }) => length), [...new Array<number>(8).fill(1400), 4800]);
  sender.close();
});

test("a route with a small MTU loses the offload alone, whoever comes first", (real) => {
  for (const first of [1, 2]) {
    const { libc, taken } = fakeLibc(real, ({ port, segment }) => port === 1 && segment > 1000 ? invalid : 0);
    const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
    const group = new LinuxUdpGroup(sender);
    const [one, two] = [to(1), to(2)];
    const send = (port: number) => {
      sender.send(equalPackets(4, 1200), port === 1 ? one : two);
      sender.flush();
    };
    send(first);
    send(3 - first);
    taken.length = 0;
    send(1);
    send(2);
    equal(taken.map(({ length }) => length), [1200, 1200, 1200, 1200, 4800]);
    group.add(two);
    group.send(equalPackets(4, 1200));
    equal(taken.at(-1)!.length, 4800);
    equal(sender.dropped, 0);
    sender.close();
  }
});

test("a destination that fails is skipped, all others are served once", (real) => {
  const bad = new Set([5, 17, 1030, 1500]);
  const { libc, taken } = fakeLibc(real, ({ port }) => bad.has(port) ? invalid : 0);
  const sender = new LinuxUdpSender(libc, 3, "ipv6", true);
  const group = new LinuxUdpGroup(sender);
  for (let port = 1; port <= 1500; port++) group.add(to(port));
  ok(group.size > maxMessagesPerCall);
  group.send(equalPackets(7, 1200));
  const expected = Array.from({ length: 1500 }, (_, i) => i + 1).filter((port) => !bad.has(port));
  equal(taken.map(({ port }) => port), expected);
  ok(taken.every(({ length, segment, firstByte }) => length === 8400 && segment === 1200 && firstByte === 7));
  equal(sender.dropped, 4 * 7);
  equal(sender.sent, 1496 * 7);
  sender.close();
});

test("a failing message in a batch does not take its neighbours along", (real) => {
  const { libc, taken } = fakeLibc(real, ({ length }) => length === 900 ? invalid : 0);
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  sender.send({ bytes: new Uint8Array(4200), sizes: [100, 900, 1000, 1000, 1200] }, to(1));
  sender.flush();
  equal(taken.map(({ length }) => length), [100, 2000, 1200]);
  equal([sender.sent, sender.dropped], [4, 1]);
  sender.close();
});

test("a full buffer makes packets wait in order", async (real) => {
  let room = 2;
  const { libc, taken } = fakeLibc(real, () => room-- > 0 ? 0 : again);
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  const group = new LinuxUdpGroup(sender);
  for (let port = 1; port <= 4; port++) group.add(to(port));
  group.send(equalPackets(2, 1000));
  equal(taken.map(({ port }) => port), [1, 2]);
  sender.send(equalPackets(1, 500), to(1));
  sender.flush();
  group.send(equalPackets(1, 700));
  equal(sender.sent, 4);
  ok(sender.congested);
  room = 1e6;
  while (sender.congested) await new Promise((resolve) => setTimeout(resolve, 1));
  equal(taken.slice(2).map(({ port, length }) => [port, length]), [
    [3, 2000],
    [4, 2000],
    [1, 500],
    [1, 700],
    [2, 700],
    [3, 700],
    [4, 700],
  ]);
  equal([sender.sent, sender.dropped], [13, 0]);
  sender.close();
});

test("what waits keeps its bytes when the room it was built in is used again", async (real) => {
  let places = 1;
  const { libc, taken } = fakeLibc(real, () => places-- > 0 ? 0 : again);
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  const push = (value: number) => {
    const bytes = sender.room(1500).fill(value);
    sender.send({ bytes, sizes: [1000, 500] }, to(value));
  };
  for (let value = 1; value <= 3; value++) push(value);
  // The room is free again at the end of the turn.
  await Promise.resolve();
  equal([taken.length, sender.congested], [1, true]);
  push(4);
  await Promise.resolve();
  places = 1e6;
  while (sender.congested) await new Promise((resolve) => setTimeout(resolve, 1));
  equal(taken.map(({ port, length, firstByte }) => [port, length, firstByte]), [
    [1, 1500, 1],
    [2, 1500, 2],
    [3, 1500, 3],
    [4, 1500, 4],
  ]);
  sender.close();
});

test("a turn may need more room than there is: what was built before goes out first", async (real) => {
  const { libc, taken } = fakeLibc(real, () => 0);
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  const size = 60_000;
  for (let value = 1; value <= 20; value++) {
    sender.send({ bytes: sender.room(size).fill(value), sizes: [size] }, to(1));
  }
  await Promise.resolve();
  equal(taken.map(({ firstByte }) => firstByte), Array.from({ length: 20 }, (_, i) => i + 1));
  equal(sender.room(1_000_000).length, 1_000_000);
  sender.close();
});

test("a buffer that stays full drops: what does not fit at once, the rest after its attempts", async (real) => {
  let calls = 0;
  const { libc, taken } = fakeLibc(real, () => {
    calls++;
    return again;
  });
  const sender = new LinuxUdpSender(libc, 3, "ipv4", true);
  sender.send(equalPackets(1, 500), to(1));
  sender.flush();
  for (let i = 0; i < maxWaitingPackets + 9; i++) sender.send(equalPackets(1, 100), to(1));
  sender.flush();
  equal(sender.dropped, 10);
  while (sender.dropped === 10) await new Promise((resolve) => setTimeout(resolve, 1));
  ok(calls >= maxAttempts);
  sender.close();
  equal(taken.length, 0);
  equal(sender.dropped, maxWaitingPackets + 10);
});

test("what is sent in one turn goes out in one call, in order, and before what a group sends later", async (real) => {
  let calls = 0;
  const { libc, taken } = fakeLibc(real, () => 0);
  const counting = {
    ...libc,
    sendmmsg: (...args: Parameters<Libc["sendmmsg"]>) => (calls++, libc.sendmmsg(...args)),
  };
  const sender = new LinuxUdpSender(counting, 3, "ipv4", true);
  const group = new LinuxUdpGroup(sender);
  group.add(to(99));
  for (let port = 1; port <= 50; port++) sender.send(equalPackets(7, 1000 + port), to(port));
  equal(calls, 0);
  await Promise.resolve();
  equal(calls, 1);
  equal(
    taken.map(({ port, length }) => [port, length]),
    Array.from({ length: 50 }, (_, i) => [i + 1, 7 * (1001 + i)]),
  );
  sender.send(equalPackets(1, 10), to(1));
  group.send(equalPackets(1, 20));
  equal(taken.slice(50).map(({ port }) => port), [1, 99]);
  // More than one call takes.
  for (let port = 1; port <= 600; port++) sender.send(equalPackets(1, 30), to(port));
  sender.close();
  equal(taken.slice(52).map(({ port }) => port), Array.from({ length: 600 }, (_, i) => i + 1));
  equal(sender.sent, 50 * 7 + 2 + 600);
});
