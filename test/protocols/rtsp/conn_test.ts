/** What happens in one moment, on a connection without a socket. */
import { AuthManager } from "../../../src/auth/mod.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { ByteConn } from "../../../src/net/byte_conn.ts";
import { LivePaths } from "../../../src/paths/manager.ts";
import { RtspConn } from "../../../src/protocols/rtsp/conn.ts";
import type { RtspContext } from "../../../src/protocols/rtsp/context.ts";
import { serializeInterleaved } from "../../../src/protocols/rtsp/wire/interleaved.ts";
import { StreamStates } from "../../../src/protocols/rtsp/stream_state.ts";
import { HttpTunnels } from "../../../src/protocols/rtsp/tunnel/http.ts";
import { portableCrypto } from "../../../src/rtp/srtp/mod.ts";
import { Unit } from "../../../src/stream/unit.ts";
import { access, confOf, medias, TestPublisher, TestReader } from "../../paths/support.ts";
import { equal } from "../../support/assert.ts";
import { packet } from "../../stream/support.ts";
import { audioOnly } from "./support/media.ts";

const address = { ip: "127.0.0.1", port: 1 };

/** Paths, and connections to an RTSPS server over them. */
function start() {
  const conf = confOf({ all_others: {} });
  const auth = new AuthManager(conf, silentLogger, () => 0);
  const paths = new LivePaths({ conf, auth, logger: silentLogger });
  const sessions: RtspContext["sessions"] = new Map();
  const connect = (stream: ByteConn, overrides: Partial<RtspContext> = {}) =>
    new RtspConn({
      secure: true,
      conf,
      logger: silentLogger,
      pathManager: paths,
      srtpCrypto: portableCrypto,
      udp: null,
      multicast: null,
      sessions,
      streams: new StreamStates(),
      tunnels: new HttpTunnels(),
      serve: () => {},
      ...overrides,
    }, stream);
  const close = async () => {
    await paths.close();
    await auth.close();
  };
  return { paths, sessions, connect, [Symbol.asyncDispose]: close };
}

/** Brings all this, one after the other, when `came` settles, then the end. */
function bringing(came: Promise<void>, all: readonly (string | Uint8Array)[]) {
  const reads = all.map((one) => typeof one === "string" ? new TextEncoder().encode(one) : one);
  const answers: string[] = [];
  const stream: ByteConn = {
    local: address,
    remote: address,
    read: async (into) => {
      await came;
      const next = reads.shift();
      if (next === undefined) return null;
      into.set(next);
      return next.length;
    },
    write: () => Promise.resolve(),
    tryWrite: (bytes) => {
      answers.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
    close: () => {},
  };
  return { stream, answers };
}

Deno.test("a request that comes in the moment in which its connection is closed makes no session", async () => {
  await using server = start();
  const came = Promise.withResolvers<void>();
  const { stream } = bringing(came.promise, [
    "ANNOUNCE rtsp://127.0.0.1/cam RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\n" +
    `Content-Length: ${audioOnly.length}\r\n\r\n${audioOnly}`,
  ]);
  const conn = server.connect(stream);
  const running = conn.run();
  came.resolve();
  conn.close("kicked");
  await running;
  equal(server.sessions.size, 0);
});

Deno.test("a stream that ends in the moment in which it is described is not there", async () => {
  await using server = start();
  const { paths } = server;
  const conf = await paths.authorize(access("cam"), "publish");
  const seat = await paths.addPublisher(access("cam"), new TestPublisher(), medias, conf);
  const { stream, answers } = bringing(Promise.resolve(), [
    "DESCRIBE rtsps://127.0.0.1/cam RTSP/1.0\r\nCSeq: 1\r\n\r\n",
  ]);
  // The keys of the stream are told with the numbers of its packets.
  const streams = new StreamStates();
  streams.of({ secure: true, srtpCrypto: portableCrypto, multicast: null }, seat.stream);
  seat.stream.write([Unit.fromPackets(seat.stream.tracks[0], 0, 0, [packet(1, 0, Uint8Array.of(1))])], 0);
  const pathManager = Object.create(paths) as LivePaths;
  pathManager.describe = async (access) => {
    const described = await paths.describe(access);
    seat.leave();
    return described;
  };
  pathManager.connected = (conn) => paths.connected(conn);
  await server.connect(stream, { pathManager, streams }).run();
  equal(answers.map((answer) => answer.split("\r\n")[0]), ["RTSP/1.0 404 Not Found"]);
});

Deno.test("packets that came with the end of their publisher in one read stay as they were", async () => {
  await using server = start();
  const { paths } = server;
  const kept: Uint8Array[] = [];
  const fanout = {
    write: (units: readonly Unit[]) =>
      kept.push(...units.flatMap(({ packets }) => packets.map(({ bytes }) => bytes))),
    close: () => {},
  };
  paths.watchStreams(() => {
    const seat = paths.addReader(access("cam"), new TestReader(), true);
    void seat.then(({ stream }) => stream.fanout("test", () => fanout));
  });
  const url = "rtsp://127.0.0.1/cam";
  const media = packet(1, 0, new Uint8Array(160).fill(7), false, 0).bytes;
  const { stream } = bringing(Promise.resolve(), [
    `ANNOUNCE ${url} RTSP/1.0\r\nContent-Type: application/sdp\r\n` +
    `Content-Length: ${audioOnly.length}\r\n\r\n${audioOnly}` +
    `SETUP ${url}/streamid=0 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`,
    Uint8Array.of(
      ...new TextEncoder().encode(`RECORD ${url} RTSP/1.0\r\n\r\n`),
      ...serializeInterleaved(0, media),
      ...new TextEncoder().encode(`TEARDOWN ${url} RTSP/1.0\r\n\r\n`),
    ),
    `OPTIONS ${url} RTSP/1.0\r\nX-Header: ${"x".repeat(500)}\r\n\r\n`,
  ]);
  await server.connect(stream).run();
  equal(kept, [media]);
});
