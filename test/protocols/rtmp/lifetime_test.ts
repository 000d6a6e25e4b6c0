/** How connections end, and readers that are too slow. */
import { concat } from "../../../src/base/bytes.ts";
import { maxMessageSize } from "../../../src/protocols/rtmp/wire/chunk/reader.ts";
import { equal, hex, match, ok } from "../../support/assert.ts";
import { access } from "../../paths/support.ts";
import { TestClient } from "./support/client.ts";
import { aacFrame, audio, avcHeader, interFrame, keyFrame, video } from "./support/messages.ts";
import { announced, play, publish } from "./support/publisher.ts";
import { TestServer } from "./support/server.ts";

/** Milliseconds: far more than the test may be held up. */
const readTimeout = 600_000;
const dial = (server: TestServer) => Deno.connect({ hostname: "127.0.0.1", port: server.port });

Deno.test("RTMP server: a client without a stream has readTimeout", async () => {
  await using server = new TestServer({ globals: { readTimeout } });
  const conn = await dial(server);
  await server.line(/opened/);
  server.checkAfter(0.8 * readTimeout);
  equal(server.lines(/closed/), []);
  server.checkAfter(readTimeout + 1);
  equal(await conn.read(new Uint8Array(10)), null);
  conn.close();
  await server.line(/closed: read timed out/);
});

Deno.test("RTMP server: a clock that is set forward ends nobody", async () => {
  await using server = new TestServer({ globals: { readTimeout, writeQueueSize: 16 } });
  await using from = await publish(server, "live");
  await using good = await play(server, "live");
  await using _slow = await play(server, "live");
  const send = async (i: number) => {
    await from.send({ kind: "video", timestamp: 1000 + 40 * i, body: frame(i % 10 === 0, i, 40_000) });
    await good.next();
  };
  const behind = () => server.conns.find(({ sink }) => sink.queuedBytes > 0);
  let i = 1;
  for (; i < 2000 && behind() === undefined; i++) await send(i);
  const slow = behind()!;
  slow.check(performance.now());
  const waiting = await dial(server);
  await server.until(() => server.conns.length === 4);
  const { now } = Date;
  try {
    Date.now = () => now() + 3_600_000;
    const checked = server.conns.map(async (conn) => {
      const check = conn.check.bind(conn);
      await new Promise<void>((resolve) =>
        conn.check = (at) => {
          check(at);
          resolve();
        }
      );
    });
    await Promise.all(checked);
    await send(i);
  } finally {
    Date.now = now;
  }
  equal(server.lines(/closed/), []);
  equal(slow.sink.stats.unitsDiscarded, 0);
  waiting.close();
});

Deno.test("RTMP server: it does not help to send the handshake byte by byte", async () => {
  await using server = new TestServer({ globals: { readTimeout: 100 } });
  const conn = await dial(server);
  await server.line(/opened/);
  let isOver = false;
  const over = server.line(/closed: read timed out/).then(() => isOver = true);
  const sending = (async () => {
    while (!isOver) {
      await conn.write(Uint8Array.of(3)).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
      server.checkAfter(0);
    }
  })();
  await over.finally(() => isOver = true);
  await sending;
  conn.close();
});

Deno.test("RTMP server: a publisher that falls silent is closed, its reader is told", async () => {
  await using server = new TestServer({ globals: { readTimeout } });
  await using from = await publish(server, "live");
  await using to = await play(server, "live");
  server.checkAfter(0.8 * readTimeout);
  equal(server.conns.length, 2);
  server.checkAfter(readTimeout + 1);
  equal(await from.next(), null);
  match(await to.ended(), /UnpublishNotify/);
  await server.line(/\[RTMP\] \[conn 127\.0\.0\.1:\d+\] closed: read timed out/);
  await server.line(/\[RTMP\] \[conn 127\.0\.0\.1:\d+\] closed: stream is closed/);
});

