/** Who may publish and read over RTMP, and who has to go. */
import { TestClient } from "../protocols/rtmp/support/client.ts";
import { match, ok } from "../support/assert.ts";
import { Client, expectRefusal } from "./support/client.ts";
import { expectComplete } from "./support/evidence.ts";
import { ffmpegPublish, ffmpegRead } from "./support/ffmpeg.ts";
import { gstreamerPublish, gstreamerRead } from "./support/gstreamer.ts";
import { MediaFolder } from "./support/media.ts";
import { type Case, runCases } from "./support/pool.ts";
import { together } from "./support/scenario.ts";
import { type Config, TestServer } from "./support/server.ts";

const timeLimitMs = 60_000;
const permitted = (user: string, pass: string, action: string) => ({
  user,
  pass,
  ips: [],
  permissions: [{ action, path: "" }],
});
const config: Config = {
  rtmp: true,
  authInternalUsers: [permitted("cam", "secret", "publish"), permitted("viewer", "s3cret", "read")],
  paths: { "few": { maxReaders: 1 }, "kept": { overridePublisher: false }, all_others: null },
};
const publishing = "user=cam&pass=secret";
const reading = "user=viewer&pass=s3cret";

function ffmpegReader(url: string): Client {
  const args = ["-v", "error", "-rtmp_live", "live", "-i", url, "-t", "1", "-f", "null", "-"];
  return new Client("ffmpeg reader", "ffmpeg", args, { timeLimitMs });
}

/** What our own client is told; it has to be the end. */
async function refusalOf(server: TestServer, action: "publish" | "play", path: string): Promise<string> {
  await using client = await TestClient.connect(server.ports.rtmp, action, path);
  const answer = await client.next();
  if (answer?.kind !== "end") throw new Error(`${action} of ${path}: ${JSON.stringify(answer)}`);
  ok(await client.next() === null, "the connection stays open");
  return answer.reason;
}

function keyCases(server: TestServer, file: string): Case[] {
  return [{
    name: "FFmpeg publishes to an app of several levels, credentials behind the key",
    run: async () => {
      await using _publisher = ffmpegPublish(file, server.rtmpUrl(`one/two/three?${publishing}`), "RTMP");
      await server.published("one/two/three");
      const url = server.rtmpUrl(`one/two/three?${reading}`);
      await together([
        { name: "FFmpeg", run: async () => expectComplete(await ffmpegRead(url, "RTMP"), ["video"]) },
        {
          name: "GStreamer",
          run: async () => expectComplete(await gstreamerRead(url, "RTMP", ["video"]), ["video"]),
        },
      ]);
    },
  }, {
    name: "FFmpeg publishes to an app without a key, GStreamer to one with; further parameters in the query",
    run: async () => {
      const query = `?x=1&${publishing}&y=%20`;
      await using _first = ffmpegPublish(file, server.rtmpUrl(`alone${query}`), "RTMP");
      // GStreamer cannot do without a key
      await using _second = gstreamerPublish(["h264"], server.rtmpUrl(`app/key${query}`), "RTMP");
      await together(["alone", "app/key"].map((path) => ({
        name: path,
        run: async () => {
          await server.published(path);
          expectComplete(await ffmpegRead(server.rtmpUrl(`${path}?a=b&${reading}`), "RTMP"), ["video"]);
        },
      })));
    },
  }];
}

