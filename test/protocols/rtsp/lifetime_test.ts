/** How connections and sessions end, and readers that are too slow. */
import { concat } from "../../../src/base/bytes.ts";
import { serializeInterleaved } from "../../../src/protocols/rtsp/wire/interleaved.ts";
import { parseRtpPacket } from "../../../src/rtp/packet.ts";
import { equal, ok } from "../../support/assert.ts";
import { dial, RtspClient } from "./support/client.ts";
import {
  audioOnly,
  essence,
  PacketSource,
  prepare,
  publish,
  read,
  sdpType,
  settled,
  slice,
  UdpPair,
  videoOnly,
} from "./support/media.ts";
import { TestServer } from "./support/server.ts";
import { serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";

Deno.test("a connection that asks nothing is closed, one that plays or records is not", async () => {
  await using server = await TestServer.start({ globals: { readTimeout: 600_000 } });
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await read(server, "cam", [0]);
  await using prepared = await prepare(server, "cam", [0]);
  await using idle = await RtspClient.connect(server);
  await settled(idle, server.url("cam"));
  server.checkAfter(50_000);
  await settled(prepared, server.url("cam"));
  server.checkAfter(61_000);
  await idle.closed();
  await prepared.closed();
  equal(server.lines(/closed: idle for too long/).length, 2);
  await server.line(/destroyed: not in use/);
  await settled(reader, server.url("cam"));
  await settled(publisher, server.url("cam"));
});

Deno.test("a publisher that sends nothing times out, over TCP and over UDP", async () => {
  await using server = await TestServer.start({ globals: { readTimeout: 600_000 } });
  await using overTcp = await publish(server, "tcp", audioOnly);
  await using pair = new UdpPair();
  await using overUdp = await RtspClient.connect(server);
  const url = server.url("udp");
  await overUdp.expect("ANNOUNCE", url, sdpType, audioOnly);
  await overUdp.setup(`${url}/streamid=0`, `RTP/AVP;unicast;client_port=${pair.ports}`);
  await overUdp.expect("RECORD", url);
  await using reader = await read(server, "udp", [0]);
  server.checkAfter(500_000);
  equal(server.sessions.length, 3);
  server.checkAfter(600_000);
  await overTcp.closed();
  await overUdp.closed();
  await reader.closed();
  equal(server.lines(/destroyed: session timed out/).length, 2);
});

Deno.test("a reader over UDP stays while it gives a sign of life", async () => {
  await using server = await TestServer.start({ globals: { readTimeout: 600_000 } });
  await using _publisher = await publish(server, "cam", audioOnly);
  await using pair = new UdpPair();
  await using reader = await RtspClient.connect(server);
  const to = await reader.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=${pair.ports}`);
  await reader.expect("PLAY", server.url("cam"));
  const session = server.sessions.find((one) => one.reading !== null)!;
  // As if PLAY had been half a minute ago.
  session.check(Date.now() + 30_000);
  equal(session.closed, false);
  const report = serializeRtcp([{ kind: "receiverReport", ssrc: 5, reports: [] }]);
  session.receiveRtcp(session.setups[0], report, Date.now() + 30_000);
  session.check(Date.now() + 61_000);
  equal(session.closed, false);
  await pair.send("rtcp", to, report);
  session.check(Date.now() + 120_000);
  await reader.closed();
  await server.line(/destroyed: session timed out/);
});

Deno.test("a clock that is set forward ends no session", async () => {
  await using server = await TestServer.start({ globals: { readTimeout: 600_000 } });
  await using publisher = await publish(server, "cam", audioOnly);
  await using pair = new UdpPair();
  await using reader = await RtspClient.connect(server);
  await reader.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=${pair.ports}`);
  await reader.expect("PLAY", server.url("cam"));
  await using idle = await RtspClient.connect(server);
  await settled(idle, server.url("cam"));
  const { now } = Date;
  try {
    Date.now = () => now() + 3_600_000;
    await server.line(/(clock was set by 3\d{6} ms|closed: |destroyed: )/);
  } finally {
    Date.now = now;
  }
  for (const client of [publisher, reader, idle]) await settled(client, server.url("cam"));
  equal(server.lines(/closed: |destroyed: /), []);
});

