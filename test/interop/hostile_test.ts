/** Clients that misbehave, while a well-behaved one watches: it must not lose a packet. */
import { residentBytes } from "../bench/sys/process.ts";
import { equal, ok } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { memoryReturns } from "./support/memory.ts";
import { CountingReader, RawConnection, SteadyPublisher } from "./support/raw_rtsp.ts";
import { TestServer } from "./support/server.ts";

/** More than the longest silence that RTSP servers usually accept, a minute. */
const closeLimitMs = 120_000;
const packetsBetween = 100;
/** What the server bears of silent clients; the good ones, which share a process with the others, may be held up. */
const patience = "15s";

const path = "steady";
const tcp = (first: number) => ({ Transport: `RTP/AVP/TCP;unicast;interleaved=${first}-${first + 1}` });

interface Attack {
  readonly name: string;
  run(server: TestServer): Promise<void>;
}

/** Opens many connections, does the same with each, closes all. */
async function withMany(
  server: TestServer,
  count: number,
  act: (connection: RawConnection, index: number) => Promise<void>,
): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: count }, () => RawConnection.open(server.ports.rtsp)),
  );
  try {
    await Promise.all(connections.map(act));
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** The server has to close, with or without an answer; an answer has to be an error. */
async function expectClosed(connection: RawConnection): Promise<void> {
  const line = await connection.untilClosed(closeLimitMs);
  if (line.startsWith("RTSP/1.0")) ok(/^RTSP\/1\.0 [45]\d\d /.test(line), `was answered with '${line}'`);
}

/** They may be borne until the server's patience ends, and go on while the others come. */
const silentAttacks: readonly Attack[] = [
  {
    name: "half a request, then silence",
    run: (server) =>
      withMany(server, 50, async (connection) => {
        await connection.write(`DESCRIBE ${server.rtspUrl(path)} RTSP/1.0\r\nCSeq: 1\r\nAcc`);
        await expectClosed(connection);
      }),
  },
  {
    name: "a request line without end",
    run: (server) =>
      withMany(server, 4, async (connection) => {
        await connection.write(new Uint8Array(8 * 1024 * 1024).fill(0x41));
        await expectClosed(connection);
      }),
  },
  {
    name: "random bytes, TLS and HTTP on the RTSP port",
    run: (server) =>
      withMany(server, 60, async (connection, i) => {
        const random = new Random(i + 1);
        const openings = [
          Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...random.bytes(600)),
          "GET /steady HTTP/1.1\r\nHost: x\r\n\r\n",
          random.bytes(20_000),
        ];
        await connection.write(openings[i % openings.length]);
        await connection.untilClosed(closeLimitMs);
      }),
  },
];

