import { equal, match, ok } from "../../support/assert.ts";
import { TestClient } from "./support/client.ts";
import {
  aacFrame,
  aacHeader,
  audio,
  av1Config,
  avcHeader,
  interFrame,
  keyFrame,
  metadata,
  video,
} from "./support/messages.ts";
import { announced, publish } from "./support/publisher.ts";
import { TestServer } from "./support/server.ts";

Deno.test("RTMP server: a reader starts with the cached key frame and goes on", async () => {
  for (const secure of [false, true]) {
    for (const encrypted of [false, true]) {
      await using server = new TestServer({ secure });
      await using from = await publish(server, "live/a", secure);
      await from.send(audio(1010, aacFrame), video(1040, interFrame));
      const certificate = secure ? server.certificate : undefined;
      await using to = await TestClient.connect(server.port, "play", "live/a", { encrypted, certificate });
      await to.ready();
      equal(await to.media(6), [
        "data",
        `video 0 ${avcHeader}`,
        `audio 0 ${aacHeader}`,
        `video 0 ${keyFrame}`,
        `audio 10 ${aacFrame}`,
        `video 40 ${interFrame}`,
      ]);
      await from.send(video(1080, interFrame));
      equal(await to.media(1), [`video 80 ${interFrame}`]);
      await from.finish();
      const end = await to.next();
      ok(end?.kind === "end");
      match(end.reason, /UnpublishNotify/);
      equal(await to.next(), null);
    }
  }
});

Deno.test("RTMP server: without a cache a reader starts with the next key frame", async () => {
  await using server = new TestServer({ entries: { all_others: { gopCache: "no" } } });
  await using from = await publish(server, "a/b/c");
  await using to = await TestClient.connect(server.port, "play", "a/b/c");
  await to.ready();
  await from.send(
    video(1040, interFrame),
    audio(1050, aacFrame),
    video(1080, keyFrame),
    video(1120, interFrame),
  );
  const found = await to.media(5);
  equal(found.map((text) => text.split(" ").toSpliced(1, 1).join(" ")), [
    "data",
    `video ${avcHeader}`,
    `audio ${aacHeader}`,
    `video ${keyFrame}`,
    `video ${interFrame}`,
  ]);
});

Deno.test("RTMP server: AV1 for those who list it, a refusal for the others", async () => {
  await using server = new TestServer();
  await using from = await TestClient.connect(server.port, "publish", "av1", { fourCcs: ["av01"] });
  await from.ready();
  const header = "90" + "61763031" + av1Config;
  const frame = "91" + "61763031" + av1Config.slice(8) + "32021000";
  await from.send(metadata({ videocodecid: 0x61763031 }), video(0, header), video(0, frame));
  await server.line(/is publishing/);
  await using to = await TestClient.connect(server.port, "play", "av1", { fourCcs: ["av01"] });
  await to.ready();
  equal(await to.media(3), ["data", `video 0 ${header}`, `video 0 ${frame}`]);
  await using old = await TestClient.connect(server.port, "play", "av1");
  const refusal = await old.next();
  ok(refusal?.kind === "end");
  match(refusal.reason, /Play.Failed: the stream doesn't contain any supported codec/);
});

Deno.test("RTMP server: new parameters in the middle reach readers before their key frame", async () => {
  await using server = new TestServer();
  await using from = await publish(server, "live");
  await using to = await TestClient.connect(server.port, "play", "live");
  await to.ready();
  await to.media(4);
  const changed = avcHeader.slice(0, -2) + "c9";
  await from.send(video(1040, changed), video(1040, interFrame), video(1080, keyFrame));
  equal(await to.media(3), [`video 40 ${interFrame}`, `video 80 ${changed}`, `video 80 ${keyFrame}`]);
});

Deno.test("RTMP server: refusals", async () => {
  const authInternalUsers = [{
    user: "cam",
    pass: "secret",
    ips: [],
    permissions: [{ action: "publish" as const, path: "" }, { action: "read" as const, path: "" }],
  }];
  await using server = new TestServer({ globals: { authInternalUsers: authInternalUsers as never } });
  for (
    const [action, path, pattern] of [
      ["publish", "a?user=cam&pass=wrong", /NetStream.Publish.Unauthorized: failed to authenticate/],
      ["play", "a", /NetStream.Play.Failed: failed to authenticate/],
      ["play", "a?user=cam&pass=secret", /NetStream.Play.StreamNotFound: no stream is available on path 'a'/],
    ] as const
  ) {
    await using client = await TestClient.connect(server.port, action, path);
    const end = await client.next();
    ok(end?.kind === "end");
    match(end.reason, pattern);
    equal(await client.next(), null);
  }
  await using client = await TestClient.connect(server.port, "publish", "a?user=cam&pass=secret");
  await client.ready();
});

Deno.test("RTMP server: a second publisher takes over, the reader of the first is closed", async () => {
  await using server = new TestServer();
  await using first = await publish(server, "live");
  await using to = await TestClient.connect(server.port, "play", "live");
  await to.ready();
  await to.media(4);
  await using second = await TestClient.connect(server.port, "publish", "live");
  await second.ready();
  await second.send(announced, video(0, avcHeader), audio(0, aacHeader), video(0, keyFrame));
  equal(await first.next(), null);
  equal((await to.next())?.kind, "end");
});

Deno.test("RTMP server: what is no RTMP ends only its own connection", async () => {
  await using server = new TestServer();
  await using from = await publish(server, "live");
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n".padEnd(2000, "x")));
  equal(await conn.read(new Uint8Array(10)), null);
  conn.close();
  await server.line(/closed: C0 version/);
  // A broken frame is left out, the stream goes on.
  await using to = await TestClient.connect(server.port, "play", "live");
  await to.ready();
  await to.media(4);
  await from.send(video(1040, "2701000000" + "000000ff41"), video(1080, interFrame));
  equal(await to.media(1), [`video 80 ${interFrame}`]);
  await server.line(/decode error/);
});
