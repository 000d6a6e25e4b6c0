import { Random } from "../../support/random.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { clockRate } from "../../../src/containers/mpegts/wire/timestamp.ts";
import { equal, ok, rejects } from "../../support/assert.ts";
import { codecs, randomPayload } from "../../containers/mpegts/media.ts";
import { freeUdpPair } from "../../support/ports.ts";
import { Puller } from "../support/puller.ts";

const local = "127.0.0.1";

/** Opus every 20 ms, as long as somebody asks. */
class Feed {
  readonly #track = { codec: codecs["Opus"] };
  readonly #muxer = new MpegtsMuxer([this.#track]);
  readonly #random = new Random(7);
  #count = 0;

  next(): Uint8Array {
    const dts = this.#count++ * clockRate / 50;
    return this.#muxer.write(this.#track, randomPayload(this.#random, "Opus", true), dts, dts, true);
  }
}

/** Sends at intervals until it is disposed of. */
function sendTo(
  port: number,
  options: { hostname?: string; wrap?: (bytes: Uint8Array) => Uint8Array } = {},
): AsyncDisposable {
  const { hostname = local, wrap = (bytes) => bytes } = options;
  const family = hostname.includes(":") ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({ transport: "udp", hostname: family, port: 0 });
  const feed = new Feed();
  let sending: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const bytes = wrap(feed.next());
    sending = sending.then(() => socket.send(bytes, { transport: "udp", hostname, port }));
  }, 20);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await sending;
      socket.close();
    },
  };
}

for (const scheme of ["udp+mpegts", "udp"]) {
  for (const udpFastPath of ["auto", "no"] as const) {
    Deno.test(`${scheme}: a stream begins with the first packets (fast path: ${udpFastPath})`, async () => {
      const port = freeUdpPair();
      const source = `${scheme}://${local}:${port}?pkt_size=1316`;
      await using puller = new Puller({ cam: { source } }, { udpFastPath });
      await puller.line(/info \[path cam\] \[MPEG-TS source\] started$/);
      const { source: before, sourceStatus } = puller.get("cam");
      equal([before, sourceStatus?.state], [{ type: "mpegtsSource", id: "" }, "connecting"]);
      await using _sender = sendTo(port);
      await puller.available("cam");
      const { units } = await puller.read("cam");
      const unit = await units.next("a unit");
      equal(unit.track.codec.name, "Opus");
      equal(puller.get("cam").sourceStatus?.state, "running");
    });
  }
}

Deno.test("udp+mpegts: a source that falls silent ends the stream, and comes back", async () => {
  const port = freeUdpPair();
  const entries = { cam: { source: `udp+mpegts://${local}:${port}` } };
  await using puller = new Puller(entries, { readTimeout: 5000 });
  let reading;
  {
    await using _sender = sendTo(port);
    await puller.available("cam");
    reading = await puller.read("cam");
    await reading.units.next("a unit");
  }
  await puller.line(/error \[path cam\] \[MPEG-TS source\] nothing received for 5 s$/);
  await reading.units.ended("the stream");
  equal(reading.reader.closes, ["stream is closed"]);
  await using _sender = sendTo(port);
  await puller.available("cam", 2);
  ok(puller.get("cam").sourceStatus!.attempts >= 2);
});

Deno.test("udp+mpegts: on demand, with a group of the path's name in the URL", async () => {
  const port = freeUdpPair();
  const source = `udp+mpegts://${local}:$G1`;
  const entry = { source, sourceOnDemand: true, sourceOnDemandCloseAfter: 50 };
  await using puller = new Puller({ "~^port/(\\d+)$": entry });
  await using _sender = sendTo(port);
  const name = `port/${port}`;
  const reading = await puller.read(name);
  await reading.units.next("a unit");
  await puller.line(/info \[path port\/\d+\] \[MPEG-TS source\] started on demand$/);
  reading.leave();
  await puller.line(/info \[path port\/\d+\] \[MPEG-TS source\] stopped: not needed by anyone$/);
  await puller.line(/debug \[path port\/\d+\] destroyed: not in use$/);
  equal(puller.paths.get(name), null);
  const again = await puller.read(name);
  await again.units.next("a unit");
});

Deno.test("udp+mpegts: an on-demand source that does not come is stopped", async () => {
  const source = `udp+mpegts://${local}:${freeUdpPair()}`;
  await using puller = new Puller({
    cam: { source, sourceOnDemand: true, sourceOnDemandStartTimeout: 50 },
  });
  await rejects(() => puller.read("cam"), /source of path 'cam' has timed out/);
  await puller.line(/info \[path cam\] \[MPEG-TS source\] stopped: timed out$/);
  equal(puller.get("cam").sourceStatus?.state, "idle");
});

Deno.test("udp+mpegts: packets of others than the source are passed over", async () => {
  const port = freeUdpPair();
  const entries = { cam: { source: `udp+mpegts://${local}:${port}?source=127.0.0.9` } };
  await using puller = new Puller(entries, { readTimeout: 300 });
  await using _sender = sendTo(port);
  await puller.line(/error \[path cam\] \[MPEG-TS source\] nothing received within 0\.3 s$/);
});

Deno.test("udp+mpegts: noise does not keep a source waiting for ever", async () => {
  const port = freeUdpPair();
  const entries = { cam: { source: `udp+mpegts://${local}:${port}` } };
  await using puller = new Puller(entries, { readTimeout: 300 });
  await using _sender = sendTo(port, { wrap: (bytes) => bytes.fill(1) });
  await puller.line(/error \[path cam\] \[MPEG-TS source\] nothing received within 0\.3 s$/);
});

