import { maxRandomAccessWaitMs } from "../../src/stream/random_access_wait.ts";
import { type Chunk, Sink, type SinkTarget } from "../../src/stream/sink.ts";
import { equal } from "../support/assert.ts";

/** A connection that takes a given number of bytes at once and the rest when told. */
class FakeConn implements SinkTarget {
  readonly written: number[] = [];
  /** Bytes that `tryWrite` takes before the system is full. */
  room = Infinity;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  tryWrite(bytes: Uint8Array): number {
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    this.written.push(...bytes.subarray(0, taken));
    return taken;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({
        resolve: () => {
          for (const byte of bytes) this.written.push(byte);
          resolve();
        },
        reject,
      });
    });
  }

  get blocked(): boolean {
    return this.#waiting.length > 0;
  }

  async release(): Promise<void> {
    this.#waiting.shift()!.resolve();
    await settle();
  }

  async fail(text: string): Promise<void> {
    this.#waiting.shift()!.reject(new Error(text));
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function chunk(value: number, size = 1, randomAccess = false): Chunk {
  return { bytes: new Uint8Array(size).fill(value), units: 1, randomAccess };
}

function createSink(limits = {}) {
  const conn = new FakeConn();
  const errors: string[] = [];
  let discarded = 0;
  const clock = { now: 0 };
  const sink = new Sink(
    conn,
    { maxBytes: 100, maxChunks: 4, maxAgeMs: 1000, ...limits },
    (error) => errors.push(String(error)),
    (units) => discarded += units,
    () => clock.now,
  );
  return { clock, conn, sink, errors, discarded: () => discarded };
}

Deno.test("a sink writes at once what the system takes", () => {
  const { conn, sink } = createSink();
  sink.push(chunk(1));
  sink.push(chunk(2));
  equal(conn.written, [1, 2]);
  equal(sink.stats, {
    bytesSent: 2,
    mediaBytesSent: 2,
    unitsSent: 2,
    unitsDiscarded: 0,
    packetsSent: 0,
    packetsDiscarded: 0,
  });
});

Deno.test("a sink counts packets where its chunks say how many, and media apart from the rest", async () => {
  const { conn, sink } = createSink();
  const packets = (value: number, randomAccess = false) => ({ ...chunk(value, 2, randomAccess), packets: 3 });
  sink.push(packets(1));
  sink.pushControl(Uint8Array.of(9));
  conn.room = 0;
  for (let i = 2; i <= 7; i++) sink.push(packets(i));
  conn.room = Infinity;
  await conn.release();
  const { bytesSent, mediaBytesSent, packetsSent, packetsDiscarded } = sink.stats;
  equal({ bytesSent, mediaBytesSent, packetsSent, packetsDiscarded }, {
    bytesSent: 5,
    mediaBytesSent: 4,
    packetsSent: 6,
    packetsDiscarded: 15,
  });
});

Deno.test("a chunk that was begun is finished before the next one", async () => {
  const { conn, sink } = createSink();
  conn.room = 1;
  sink.push(chunk(1, 3));
  sink.push(chunk(2));
  equal(conn.written, [1]);
  conn.room = Infinity;
  await conn.release();
  equal(conn.written, [1, 1, 1, 2]);
  equal(sink.queuedBytes, 0);
});

Deno.test("an overflowing sink skips to the next random access point", async () => {
  const { conn, sink, discarded } = createSink();
  conn.room = 1;
  sink.push(chunk(1, 2, true));
  for (let i = 2; i <= 5; i++) sink.push(chunk(i));
  equal(discarded(), 0);
  sink.push(chunk(6));
  equal(discarded(), 5, "four waiting and the one that came");
  sink.push(chunk(7));
  sink.push(chunk(8, 1, true));
  sink.push(chunk(9));
  conn.room = Infinity;
  await conn.release();
  equal(conn.written, [1, 1, 8, 9]);
  equal(discarded(), 6);
});

Deno.test("a reader that was too slow gets on when no random access point comes", async () => {
  const { clock, conn, sink } = createSink();
  conn.room = 0;
  sink.push(chunk(1));
  clock.now = 10;
  sink.push(chunk(2));
  clock.now = 2000;
  sink.push(chunk(3));
  conn.room = Infinity;
  await conn.release();
  equal(conn.written, [1]);
  clock.now = 2000 + maxRandomAccessWaitMs - 1;
  sink.push(chunk(4));
  equal(conn.written, [1]);
  clock.now = 2000 + maxRandomAccessWaitMs;
  sink.push(chunk(5));
  clock.now = 2000 + maxRandomAccessWaitMs;
  sink.push(chunk(6));
  equal(conn.written, [1, 5, 6]);
});

Deno.test("a random access point that overflows the sink replaces what waits", async () => {
  const { conn, sink } = createSink();
  conn.room = 0;
  sink.push(chunk(1));
  for (let i = 2; i <= 5; i++) sink.push(chunk(i));
  sink.push(chunk(6, 1, true));
  conn.room = Infinity;
  await conn.release();
  equal(conn.written, [1, 6]);
});

Deno.test("bytes and age bound the queue, too", () => {
  const bytes = createSink({ maxBytes: 10 });
  bytes.conn.room = 0;
  bytes.sink.push(chunk(1, 5));
  bytes.sink.push(chunk(2, 8));
  equal(bytes.discarded(), 0);
  bytes.sink.push(chunk(3, 8));
  equal(bytes.discarded(), 2);

  const age = createSink({ maxAgeMs: 100 });
  age.conn.room = 0;
  age.sink.push(chunk(1));
  age.sink.push(chunk(2));
  age.clock.now = 100;
  age.sink.push(chunk(3));
  equal(age.discarded(), 0);
  age.clock.now = 101;
  age.sink.push(chunk(4));
  equal(age.discarded(), 3);
});

Deno.test("control bytes survive an overflow", async () => {
  const { conn, sink } = createSink();
  conn.room = 0;
  sink.push(chunk(1));
  sink.pushControl(Uint8Array.of(100));
  for (let i = 2; i <= 6; i++) sink.push(chunk(i));
  conn.room = Infinity;
  await conn.release();
  equal(conn.written, [1, 100]);
});

Deno.test("a failing connection is told once", async () => {
  const { conn, sink, errors } = createSink();
  conn.room = 0;
  sink.push(chunk(1));
  sink.push(chunk(2));
  await conn.fail("gone");
  equal(errors, ["Error: gone"]);
  sink.push(chunk(3));
  equal(conn.blocked, false);
});

Deno.test("a sink says how long nothing has moved", async () => {
  const { clock, conn, sink } = createSink();
  sink.push(chunk(1));
  equal(sink.stalledMs(50), 0);
  conn.room = 0;
  clock.now = 100;
  sink.push(chunk(2));
  equal(sink.stalledMs(150), 50);
  await conn.release();
  equal(sink.stalledMs(200), 0);
});

Deno.test("a reader that is behind but reads on is not stalled", async () => {
  const { conn, sink } = createSink();
  conn.room = 0;
  for (let i = 1; i <= 4; i++) sink.push(chunk(i));
  equal(sink.stalledMs(900), 900);
  await conn.release();
  equal(sink.stalledMs(1000), 0);
  equal(sink.stalledMs(1500), 500);
  await conn.release();
  equal(sink.stalledMs(1800), 0);
});

Deno.test("a reader that is in the middle of a large chunk is not stalled", async () => {
  const { clock, conn, sink } = createSink({ maxBytes: Infinity });
  conn.room = 0;
  sink.push({ ...chunk(1, 200_000, true), packets: 150 });
  equal(sink.stalledMs(900), 900);
  await conn.release();
  equal(sink.stalledMs(1000), 0);
  equal(sink.stats.packetsSent, 0, "not all of it has left");
  clock.now = 1500;
  sink.push(chunk(2));
  conn.room = Infinity;
  await conn.release();
  equal(conn.blocked, false);
  equal([conn.written.length, conn.written.at(-1)], [200_001, 2]);
  equal(sink.stats.packetsSent, 150);
});

Deno.test("a sink tells how much of what waits cannot be dropped", async () => {
  const { conn, sink } = createSink();
  conn.room = 0;
  sink.push(chunk(1));
  sink.pushControl(new Uint8Array(7));
  sink.push(chunk(2, 5));
  equal([sink.queuedControlBytes, sink.queuedBytes], [7, 12]);
  await conn.release();
  equal(sink.queuedControlBytes, 0);
  sink.pushControl(new Uint8Array(3));
  sink.close();
  equal(sink.queuedControlBytes, 0);
});
