/** A reader that joins in the middle of a long group of pictures sees the present at once, and stays there. */
import { equal } from "../support/assert.ts";
import { withBrowser } from "./support/browser.ts";
import { patientWebrtc } from "./support/patience.ts";
import { TestServer } from "./support/server.ts";
import { WebrtcSite } from "./support/webrtc.ts";

/** For a test that hangs. */
const limitMs = 120_000;
const lookMs = 100;
const framesPerSecond = 30;
/** None but the first within the test, however slow the machine is; the server keeps 4096 units of a group. */
const keyFrameEvery = 4000;
/** Players are about in step when so many pictures are between them: the late one has missed more. */
const nearPictures = 45;
const missedPictures = 4 * framesPerSecond;
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

/** True in the page when both players show about the same picture; how bright it is repeats every hundred. */
const looksInStep = `(() => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const [first, second] = window.peers.map(({ video }) => {
    // Nothing is drawn before the first picture.
    if (video.readyState < 2) return NaN;
    context.drawImage(video, 0, 0, 16, 16);
    return context.getImageData(8, 8, 1, 1).data[0];
  });
  return Math.abs(first - second) <= ${1.2 * step * nearPictures / 3};
})()`;

/** The same by count: all pictures since the first are decoded by both. */
const hasCaughtUp = `Promise.all([0, 1].map(async (index) => (await statsOf(index)).video?.frames ?? 0))
  .then(([first, second]) => second >= first - ${nearPictures})`;

Deno.test("WebRTC in Chromium: a late reader decodes the past at once and shows the present", async () => {
  await using server = await TestServer.start({ config: { ...patientWebrtc, webrtc: true } });
  await using site = new WebrtcSite(server);
  await withBrowser(async (browser) => {
    const tab = await site.open(browser);
    const publisher = startPublisher(server.rtspUrl("cam"));
    try {
      await server.published("cam");
      const early = await tab.read("cam", { audio: false });
      await early.waitForStats(({ video }) => (video?.frames ?? 0) >= 5 * framesPerSecond);
      const late = await tab.read("cam", { audio: false });
      const { video } = await late.waitForStats((stats) => (stats.video?.frames ?? 0) >= missedPictures);
      // No other key frame has come: without the past, there would be no picture at all.
      equal(video?.keyFrames, 1);
      await late.waitForMedia({ frames: framesPerSecond });
      await until(() => tab.page.evaluate<boolean>(hasCaughtUp));
      await tab.page.waitFor(looksInStep);
      await early.close();
      await late.close();
    } finally {
      publisher.kill("SIGKILL");
      await publisher.status;
    }
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!await condition()) {
    if (performance.now() > end) throw new Error("the late reader stays in the past");
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
