/** RTMP clients that misbehave, while well-behaved ones watch: they must not lose a frame. */
import { residentBytes } from "../bench/sys/process.ts";
import { concat } from "../../src/base/bytes.ts";
import { amf0Object, type Amf0Value } from "../../src/containers/flv/amf0/value.ts";
import { type OutgoingMessage, serializeMessages } from "../../src/protocols/rtmp/wire/chunk/writer.ts";
import { commandMessage } from "../../src/protocols/rtmp/wire/message/command.ts";
import { setChunkSize } from "../../src/protocols/rtmp/wire/message/protocol_control.ts";
import { userControl, UserEvent } from "../../src/protocols/rtmp/wire/message/user_control.ts";
import { TestClient } from "../protocols/rtmp/support/client.ts";
import { equal, fromHex, ok } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { memoryReturns } from "./support/memory.ts";
import { RawConnection } from "./support/raw_rtsp.ts";
import {
  announcement,
  numberedFrame,
  NumberedReader,
  rawHandshake,
  SteadyRtmpPublisher,
} from "./support/rtmp_steady.ts";
import { TestServer } from "./support/server.ts";

const closeLimitMs = 120_000;
/** What the server bears of silent clients; the good ones, which share a process with the others, may be held up. */
const patience = "15s";
const framesBetween = 15;
const app = "live";
const key = "steady";
const path = `${app}/${key}`;
const mebibyte = 1024 * 1024;

interface Attack {
  readonly name: string;
  run(server: TestServer): Promise<void>;
}

const messages = (list: readonly OutgoingMessage[], chunkSize = 128) => serializeMessages(list, chunkSize);
const connect = commandMessage(0, "connect", 1, amf0Object({ app, tcUrl: `rtmp://127.0.0.1/${app}` }));
const createStream = commandMessage(0, "createStream", 2, null);
const request = (action: "publish" | "play", name: string) =>
  messages([connect, createStream, commandMessage(1, action, 3, null, name)]);
const videoMessage = (body: Uint8Array, timestamp = 0): OutgoingMessage => ({
  chunkStreamId: 6,
  type: 9,
  timestamp,
  streamId: 1,
  parts: [body],
});

async function withMany(
  server: TestServer,
  count: number,
  act: (connection: RawConnection, index: number) => Promise<void>,
): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: count }, () => RawConnection.open(server.ports.rtmp)),
  );
  try {
    await Promise.all(connections.map(act));
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** The same bytes over and over: as much as the server takes. */
async function flood(connection: RawConnection, bytes: Uint8Array, times: number): Promise<void> {
  for (let i = 0; i < times; i++) if (!await connection.write(bytes)) return;
}

/** After the handshake `bytes`, then the server has to close. */
function closes(name: string, ...openings: readonly Uint8Array[]): Attack {
  return {
    name,
    run: (server) =>
      withMany(server, openings.length, async (connection, i) => {
        await connection.write(concat([rawHandshake, openings[i]]));
        await connection.untilClosed(closeLimitMs);
      }),
  };
}

/** They may be borne until the server's patience ends, and go on while the others come. */
const silentAttacks: readonly Attack[] = [
  {
    name: "half a handshake, a handshake, half a message; then silence",
    run: (server) =>
      withMany(server, 60, async (connection, i) => {
        const openings = [
          rawHandshake.subarray(0, 700),
          rawHandshake,
          concat([rawHandshake, messages([connect]).subarray(0, 60)]),
          concat([rawHandshake, request("publish", `silent${i}`)]),
        ];
        await connection.write(openings[i % openings.length]);
        await connection.untilClosed(closeLimitMs);
      }),
  },
  {
    name: "random bytes, TLS and HTTP on the RTMP port",
    run: (server) =>
      withMany(server, 60, async (connection, i) => {
        const random = new Random(i + 1);
        const openings = [
          Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...random.bytes(2000)),
          new TextEncoder().encode("GET /live HTTP/1.1\r\nHost: x\r\n\r\n".padEnd(2000, "x")),
          concat([rawHandshake, random.bytes(20_000)]),
          concat([Uint8Array.of(6), random.bytes(20_000)]),
        ];
        await connection.write(openings[i % openings.length]);
        await connection.untilClosed(closeLimitMs);
      }),
  },
];

/** `connect` whose object holds `depth` objects, one in the other. */
function nested(depth: number): Uint8Array {
  const open = concat(Array.from({ length: depth }, () => fromHex("03000161")));
  return concat([
    fromHex("0200"),
    fromHex("07"),
    new TextEncoder().encode("connect"),
    fromHex("003ff0000000000000"),
    open,
  ]);
}

const command = (body: Uint8Array): Uint8Array =>
  messages([{ chunkStreamId: 3, type: 20, timestamp: 0, streamId: 0, parts: [body] }]);
const connectStart = fromHex("020007636f6e6e656374003ff0000000000000");