Deno.test("the server closes quickly with clients in every state, and leaks nothing", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using reader = await read(server, "cam");
  await using prepared = await prepare(server, "cam");
  await using pair = new UdpPair();
  await using udp = await RtspClient.connect(server);
  await udp.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=${pair.ports}`);
  await udp.expect("PLAY", server.url("cam"));
  await using multicast = await RtspClient.connect(server);
  await multicast.setup(server.url("cam/trackID=0"), "RTP/AVP;multicast");
  await multicast.expect("PLAY", server.url("cam"));
  await using half = await RtspClient.connect(server);
  await half.stream.write(new TextEncoder().encode("GET /cam HTTP/1.1\r\nx-sessioncookie: a\r\n\r\n"));
  await half.responses.next("the answer of the tunnel");
  await using silent = await RtspClient.connect(server);
  await server.until("all connections", () => server.lines(/\] opened/).length === 7);
  await server.closeServer();
  for (const client of [publisher, reader, prepared, udp, multicast, half, silent]) await client.closed();
  equal(server.sessions, []);
  ok(server.lines(/destroyed: terminated/).length >= 1);
});

const bad: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "no RTSP": Uint8Array.of(0, 1, 2, 3),
  "a request without version": new TextEncoder().encode("DESCRIBE rtsp://x/y\r\n\r\n"),
  "a header without end": new TextEncoder().encode("OPTIONS * RTSP/1.0\r\nX: " + "x".repeat(10_000)),
  "a body that is too large": new TextEncoder().encode(
    "OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
  ),
  "a response": new TextEncoder().encode("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
  "a frame out of nowhere": Uint8Array.of(0x24, 0, 0, 4, 1, 2, 3, 4),
  "an HTTP request after RTSP": new TextEncoder().encode(
    "OPTIONS * RTSP/1.0\r\n\r\nGET / HTTP/1.1\r\nx-sessioncookie: a\r\n\r\n",
  ),
};

for (const secure of [false, true]) {
  for (const [name, bytes] of Object.entries(bad)) {
    Deno.test(`${name} is answered with 400${secure ? ", over TLS too" : ""}`, async () => {
      await using server = await TestServer.start({ secure });
      await using client = await RtspClient.connect(server);
      await client.stream.write(bytes);
      await client.closed();
      equal(client.responses.all.at(-1)?.status, 400);
    });
  }
}

Deno.test("half a request and a lost connection leave nothing behind", async () => {
  await using server = await TestServer.start();
  const client = await RtspClient.connect(server);
  await client.stream.write(new TextEncoder().encode("DESCRIBE rtsp://127.0.0.1/cam RTSP/1.0\r\nCS"));
  await client.close();
  await server.line(/\] closed: /);
});

const packetsPerUnit = 28;

/** Interleaved frames on channel 0; the last byte of each is `mark`. */
function largeUnit(source: PacketSource, key: boolean, mark: number): Uint8Array<ArrayBuffer> {
  return concat(
    Array.from({ length: packetsPerUnit }, (_, i) => {
      const packet = source.next(slice(key, 1400, mark), 3000 * mark, i === packetsPerUnit - 1);
      return serializeInterleaved(0, packet);
    }),
  );
}

Deno.test("a slow reader skips to a key frame while the others lose nothing, and is closed in the end", async () => {
  await using server = await TestServer.start({ globals: { writeQueueSize: 16 } });
  await using publisher = await publish(server, "cam", videoOnly);
  await using good = await read(server, "cam", [0]);
  // Reads the answers of the control messages by itself, then nothing more.
  const slow = await dial(server);
  const url = server.url("cam");
  const buffer = new Uint8Array(4096);
  await slow.write(new TextEncoder().encode(
    `SETUP ${url}/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n`,
  ));
  await slow.read(buffer);
  await slow.write(new TextEncoder().encode(`PLAY ${url} RTSP/1.0\r\nCSeq: 2\r\n\r\n`));
  await slow.read(buffer);
  const source = new PacketSource(96);
  const isDiscarding = () => server.lines(/reader is too slow, discarding \d+ frames?/).length > 0;
  let unit = 0;
  for (; unit < 2000 && !isDiscarding(); unit++) {
    const first = source.sequence;
    await publisher.stream.write(largeUnit(source, unit % 10 === 0, unit));
    const frames = await good.frames.take(`packet of unit ${unit}`, packetsPerUnit);
    const received = frames.map(({ payload }) => parseRtpPacket(payload));
    equal(received.map(({ sequence }) => sequence), received.map((_, i) => first + i & 0xffff));
    ok(received.every(({ payload }) => payload.at(-1) === (unit & 0xff)));
  }
  ok(isDiscarding(), `not after ${unit} units`);
  const session = server.sessions.find((one) => (one.carrier?.sink.stats.unitsDiscarded ?? 0) > 0)!;
  const { sink } = session.carrier!;
  ok(sink.queuedBytes <= 16 * packetsPerUnit * 1500, `${sink.queuedBytes} bytes are waiting`);
  ok(sink.stats.unitsDiscarded > 0);
  server.sessions.filter((one) => one !== session).forEach((one) => equal(one.closed, false));
  session.carrier!.check(performance.now());
  session.carrier!.check(performance.now() + 10_000);
  await server.line(/\[conn .*\] closed: write timed out/);
  await server.line(/\[session .*\] destroyed: the connection that carried the media is gone/);
  slow.close();
  const last = source.next(slice(true), 0);
  await publisher.sendFrame(0, last);
  equal(essence((await good.frames.next("the last frame")).payload), essence(last));
});

Deno.test("what a slow reader gets in the end starts with a key frame", async () => {
  await using server = await TestServer.start({ globals: { writeQueueSize: 16 } });
  await using publisher = await publish(server, "cam", videoOnly);
  const stream = await dial(server);
  await using quiet = new RtspClient(server, stream, false);
  await quiet.send("SETUP", server.url("cam/trackID=0"), { Transport: "RTP/AVP/TCP" });
  await quiet.send("PLAY", server.url("cam"));
  await server.line(/is reading from path/);
  const source = new PacketSource(96);
  const isDiscarding = () => server.lines(/reader is too slow/).length > 0;
  for (let unit = 0; unit < 2000 && !isDiscarding(); unit++) {
    await publisher.stream.write(largeUnit(source, unit === 0, unit));
    await settled(publisher, server.url("cam"));
  }
  await publisher.stream.write(largeUnit(source, false, 1));
  const key = source.sequence;
  await publisher.stream.write(largeUnit(source, true, 2));
  await publisher.stream.write(largeUnit(source, false, 3));
  await settled(publisher, server.url("cam"));
  // Now the reader begins to read.
  await using reader = new RtspClient(server, stream);
  const last = source.sequence - 1 & 0xffff;
  const lastReceived = () => parseRtpPacket(reader.frames.all.at(-1)!.payload).sequence;
  await reader.frames.until("the last packet", () => reader.frames.all.length > 0 && lastReceived() === last);
  const received = reader.frames.all.map(({ payload }) => parseRtpPacket(payload).sequence);
  const gaps = received.filter((number, i) => i > 0 && number !== (received[i - 1] + 1 & 0xffff));
  equal(gaps, [key]);
});

Deno.test("a client that does not read its responses is closed", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam", audioOnly);
  const stream = await dial(server);
  const request = new TextEncoder().encode("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1000));
  let failed = false;
  for (let i = 0; i < 1000 && !failed; i++) await stream.write(request).catch(() => failed = true);
  await server.line(/closed: the client does not read its responses/);
  stream.close();
});
