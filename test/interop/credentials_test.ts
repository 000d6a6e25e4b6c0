/** Basic and Digest credentials, as FFmpeg and GStreamer send them. */
import { Client, expectRefusal } from "./support/client.ts";
import { expectComplete } from "./support/evidence.ts";
import { ffmpegPublish, ffmpegRead } from "./support/ffmpeg.ts";
import { gstreamerPublish, gstreamerRead } from "./support/gstreamer.ts";
import { MediaFolder } from "./support/media.ts";
import { type Config, TestServer } from "./support/server.ts";
import { match, ok } from "../support/assert.ts";

const permitted = (user: string, pass: string, action: string) => ({
  user,
  pass,
  ips: [],
  permissions: [{ action, path: "" }],
});

const users: Config = {
  authInternalUsers: [permitted("cam", "secret", "publish"), permitted("viewer", "s3cret", "read")],
};

const publishing = { user: "cam", pass: "secret" };
const reading = { user: "viewer", pass: "s3cret" };
const wrong = { user: "viewer", pass: "guess" };
const timeLimitMs = 60_000;

function ffmpegReader(url: string): Client {
  const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", url, "-t", "1", "-f", "null", "-"];
  return new Client("ffmpeg reader", "ffmpeg", args, { timeLimitMs });
}

for (const method of ["basic", "digest"] as const) {
  Deno.test(`${method} credentials`, async (t) => {
    await using media = new MediaFolder();
    const file = await media.file(["h264"]);
    await using server = await TestServer.start({ config: { ...users, rtspAuthMethods: [method] } });

    await t.step("FFmpeg publishes, FFmpeg and GStreamer read", async () => {
      await using _publisher = ffmpegPublish(file, server.rtspUrl("a", "cam:secret"), "TCP");
      await server.published("a");
      const [first, second] = await Promise.all([
        ffmpegRead(server.rtspUrl("a", "viewer:s3cret"), "TCP"),
        gstreamerRead(server.rtspUrl("a"), "UDP", ["video"], reading),
      ]);
      expectComplete(first, ["video"]);
      expectComplete(second, ["video"]);
    });

    await t.step("GStreamer publishes, FFmpeg reads", async () => {
      await using _publisher = gstreamerPublish(["h264"], server.rtspUrl("b"), "TCP", publishing);
      await server.published("b");
      expectComplete(await ffmpegRead(server.rtspUrl("b", "viewer:s3cret"), "TCP"), ["video"]);
    });

    await t.step("wrong and missing credentials and missing permissions are refused", async () => {
      await using _publisher = ffmpegPublish(file, server.rtspUrl("c", "cam:secret"), "TCP");
      await server.published("c");
      const unauthorized = /401|[Uu]nauthorized/;
      const gstreamer = await Promise.all([
        gstreamerRead(server.rtspUrl("c"), "TCP", ["video"], wrong),
        expectRefusal(ffmpegReader(server.rtspUrl("c", "viewer:guess")), unauthorized),
        expectRefusal(ffmpegReader(server.rtspUrl("c", "cam:secret")), unauthorized),
        expectRefusal(ffmpegReader(server.rtspUrl("c")), unauthorized),
        expectRefusal(ffmpegPublish(file, server.rtspUrl("d", "viewer:s3cret"), "TCP"), unauthorized),
        expectRefusal(ffmpegPublish(file, server.rtspUrl("d"), "TCP"), unauthorized),
      ]);
      match(gstreamer[0].complaints.join("\n"), /Unauthorized/);
      ok(server.log.find(/is publishing to path 'd'/) === undefined);
      await server.log.waitFor(/failed to authenticate/, timeLimitMs);
    });
  });
}