Deno.test("udp+mpegts: transport packets inside of RTP", async () => {
  const port = freeUdpPair();
  await using puller = new Puller({ cam: { source: `udp+mpegts://${local}:${port}` } });
  const header = Uint8Array.of(0x80, 33, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4);
  await using _sender = sendTo(port, { wrap: (bytes) => new Uint8Array([...header, ...bytes]) });
  await puller.available("cam");
});

for (const [size, before] of [[192, 4], [204, 0]]) {
  Deno.test(`udp+mpegts: packets of ${size} bytes`, async () => {
    const port = freeUdpPair();
    await using puller = new Puller({ cam: { source: `udp+mpegts://${local}:${port}` } });
    const wrap = (bytes: Uint8Array) => {
      const out = new Uint8Array(bytes.length / 188 * size).fill(9);
      for (let i = 0; i < bytes.length / 188; i++) {
        out.set(bytes.subarray(i * 188, i * 188 + 188), i * size + before);
      }
      return out;
    };
    await using _sender = sendTo(port, { wrap });
    await puller.available("cam");
    const { units } = await puller.read("cam");
    for (let i = 0; i < 5; i++) await units.next("a unit");
    equal(puller.log.all.filter((line) => /^warn/.test(line)), []);
  });
}

Deno.test("udp+mpegts: bytes behind the packets of a datagram are left out", async () => {
  const port = freeUdpPair();
  await using puller = new Puller({ cam: { source: `udp+mpegts://${local}:${port}` } });
  await using _sender = sendTo(port, { wrap: (bytes) => new Uint8Array([...bytes, 1, 2, 3, 4]) });
  await puller.available("cam");
  const { units } = await puller.read("cam");
  await units.take("a unit", 5);
  equal(puller.log.all.filter((line) => /decode error/.test(line)), []);
});

Deno.test("udp+mpegts: datagrams that end anywhere", async () => {
  const port = freeUdpPair();
  await using puller = new Puller({ cam: { source: `udp+mpegts://${local}:${port}` } });
  let rest = new Uint8Array(0);
  const wrap = (bytes: Uint8Array) => {
    const all = new Uint8Array([...rest, ...bytes]);
    const size = Math.max(0, all.length - 100);
    rest = all.slice(size);
    return all.slice(0, size);
  };
  await using _sender = sendTo(port, { wrap });
  await puller.available("cam");
  const { units } = await puller.read("cam");
  await units.take("a unit", 5);
});

Deno.test("udp+mpegts: multicast", async () => {
  const port = freeUdpPair();
  const interfaceName = Deno.networkInterfaces().find(({ address }) => address === local)!.name;
  const group = "239.77.1.2";
  const source = `udp+mpegts://${group}:${port}?interface=${interfaceName}`;
  await using puller = new Puller({ cam: { source } });
  await puller.line(/connecting/);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: local, port: 0, loopback: true });
  await (await socket.joinMulticastV4(group, local)).setLoopback(true);
  const feed = new Feed();
  let stop = false;
  const sending = (async () => {
    while (!stop) {
      await socket.send(feed.next(), { transport: "udp", hostname: group, port });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    await puller.available("cam");
  } finally {
    stop = true;
    await sending;
    socket.close();
  }
});

Deno.test("udp+mpegts: a new configuration takes over the port", async () => {
  const port = freeUdpPair();
  const source = `udp+mpegts://${local}:${port}`;
  await using puller = new Puller({ cam: { source } });
  await using _sender = sendTo(port);
  await puller.available("cam");
  puller.paths.reload(puller.conf({ cam: { source, useAbsoluteTimestamp: true } }));
  await puller.line(/info \[path cam\] \[MPEG-TS source\] stopped: path is closing$/);
  await puller.available("cam", 2);
  equal(puller.log.all.filter((line) => line.startsWith("error")), []);
});

Deno.test("udp+mpegts: what cannot be listened on is told, and tried again", async () => {
  const taken = Deno.listenDatagram({ transport: "udp", hostname: local, port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using puller = new Puller({ cam: { source: `udp+mpegts://${local}:${port}` } });
  await puller.line(
    /error \[path cam\] \[MPEG-TS source\] listen udp 127\.0\.0\.1:\d+: address already in use$/,
    2,
  );
  const { lastError, attempts } = puller.get("cam").sourceStatus!;
  ok(lastError!.startsWith("listen udp") && attempts >= 2);
  taken.close();
});

Deno.test("unix+mpegts: one client after the other, over what an earlier run has left", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/in.sock`;
  try {
    // A socket file without anybody behind it.
    Deno.listen({ transport: "unix", path }).close();
    await using puller = new Puller({ cam: { source: `unix+mpegts://${path}` } });
    for (const count of [1, 2]) {
      using conn = await connectUnix(path);
      const feed = new Feed();
      for (let i = 0; i < 20; i++) await conn.write(feed.next());
      await puller.available("cam", count);
    }
    await puller.line(/error \[path cam\] \[MPEG-TS source\] the peer has ended the connection$/, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The socket file comes a moment after the start, and after each client. */
async function connectUnix(path: string): Promise<Deno.UnixConn> {
  for (let tries = 0;; tries++) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (tries === 3000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test("unix+mpegts: a file that is no socket stays", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "precious");
    await using puller = new Puller({ cam: { source: `unix+mpegts://${path}` } });
    await puller.line(/error .* listen unix .*: the file exists and is no socket$/);
    equal(await Deno.readTextFile(path), "precious");
  } finally {
    await Deno.remove(path);
  }
});