Deno.test("RTMP server: a publisher that unpublishes may publish again, or be closed after a while", async () => {
  await using server = new TestServer();
  await using from = await publish(server, "live");
  await using to = await play(server, "live");
  await from.finish();
  match(await to.ended(), /UnpublishNotify/);
  equal(server.lines(/info .*has left/), []);
  server.checkAfter(10_001);
  equal(await from.next(), null);
});

Deno.test("RTMP server: what comes together with the end of publishing is not lost", async () => {
  await using server = new TestServer();
  await using from = await publish(server, "live");
  await using to = await play(server, "live");
  await from.finishWith(video(1040, interFrame), audio(1050, aacFrame), video(1080, interFrame));
  const seen = (await to.media(3)).map((text) => text.split(" ").slice(0, 2).join(" "));
  equal(seen, ["video 40", "audio 50", "video 80"]);
  match(await to.ended(), /UnpublishNotify/);
});

Deno.test("RTMP server: units outlive their publisher unchanged", async () => {
  await using server = new TestServer();
  const from = await publish(server, "live");
  await from.send(audio(1010, aacFrame), video(1040, interFrame));
  await using to = await play(server, "live");
  await to.media(2);
  const reader = { type: "rtmpConn", id: "recorder", close: () => {} } as const;
  const seat = await server.paths.addReader(access("live"), reader);
  const units = [...seat.stream.cachedUnits];
  const contents = () => units.map(({ payload }) => payload!.map((part) => hex(part)));
  const before = contents();
  equal(before.length, 3);
  await from.finish();
  // Nobody wants it any more, but it is read.
  for (let i = 0; i < 20; i++) {
    await from.send({ kind: "data", timestamp: 0, body: new Uint8Array(1000).fill(7) });
  }
  await from[Symbol.asyncDispose]();
  await server.line(/closed: EOF/);
  equal(contents(), before);
});

Deno.test("RTMP server: closes with clients in every state, and leaks nothing", async () => {
  const started = Promise.withResolvers<void>();
  const source = { start: () => started.resolve(), stop: () => {} };
  await using server = new TestServer({
    entries: { waiting: { runOnDemand: "command", runOnDemandStartTimeout: 60_000 }, all_others: {} },
    createOnDemandSource: () => source,
  });
  await using from = await publish(server, "live");
  await using to = await play(server, "live");
  await using asked = await TestClient.connect(server.port, "publish", "other");
  await asked.ready();
  await using waiting = await TestClient.connect(server.port, "play", "waiting");
  const ofWaiting = waiting.next();
  await started.promise;
  const silent = await dial(server);
  await server.until(() => server.lines(/\] opened/).length === 5);
  await server.close();
  for (const client of [from, asked]) equal(await client.next(), null);
  match(await to.ended(), /UnpublishNotify/);
  equal(await ofWaiting, null);
  equal(await silent.read(new Uint8Array(1)), null);
  silent.close();
  equal(server.conns, []);
  equal(server.lines(/closed: terminated/).length, 5);
  equal(server.paths.get("live")?.source ?? null, null);
});

Deno.test("RTMP server: who leaves while it waits for a source leaves nothing behind", async () => {
  const started = Promise.withResolvers<void>();
  const source = { start: () => started.resolve(), stop: () => {} };
  await using server = new TestServer({
    entries: { cam: { runOnDemand: "command", runOnDemandStartTimeout: 60_000 } },
    createOnDemandSource: () => source,
  });
  const client = await TestClient.connect(server.port, "play", "cam");
  const answer = client.next().catch(() => null);
  await started.promise;
  // Longer than a client may go without a stream.
  server.checkAfter(50_000);
  equal(server.lines(/closed/), []);
  await client[Symbol.asyncDispose]();
  await answer;
  await server.line(/closed: /);
  equal(server.paths.get("cam")?.readers, []);
});

