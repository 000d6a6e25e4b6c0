/** A reader that joins in the middle of a long group of pictures sees the present at once, and stays there. */
import { equal, ok } from "../support/assert.ts";
import { withBrowser } from "./support/browser.ts";
import { TestServer } from "./support/server.ts";
import { WebrtcSite } from "./support/webrtc.ts";

const framesPerSecond = 30;
const keyFrameEvery = 60 * framesPerSecond;
/** How much brighter each picture is than the one before: the brightness tells which picture is shown. */
const step = 2;

function startPublisher(url: string): Deno.ChildProcess {
  const source =
    `color=c=black:s=320x240:r=${framesPerSecond},geq=lum='16+mod(N*${step}\\,200)':cb=128:cr=128`;
  const encoder = `-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -g ${keyFrameEvery}`;
  const args = ["-loglevel", "error", "-re", "-f", "lavfi", "-i", source, ...encoder.split(" ")];
  return new Deno.Command("ffmpeg", {
    args: [...args, "-f", "rtsp", "-rtsp_transport", "tcp", url],
    stderr: "null",
  })
    .spawn();
}

/** True in the page when both players show about the same picture. */
const inStep = `(() => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const [first, second] = window.peers.map(({ video }) => {
    // Nothing is drawn before the first picture.
    if (video.readyState < 2) return NaN;
    context.drawImage(video, 0, 0, 16, 16);
    return context.getImageData(8, 8, 1, 1).data[0];
  });
  return Math.abs(first - second) <= ${5 * step};
})()`;

Deno.test("WebRTC in Chromium: a late reader decodes the past at once and shows the present", async () => {
  await using server = await TestServer.start({ config: { webrtc: true } });
  await using site = new WebrtcSite(server);
  const publisher = startPublisher(server.rtspUrl("cam"));
  try {
    await server.published("cam");
    await withBrowser(async (browser) => {
      const tab = await site.open(browser);
      const early = await tab.read("cam", { audio: false });
      await early.waitForStats(({ video }) => (video?.frames ?? 0) >= 5 * framesPerSecond);
      const late = await tab.read("cam", { audio: false });
      const { video } = await late.waitForStats((stats) => (stats.video?.frames ?? 0) >= 4 * framesPerSecond);
      // No other key frame has come, and none was asked for.
      equal([video?.keyFrames, video?.plis], [1, 0]);
      await late.waitForMedia({ frames: framesPerSecond });
      await tab.page.waitFor(inStep);
      ok((await late.stats()).video?.lost === 0);
      await early.close();
      await late.close();
    });
  } finally {
    publisher.kill("SIGKILL");
    await publisher.status;
  }
});
