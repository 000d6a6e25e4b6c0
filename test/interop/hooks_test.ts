/** Hooks of a real server with real clients. */
import { ScriptFolder } from "../hooks/support.ts";
import { equal, match, ok } from "../support/assert.ts";
import { Client } from "./support/client.ts";
import { ffmpegPublish, ffmpegRead, ffmpegReadHls } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { freeTcpPorts } from "../support/ports.ts";
import { TestServer } from "./support/server.ts";

/** Events from the API, until one of this type has come. */
async function eventsUntil(response: Response, last: string): Promise<string[]> {
  const types: string[] = [];
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const found = [...text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type);
    types.splice(0, types.length, ...found);
    if (types.includes(last)) break;
  }
  return types;
}

Deno.test("hooks: FFmpeg publishes, FFmpeg reads over RTSP", async () => {
  await using folder = new ScriptFolder();
  const append = folder.append();
  const say = (name: string, ...variables: string[]) => `${append} ${[name, ...variables].join(" ")}`;
  const source = ["$MTX_PATH", "$G1", "$MTX_QUERY", "$MTX_SOURCE_TYPE", "$RTSP_PORT"];
  const reader = ["$MTX_PATH", "$MTX_QUERY", "$MTX_READER_TYPE"];
  const [apiPort] = freeTcpPorts(1);
  await using media = new MediaFolder();
  await using server = await TestServer.start({
    expectedErrors: /invalid type/,
    config: {
      api: true,
      apiAddress: `127.0.0.1:${apiPort}`,
      runOnConnect: say("connect", "$MTX_CONN_TYPE"),
      runOnDisconnect: say("disconnect", "$MTX_CONN_TYPE"),
      paths: {
        "~^live/(.+)$": {
          runOnReady: say("available", ...source),
          runOnNotReady: say("unavailable", ...source),
          runOnOnline: say("online", "$MTX_PATH"),
          runOnOffline: say("offline", "$MTX_PATH"),
          runOnRead: say("read", ...reader),
          runOnUnread: say("unread", ...reader),
        },
      },
    },
  });
  const api = `http://127.0.0.1:${apiPort}/v3/events`;
  await server.log.waitFor(/\[API\] started/, 60_000);
  const stream = await fetch(api);
  equal(stream.headers.get("content-type"), "text/event-stream");
  {
    await using _publisher = ffmpegPublish(
      await media.file(["h264"]),
      `${server.rtspUrl("live/cam")}?k=a%20b`,
      "TCP",
    );
    // Commands are processes of their own: each has spoken before what starts the next one happens.
    await folder.says("available ");
    await folder.says("online ");
    const url = `${server.rtspUrl("live/cam")}?x=1`;
    const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", url, "-f", "null", "-"];
    await using reader = new Client("ffmpeg reader", "ffmpeg", args, { timeLimitMs: 300_000 });
    await folder.says("read ");
    await reader.interrupt();
    await folder.says("unread ");
  }
  const types = await eventsUntil(stream, "pathRemoved");
  equal(types.filter((type) => !type.startsWith("connection")), [
    "pathCreated",
    "pathAvailable",
    "pathOnline",
    "readerStarted",
    "readerStopped",
    "pathOffline",
    "pathUnavailable",
    "pathRemoved",
  ]);
  ok(types.includes("connectionOpened"));
  const lines = await folder.has(10);
  const of = (name: string) => lines.filter((line) => line.startsWith(`${name} `));
  const about = `live/cam cam k%3Da%2520b rtspSession ${server.ports.rtsp}`;
  equal(of("available"), [`available ${about}`]);
  equal(of("unavailable"), [`unavailable ${about}`]);
  equal(of("online"), ["online live/cam"]);
  equal(of("offline"), ["offline live/cam"]);
  equal(of("read"), ["read live/cam x%3D1 rtspSession"]);
  equal(of("unread"), ["unread live/cam x%3D1 rtspSession"]);
  equal(of("connect"), ["connect rtspConn", "connect rtspConn"]);
  const at = (name: string) => lines.findIndex((line) => line.startsWith(`${name} `));
  ok(
    at("available") < at("read") && at("read") < at("unread") && at("unread") < at("unavailable"),
    lines.join("\n"),
  );
  await server.log.waitFor(/\[path live\/cam\] runOnAvailable command started/, 60_000);
  await server.log.waitFor(/\[session [0-9a-f]{8}\] runOnRead command started/, 60_000);

  const wrong = await fetch(`${api}?type=nonsense`);
  equal(wrong.status, 400);
  await wrong.body?.cancel();
  const resumed = await fetch(`${api}?type=pathOnline,pathOffline`, { headers: { "last-event-id": "0-0" } });
  match((await eventsUntil(resumed, "pathOffline")).join(), /^eventsLost,pathOnline,pathOffline$/);
  // One that listens when the server stops holds nothing up.
  const held = await fetch(api);
  const stopping = server.stop();
  await held.text();
  await stopping;
});

Deno.test("hooks: readers over RTMP, SRT and HLS, a connection of each kind", async () => {
  await using folder = new ScriptFolder();
  const append = folder.append();
  await using media = new MediaFolder();
  await using server = await TestServer.start({
    config: {
      rtmp: true,
      srt: true,
      hls: true,
      hlsAlwaysRemux: true,
      runOnConnect: `${append} connect $MTX_CONN_TYPE`,
      runOnDisconnect: `${append} disconnect $MTX_CONN_TYPE`,
      paths: {
        cam: {
          runOnRead: `${append} read $MTX_READER_TYPE`,
          runOnUnread: `${append} unread $MTX_READER_TYPE`,
        },
      },
    },
  });
  {
    await using _publisher = ffmpegPublish(await media.file(["h264"]), server.rtspUrl("cam"), "TCP");
    await server.published("cam");
    await Promise.all([
      ffmpegRead(server.rtmpUrl("cam"), "RTMP"),
      ffmpegRead(server.srtUrl("read:cam"), "SRT"),
      ffmpegReadHls(server.hlsUrl("cam/index.m3u8")),
    ]);
  }
  const counted = (lines: readonly string[]) => [...lines].sort();
  equal(
    counted(await folder.has(12)),
    counted([
      ...["rtmpConn", "srtConn", "hlsSession"].flatMap((type) => [`read ${type}`, `unread ${type}`]),
      ...["rtspConn", "rtmpConn", "srtConn"].flatMap((type) => [`connect ${type}`, `disconnect ${type}`]),
    ]),
  );
});
