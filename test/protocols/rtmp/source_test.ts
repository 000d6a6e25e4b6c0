import { createHash, X509Certificate } from "node:crypto";
import { concat } from "../../../src/base/bytes.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { type MediaMessage, ourChunkSize } from "../../../src/protocols/rtmp/engine/link.ts";
import { ServerEngine } from "../../../src/protocols/rtmp/engine/server.ts";
import { pullRtmp } from "../../../src/protocols/rtmp/source.ts";
import { Stream } from "../../../src/stream/stream.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { confOf, pathConf } from "../../paths/support.ts";
import { Puller } from "../support/puller.ts";
import { serializeMedia } from "./support/client.ts";
import { aacFrame, aacHeader, audio, avcHeader, interFrame, keyFrame, video } from "./support/messages.ts";
import { announced, publish } from "./support/publisher.ts";
import { TestServer } from "./support/server.ts";

for (const secure of [false, true]) {
  Deno.test(`RTMP source: a stream comes, ends and comes again${secure ? " (TLS)" : ""}`, async () => {
    await using server = new TestServer({ secure });
    const scheme = secure ? "rtmps" : "rtmp";
    const { raw } = new X509Certificate(server.certificate);
    const entry = {
      source: `${scheme}://127.0.0.1:${server.port}/app/cam`,
      sourceFingerprint: createHash("sha256").update(raw).digest("hex"),
    };
    await using puller = new Puller({ copy: entry });
    for (const count of [1, 2]) {
      const publisher = await publish(server, "app/cam", secure);
      match(await puller.available("copy", count), /2 tracks \(H264, MPEG-4 Audio\)$/);
      const { units, reader } = await puller.read("copy");
      await publisher.send(video(1040, interFrame), audio(1050, aacFrame), video(1080, keyFrame));
      const got = await units.take("unit", 2);
      equal(got[0].track.codec.name, "H264");
      ok(got.some(({ payload }) => payload !== null && payload.length > 0));
      equal(puller.get("copy").source, { type: "rtmpSource", id: "" });
      equal(puller.get("copy").sourceStatus?.state, "running");
      await publisher[Symbol.asyncDispose]();
      await units.ended("the stream");
      equal(reader.closes, ["stream is closed"]);
      await puller.line(/error \[path copy\] \[RTMP source\] (NetStream|the peer has ended)/, count);
    }
  });
}

Deno.test("RTMP source: what is refused, wrong or not there", async () => {
  await using server = new TestServer();
  await using secure = new TestServer({ secure: true });
  await using puller = new Puller({
    refused: { source: "rtmp://127.0.0.1:1/app/cam" },
    nothing: { source: `rtmp://127.0.0.1:${server.port}/app/nothing` },
    wrong: { source: `rtmps://127.0.0.1:${secure.port}/app/cam`, sourceFingerprint: "00".repeat(32) },
  });
  await puller.line(/error \[path refused\] \[RTMP source\] dial tcp 127\.0\.0\.1:1: connection refused$/);
  await puller.line(/error \[path nothing\] \[RTMP source\] NetStream\.Play\.StreamNotFound: no stream/, 2);
  await puller.line(/error \[path wrong\] \[RTMP source\] .*fingerprint does not match/);
});

Deno.test("RTMP source: a server that stays silent", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await using puller = new Puller({ copy: { source: `rtmp://127.0.0.1:${port}/a/b` } }, { readTimeout: 200 });
  await puller.line(/error \[path copy\] \[RTMP source\] nothing received within 0\.2 s$/, 2);
});

Deno.test("RTMP source: on demand, and an error is told before the stream ends", async () => {
  await using server = new TestServer();
  const source = `rtmp://127.0.0.1:${server.port}/$G1/cam`;
  await using puller = new Puller({ "~^copy/(.*)$": { source, sourceOnDemand: true } });
  const publisher = await publish(server, "app/cam");
  const { units } = await puller.read("copy/app");
  await units.next("a unit");
  await publisher[Symbol.asyncDispose]();
  await units.ended("the stream");
  const lines = puller.log.all.filter((line) => /RTMP source\] (Net|the peer|stopped)/.test(line));
  match(lines.join("\n"), /^error .*\ninfo .* stopped: an error occurred$/);
});

/** Says at once that it plays, all it has, and that this was all. */
async function serveAllAtOnce(listener: Deno.Listener, messages: readonly MediaMessage[]): Promise<void> {
  const conn = await listener.accept();
  const engine = new ServerEngine((size) => new Uint8Array(size));
  for (let count = 1; count > 0;) {
    const read = await conn.read(engine.space());
    count = read ?? 0;
    engine.filled(count);
    const out: Uint8Array[] = [];
    for (let action = engine.next(0); action !== null; action = engine.next(0)) {
      if (action.kind === "send") out.push(action.bytes);
      else if (action.kind === "request") {
        out.push(engine.accept(), serializeMedia(messages, ourChunkSize), engine.streamEnded());
      }
    }
    const bytes = concat(out);
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  }
  conn.close();
}

Deno.test("RTMP source: what comes together with the end of the stream is not lost", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const served = serveAllAtOnce(listener, [
    announced,
    audio(0, aacHeader),
    video(0, avcHeader),
    video(0, keyFrame),
    audio(10, aacFrame),
    video(40, interFrame),
  ]);
  let stream: Stream | null = null;
  const pull = pullRtmp({
    url: `rtmp://127.0.0.1:${port}/app/cam`,
    conf: confOf({}),
    pathConf: pathConf("cam"),
    logger: silentLogger,
    signal: new AbortController().signal,
    received() {},
    attach(medias) {
      stream = new Stream({ medias, logger: silentLogger, gopCache: false, maxRtpPayload: 1400 });
      return { pathName: "cam", conf: pathConf("cam"), stream, leave() {} };
    },
  });
  match(String(await pull.catch((error) => error)), /UnpublishNotify/);
  await served;
  equal(stream!.stats.inboundFrames, 3);
});
