/** Tokens (JWT) in the URLs of FFmpeg. */
import { Issuer, signingKey, token } from "../auth/issuer.ts";
import { ok } from "../support/assert.ts";
import { Client, expectRefusal } from "./support/client.ts";
import { expectComplete } from "./support/evidence.ts";
import { ffmpegPublish, ffmpegRead } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const timeLimitMs = 60_000;
const unauthorized = /401|[Uu]nauthorized/;

function ffmpegReader(url: string): Client {
  const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", url, "-t", "1", "-f", "null", "-"];
  return new Client("ffmpeg reader", "ffmpeg", args, { timeLimitMs });
}

/** Reads until it is thrown out. */
function endlessReader(url: string): Client {
  const args = ["-v", "error", "-rtsp_transport", "tcp", "-i", url, "-f", "null", "-"];
  return new Client("ffmpeg reader", "ffmpeg", args, { timeLimitMs: 3 * timeLimitMs });
}

Deno.test("FFmpeg publishes and reads over RTSP with a token in the URL", async (t) => {
  const key = await signingKey("RS256", "first");
  const stranger = await signingKey("RS256", "first");
  await using issuer = new Issuer([key]);
  await using media = new MediaFolder();
  const file = await media.file(["h264"]);
  await using server = await TestServer.start({ config: { authMethod: "jwt", authJWTJWKS: issuer.url } });
  const exp = Math.floor(Date.now() / 1000) + 300;
  const url = async (path: string, signedBy = key, claims = {}) =>
    server.rtspUrl(`${path}?token=${await token(signedBy, { exp, ...claims })}`);
  const may = (action: string) => ({ mediamtx_permissions: [{ action, path: "a" }] });

  // Time passes until its token ends; it has to have started by then.
  await using _watched = ffmpegPublish(file, await url("d"), "TCP");
  await server.published("d");
  const soon = Math.floor(Date.now() / 1000) + 20;
  await using short = endlessReader(await url("d", key, { exp: soon }));
  await server.log.waitFor(/is reading from path 'd'/, timeLimitMs);

  await t.step("with the permission for it", async () => {
    await using _publisher = ffmpegPublish(file, await url("a", key, may("publish")), "TCP");
    await server.published("a");
    expectComplete(await ffmpegRead(await url("a", key, may("read")), "TCP"), ["video"]);
  });

  await t.step("refused with a wrong one, without one, and without the permission", async () => {
    await using _publisher = ffmpegPublish(file, await url("b"), "TCP");
    await server.published("b");
    await Promise.all([
      expectRefusal(ffmpegReader(await url("b", stranger)), unauthorized),
      expectRefusal(ffmpegReader(await url("b", key, may("read"))), unauthorized),
      expectRefusal(ffmpegReader(server.rtspUrl("b")), unauthorized),
      expectRefusal(ffmpegPublish(file, await url("c", stranger), "TCP"), unauthorized),
    ]);
    ok(server.log.find(/is publishing to path 'c'/) === undefined);
    ok(server.log.find(/eyJ/) === undefined, "a token is in the log");
  });

  await t.step("a reader is thrown out when its token ends", async () => {
    await server.log.waitFor(/destroyed: token has expired/, timeLimitMs);
    const { timedOut } = await short.ended;
    ok(!timedOut);
  });
});