function refusalCases(server: TestServer, file: string): Case[] {
  const wrongs = ["", "?user=cam&pass=guess", "?user=viewer&pass=s3cret"];
  return [{
    name: "wrong, missing and insufficient credentials are refused with a status",
    run: async () => {
      await using _publisher = ffmpegPublish(file, server.rtmpUrl(`guarded?${publishing}`), "RTMP");
      await server.published("guarded");
      const unauthorized = /Server error|authenticat|[Uu]nauthorized|Operation not permitted/;
      await together([
        ...wrongs.map((query) => ({
          name: `publishing with '${query}'`,
          run: async () =>
            match(
              await refusalOf(server, "publish", `other/key${query}`),
              /^NetStream\.Publish\.Unauthorized: /,
            ),
        })),
        ...["", "?user=viewer&pass=guess", "?user=cam&pass=secret"].map((query) => ({
          name: `reading with '${query}'`,
          run: async () =>
            match(await refusalOf(server, "play", `guarded${query}`), /^NetStream\.Play\.Failed: /),
        })),
        {
          name: "FFmpeg publishes",
          run: () => expectRefusal(ffmpegPublish(file, server.rtmpUrl("other/key"), "RTMP"), unauthorized),
        },
        {
          name: "FFmpeg reads",
          run: () => expectRefusal(ffmpegReader(server.rtmpUrl("guarded")), unauthorized),
        },
        {
          name: "GStreamer reads",
          run: async () => {
            const { complaints } = await gstreamerRead(server.rtmpUrl("guarded"), "RTMP", ["video"]);
            match(complaints.join("\n"), /ERROR/);
          },
        },
      ]);
      ok(server.log.find(/is publishing to path 'other/) === undefined);
    },
  }, {
    name: "a path without a publisher is not found",
    run: async () =>
      match(await refusalOf(server, "play", `nobody?${reading}`), /^NetStream\.Play\.StreamNotFound: /),
  }];
}

function placeCases(server: TestServer, file: string): Case[] {
  return [{
    name: "a publisher is replaced: its readers are told, new ones get the new stream",
    run: async () => {
      const url = server.rtmpUrl(`live/replaced?${publishing}`);
      await using first = ffmpegPublish(file, url, "RTMP");
      await server.published("live/replaced");
      await using reader = await TestClient.connect(server.ports.rtmp, "play", `live/replaced?${reading}`);
      await (await reader.ready()).media(10);
      await using _second = gstreamerPublish(["h264"], url, "RTMP");
      let last = await reader.next();
      while (last !== null && last.kind !== "end") last = await reader.next();
      match(last?.reason ?? "closed without a word", /NetStream\.Play\.UnpublishNotify/);
      ok((await first.ended).code !== 0, "the first publisher has noticed nothing");
      expectComplete(await ffmpegRead(server.rtmpUrl(`live/replaced?${reading}`), "RTMP"), ["video"]);
    },
  }, {
    name: "a publisher that must not be replaced stays",
    run: async () => {
      await using _publisher = ffmpegPublish(file, server.rtmpUrl(`kept?${publishing}`), "RTMP");
      await server.published("kept");
      const intruder = new Client("late publisher", "ffmpeg", [
        ...["-v", "warning", "-re", "-i", file, "-c", "copy", "-f", "flv"],
        server.rtmpUrl(`kept?${publishing}`),
      ], { timeLimitMs });
      await together([
        { name: "the late one", run: () => expectRefusal(intruder, /./) },
        {
          name: "reader",
          run: async () =>
            expectComplete(await ffmpegRead(server.rtmpUrl(`kept?${reading}`), "RTMP"), ["video"]),
        },
      ]);
    },
  }, {
    name: "one reader more than maxReaders is refused, RTSP and RTMP together",
    run: async () => {
      await using _publisher = ffmpegPublish(file, server.rtmpUrl(`few?${publishing}`), "RTMP");
      await server.published("few");
      await using reader = await TestClient.connect(server.ports.rtmp, "play", `few?${reading}`);
      await (await reader.ready()).media(10);
      match(await refusalOf(server, "play", `few?${reading}`), /^NetStream\.Play\.Failed: .*reader count/);
      await expectRefusal(
        new Client("ffmpeg reader", "ffmpeg", [
          ...["-v", "error", "-rtsp_transport", "tcp", "-i", server.rtspUrl("few", "viewer:s3cret")],
          ...["-t", "1", "-f", "null", "-"],
        ], { timeLimitMs }),
        /./,
      );
      await reader.media(10);
    },
  }];
}

Deno.test("RTMP: keys, credentials, places", async (t) => {
  await using media = new MediaFolder();
  const file = await media.file(["h264"]);
  await using server = await TestServer.start({ config });
  await runCases(t, [
    ...keyCases(server, file),
    ...refusalCases(server, file),
    ...placeCases(server, file),
  ]);
});