/** A key frame or another one, whose bytes depend on `mark`. */
function frame(key: boolean, mark: number, size: number): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(9 + size).fill(mark & 0xff);
  body.set([key ? 0x17 : 0x27, 1, 0, 0, 0]);
  new DataView(body.buffer).setUint32(5, size);
  body[9] = key ? 0x65 : 0x41;
  return body;
}

Deno.test("RTMP server: a slow reader skips to a key frame, the others lose nothing, and it is closed in the end", async () => {
  await using server = new TestServer({ globals: { writeQueueSize: 16 } });
  await using from = await publish(server, "live");
  await using good = await play(server, "live");
  await using _slow = await play(server, "live");
  const isDiscarding = () => server.lines(/reader is too slow, discarding \d+ frames?/).length > 0;
  let i = 1;
  for (; i < 2000 && !isDiscarding(); i++) {
    const body = frame(i % 10 === 0, i, 40_000);
    await from.send({ kind: "video", timestamp: 1000 + 40 * i, body });
    const action = await good.next();
    ok(action?.kind === "video");
    equal(action.timestamp, 40 * i);
    equal(hex(action.body), hex(body));
  }
  ok(isDiscarding(), `not after ${i} frames`);
  const slow = server.conns.find(({ sink }) => sink.stats.unitsDiscarded > 0)!;
  ok(slow.sink.queuedBytes <= 16 * 41_000, `${slow.sink.queuedBytes} bytes are waiting`);
  slow.check(performance.now());
  slow.check(performance.now() + 10_000);
  await server.line(/closed: write timed out/);
  equal(server.lines(/closed/).length, 1);
  await from.send({ kind: "video", timestamp: 200_000, body: frame(true, 1, 100) });
  equal((await good.next())?.kind, "video");
});

Deno.test("RTMP server: a message of 10 MB passes, a larger one ends its publisher", async () => {
  await using server = new TestServer();
  await using from = await publish(server, "live");
  await using to = await play(server, "live");
  const body = frame(true, 5, maxMessageSize - 9);
  for (let i = 9; i < body.length; i += 4097) body[i] = i;
  body[9] = 0x65;
  const [, action] = await Promise.all([from.send({ kind: "video", timestamp: 1040, body }), to.next()]);
  ok(action?.kind === "video");
  ok(action.body.length === body.length && action.body.every((byte, at) => byte === body[at]));
  const over = concat([body, Uint8Array.of(0)]);
  const sent = from.send({ kind: "video", timestamp: 1080, body: over }).catch(() => {});
  await server.line(/closed: message length: 10485761 is above 10485760/);
  await sent;
  match(await to.ended(), /UnpublishNotify/);
});

Deno.test("RTMP server: a publisher that becomes another one is closed, with the reason", async () => {
  await using server = new TestServer();
  await using from = await publish(server, "live");
  await using to = await play(server, "live");
  await from.send(video(1040, "90" + "68766331" + "00"));
  match(await to.ended(), /UnpublishNotify/);
  await server.line(/closed: video track 0 changes from avc1 to hvc1: publish anew/);
});

Deno.test("RTMP server: a stream of audio alone, or of video alone", async () => {
  for (const media of ["audio", "video"] as const) {
    await using server = new TestServer();
    await using from = await TestClient.connect(server.port, "publish", "live");
    await from.ready();
    const [header, data] = media === "audio" ? ["af001210", aacFrame] : [avcHeader, keyFrame];
    const message = (timestamp: number, text: string) =>
      media === "audio" ? audio(timestamp, text) : video(timestamp, text);
    // Without metadata: two seconds of media.
    await from.send(message(500, header), message(500, data), message(2499, data));
    await from.send(announced, message(2500, data));
    await server.line(/is publishing to path 'live'/);
    await using to = await TestClient.connect(server.port, "play", "live");
    await to.ready();
    if (media === "audio") await from.send(message(2520, data));
    const found = (await to.media(3)).map((text) => text.split(" ").toSpliced(1, 1).join(" "));
    equal(found, ["data", `${media} ${header}`, `${media} ${data}`]);
  }
});