const attacks: readonly Attack[] = [
  closes(
    "sizes that no message may have",
    fromHex("060000 00b00000 09 01000000".replaceAll(" ", "")),
    fromHex("06000000ffffff0901000000"),
    fromHex("02000000000004010000000000000000"),
    fromHex("0200000000000401000000008fffffff"),
  ),
  closes(
    "objects without end, arrays and strings of four billion",
    command(nested(50_000)),
    command(concat([connectStart, fromHex("08ffffffff")])),
    command(concat([connectStart, fromHex("0affffffff05")])),
    command(concat([connectStart, fromHex("0cffffffff41")])),
  ),
  closes(
    "more chunk streams than anybody has",
    concat(
      Array.from(
        { length: 1000 },
        (_, i) =>
          concat([Uint8Array.of(1, i & 255, i >> 8), fromHex("0000000010000901000000"), new Uint8Array(128)]),
      ),
    ),
  ),
  {
    name: "messages of 10 and 11 megabytes",
    run: async (server) => {
      await using big = await TestClient.connect(server.ports.rtmp, "publish", "live/big");
      await big.ready();
      await big.send(...announcement, numberedFrame(0));
      await server.published("live/big");
      await using reader = await NumberedReader.start(server.ports.rtmp, "live/big");
      await big.send(numberedFrame(1, 10 * mebibyte), numberedFrame(2));
      await reader.until(() => reader.number === 2, "the frame after the large one");
      equal(reader.lost, 0, "the large frame is missing");
      await big.send(numberedFrame(3, 11 * mebibyte)).catch(() => {});
      await server.log.waitFor(/message length.* is above/, closeLimitMs);
    },
  },
  {
    name: "unfinished messages on all chunk streams",
    run: (server) =>
      withMany(server, 2, async (connection) => {
        await connection.write(concat([rawHandshake, messages([setChunkSize(mebibyte)])]));
        for (let id = 3; id < 60; id++) {
          const header = concat([Uint8Array.of(id), fromHex("000000a000000901000000")]);
          if (!await connection.write(concat([header, new Uint8Array(mebibyte)]))) break;
        }
        await connection.untilClosed(closeLimitMs);
      }),
  },
  {
    name: "chunks of one byte, then other sizes in the middle of a message",
    run: async (server) => {
      using connection = await RawConnection.open(server.ports.rtmp);
      await connection.write(concat([rawHandshake, request("publish", "bytewise")]));
      const all = announcement.map(({ kind, body }) => ({
        ...videoMessage(body),
        type: kind === "data" ? 18 : 9,
      }));
      await connection.write(messages([setChunkSize(1)]));
      await connection.write(messages([...all, videoMessage(numberedFrame(0).body)], 1));
      await server.published("live/bytewise");
      await using reader = await NumberedReader.start(server.ports.rtmp, "live/bytewise");
      // Half of a frame in chunks of one byte, the other half in one chunk.
      const { body, timestamp } = numberedFrame(1);
      const whole = messages([videoMessage(body, timestamp)], 1);
      const half = body.length / 2;
      await connection.write(whole.subarray(0, 12 + 2 * half - 1));
      await connection.write(messages([setChunkSize(body.length)], 1));
      await connection.write(concat([Uint8Array.of(0xc6), body.subarray(half)]));
      await connection.write(messages([videoMessage(numberedFrame(2).body, 66)], body.length));
      await reader.until(() => reader.number === 2, "the frame after the change");
      equal(reader.lost, 0, "a frame is missing");
    },
  },
  {
    name: "floods of commands and pings that nobody reads the answers of",
    run: (server) =>
      withMany(server, 10, async (connection, i) => {
        const one = i % 2 === 0 ? createStream : userControl(UserEvent.pingRequest, 1);
        await connection.write(concat([rawHandshake, messages([connect])]));
        await flood(connection, messages(Array.from({ length: 1000 }, () => one)), 100);
      }),
  },
  {
    name: "readers that play and never read",
    run: (server) =>
      withMany(server, 20, async (connection) => {
        await connection.write(concat([rawHandshake, request("play", key)]));
        await new Promise((resolve) => setTimeout(resolve, 4000));
      }),
  },
  {
    name: "a reader that sends media, a publisher that sends nonsense",
    run: (server) =>
      withMany(server, 4, async (connection, i) => {
        const random = new Random(i + 1);
        const name = i % 2 === 0 ? key : `nonsense${i}`;
        await connection.write(concat([rawHandshake, request(i % 2 === 0 ? "play" : "publish", name)]));
        for (let n = 0; n < 500; n++) {
          const types = [8, 9, 18, 15, 22, 4];
          const type = types[random.int(types.length)];
          const part = { ...videoMessage(random.bytes(random.int(2000))), type };
          if (!await connection.write(messages([part]))) return;
        }
      }),
  },
  {
    name: "a storm of connections",
    run: async (server) => {
      const value: Amf0Value = null;
      await withMany(server, 300, async (connection) => {
        await connection.write(concat([rawHandshake, messages([connect, commandMessage(0, "x", 9, value)])]));
      });
    },
  },
];

Deno.test("hostile RTMP clients do not disturb a reader", async (t) => {
  await using server = await TestServer.start({ config: { rtmp: true, readTimeout: patience } });
  await using publisher = await SteadyRtmpPublisher.start(server.ports.rtmp, path);
  await server.published(path);
  await using reader = await NumberedReader.start(server.ports.rtmp, path);
  await reader.until(() => reader.received >= framesBetween, "the first frames");
  const before = residentBytes(server.pid);

  const silent = Promise.allSettled(silentAttacks.map((attack) => attack.run(server)));
  for (const attack of attacks) {
    await t.step(attack.name, async () => {
      await attack.run(server);
      const { received } = reader;
      await reader.until(() => reader.received >= received + framesBetween, "frames after the attack");
      equal(reader.lost, 0, "the reader has lost frames");
    });
  }
  for (const [i, result] of (await silent).entries()) {
    await t.step(silentAttacks[i].name, () => {
      if (result.status === "rejected") throw result.reason;
    });
  }

  await t.step("the reader has got every frame up to the last", async () => {
    await publisher.silence();
    await reader.until(() => reader.number === publisher.next - 1, "the last frame");
    equal(reader.lost, 0);
    ok(reader.received > framesBetween * attacks.length);
  });

  await t.step("the memory returns", () => memoryReturns(server.pid, before));
});