const attacks: readonly Attack[] = [
  {
    name: "a header of eight megabytes",
    run: (server) =>
      withMany(server, 4, async (connection) => {
        await connection.write(`OPTIONS ${server.rtspUrl(path)} RTSP/1.0\r\nCSeq: 1\r\nX: `);
        await connection.write(new Uint8Array(8 * 1024 * 1024).fill(0x61));
        await expectClosed(connection);
      }),
  },
  {
    name: "a hundred thousand headers",
    run: (server) =>
      withMany(server, 4, async (connection) => {
        await connection.write(`OPTIONS ${server.rtspUrl(path)} RTSP/1.0\r\n`);
        await connection.write("Name: value\r\n".repeat(100_000));
        await expectClosed(connection);
      }),
  },
  {
    name: "bodies of impossible sizes",
    run: async (server) => {
      const sizes = ["4294967295", "99999999999999999999", "-1", "1e9", "0x10"];
      await withMany(server, sizes.length, async (connection, i) => {
        const headers = { "Content-Type": "application/sdp", "Content-Length": sizes[i] };
        await connection.write(connection.request("ANNOUNCE", server.rtspUrl("other"), headers));
        await connection.write(new Uint8Array(4 * 1024 * 1024));
        await expectClosed(connection);
      });
    },
  },
  {
    name: "a million interleaved bytes of nonsense before any request",
    run: (server) =>
      withMany(server, 4, async (connection, i) => {
        const random = new Random(i + 1);
        for (let sent = 0; sent < 1_000_000; sent += 1004) {
          if (
            !await connection.write(Uint8Array.of(0x24, random.int(256), 3, 232, ...random.bytes(1000)))
          ) break;
        }
        await expectClosed(connection);
      }),
  },
  {
    name: "a million interleaved bytes of nonsense from a reader",
    run: (server) =>
      withMany(server, 4, async (connection, i) => {
        const random = new Random(i + 1);
        const setup = await connection.ask("SETUP", `${server.rtspUrl(path)}/trackID=0`, tcp(0));
        const session = (setup?.headers.get("session") ?? "").split(";")[0];
        equal((await connection.ask("PLAY", server.rtspUrl(path), { Session: session }))?.status, 200);
        for (let sent = 0; sent < 1_000_000; sent += 1004) {
          if (!await connection.write(Uint8Array.of(0x24, random.int(2), 3, 232, ...random.bytes(1000)))) {
            break;
          }
        }
      }),
  },
  {
    name: "a storm of SETUP: three hundred sessions, then as many requests in one session",
    run: async (server) => {
      const url = server.rtspUrl(path);
      await withMany(server, 300, async (connection) => {
        const answer = await connection.ask("SETUP", `${url}/trackID=0`, tcp(0));
        ok(answer === null || answer.status === 200 || answer.status >= 400);
      });
      using one = await RawConnection.open(server.ports.rtsp);
      const setup = await one.ask("SETUP", `${url}/trackID=0`, tcp(0));
      const session = { Session: (setup?.headers.get("session") ?? "").split(";")[0] };
      for (let i = 1; i < 300; i++) {
        const answer = await one.ask("SETUP", `${url}/trackID=${i}`, { ...tcp(2 * (i % 100)), ...session });
        if (answer === null) break;
        ok(answer.status >= 400, `SETUP of track ${i} was answered with ${answer.status}`);
      }
    },
  },
  {
    name: "a flood of DESCRIBE that nobody reads the answers of",
    run: (server) =>
      withMany(server, 20, async (connection) => {
        const flood = Array.from({ length: 200 }, () => connection.request("DESCRIBE", server.rtspUrl(path)));
        await connection.write(flood.join(""));
        const answer = await connection.answer();
        ok(answer === null || answer.status === 200 || answer.status >= 400);
      }),
  },
  {
    name: "readers that play and never read",
    run: async (server) => {
      await withMany(server, 20, async (connection) => {
        const setup = await connection.ask("SETUP", `${server.rtspUrl(path)}/trackID=0`, tcp(0));
        const session = (setup?.headers.get("session") ?? "").split(";")[0];
        await connection.write(connection.request("PLAY", server.rtspUrl(path), { Session: session }));
        await new Promise((resolve) => setTimeout(resolve, 4000));
      });
    },
  },
  {
    name: "a publisher that sends nonsense instead of RTP",
    run: async (server) => {
      const random = new Random(7);
      using connection = await RawConnection.open(server.ports.rtsp);
      const url = server.rtspUrl("nonsense");
      const sdp = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n" +
        "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n";
      const headers = { "Content-Type": "application/sdp", "Content-Length": String(sdp.length) };
      await connection.write(connection.request("ANNOUNCE", url, headers) + sdp);
      equal((await connection.answer())?.status, 200);
      const record = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record" };
      const setup = await connection.ask("SETUP", `${url}/trackID=0`, record);
      const session = { Session: (setup?.headers.get("session") ?? "").split(";")[0] };
      equal((await connection.ask("RECORD", url, session))?.status, 200);
      for (let sent = 0; sent < 1_000_000; sent += 1004) {
        if (!await connection.write(Uint8Array.of(0x24, random.int(2), 3, 232, ...random.bytes(1000)))) break;
      }
    },
  },
];

Deno.test("hostile clients do not disturb a reader", async (t) => {
  await using server = await TestServer.start({ config: { readTimeout: patience } });
  const url = server.rtspUrl(path);
  await using publisher = await SteadyPublisher.start(url);
  await using reader = await CountingReader.start(server.ports.rtsp, url);
  await reader.until(() => reader.received >= packetsBetween, "the first packets");
  const before = residentBytes(server.pid);

  const silent = Promise.allSettled(silentAttacks.map((attack) => attack.run(server)));
  for (const attack of attacks) {
    await t.step(attack.name, async () => {
      await attack.run(server);
      const received = reader.received;
      await reader.until(() => reader.received >= received + packetsBetween, "packets after the attack");
      equal(reader.lost, 0, "the reader has lost packets");
    });
  }

  for (const [i, result] of (await silent).entries()) {
    await t.step(silentAttacks[i].name, () => {
      if (result.status === "rejected") throw result.reason;
    });
  }

  await t.step("the reader has got every packet up to the last", async () => {
    await publisher.silence();
    await reader.until(() => reader.nextSequence === publisher.nextSequence, "the last packet");
    equal(reader.lost, 0);
  });

  await t.step("the memory returns", () => memoryReturns(server.pid, before));
});
