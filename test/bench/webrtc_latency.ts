/** How long a viewer in Chromium waits for the first picture, and how old the pictures are that it is shown. */
import { type Browser, withBrowser } from "../interop/support/browser.ts";
import { clockPublishAtOnce, clockScript } from "../interop/support/clock_picture.ts";
import { type Config, TestServer } from "../interop/support/server.ts";

const path = "clock";
const drawnPath = "drawn";
/** Pictures whose age is looked at; those before them are of the time when the player fills its buffer. */
const pictures = 200;
const firstPictures = 50;

export interface Spread {
  readonly bestMs: number;
  readonly medianMs: number;
  /** 95 of 100 are not above it. */
  readonly p95Ms: number;
}

export interface WebrtcLatency {
  readonly runs: number;
  /** From the POST of the offer to the first decoded picture. */
  readonly firstPicture: Spread;
  /** From the time that is drawn into a picture to its presentation, with what FFmpeg takes to encode it. */
  readonly age: Spread;
  /** The same of pictures that Chromium itself has drawn, encoded and published by WHIP. */
  readonly ageFromBrowser: Spread;
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return { bestMs: sorted[0], medianMs: at(0.5), p95Ms: at(0.95) };
}

const script = `${clockScript}
const post = async (pc, url) => {
  await pc.setLocalDescription(await pc.createOffer());
  const begin = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: pc.localDescription.sdp,
  });
  if (response.status !== 201) throw new Error(await response.text());
  await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
  return begin;
};
globalThis.open = async (url) => {
  const pc = new RTCPeerConnection();
  pc.addTransceiver("video", { direction: "recvonly" });
  const video = Object.assign(document.createElement("video"), { autoplay: true, muted: true });
  const first = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  pc.ontrack = ({ track }) => {
    document.body.append(video);
    video.srcObject = new MediaStream([track]);
  };
  const begin = await post(pc, url);
  await first;
  return { pc, video, took: performance.now() - begin };
};
globalThis.publishClock = async (url) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 64 });
  const context = canvas.getContext("2d");
  setInterval(() => {
    const time = Math.floor(Date.now() / 10);
    for (let bit = 0; bit < 16; bit++) {
      context.fillStyle = time / 2 ** bit % 2 >= 1 ? "white" : "black";
      context.fillRect(20 * bit, 0, 20, 64);
    }
  }, 1000 / 30);
  const pc = new RTCPeerConnection();
  pc.addTransceiver(canvas.captureStream(30).getVideoTracks()[0], { direction: "sendonly" });
  await post(pc, url);
};
globalThis.firstPicture = async (url) => {
  const { pc, video, took } = await open(url);
  pc.close();
  video.remove();
  return took;
};
globalThis.ages = async (url, skipped, count) => {
  const { pc, video } = await open(url);
  const found = [];
  for (let i = 0; i < skipped + count; i++) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    if (i >= skipped) found.push(pictureAge(video));
  }
  pc.close();
  return found;
};`;

/** A publisher with FFmpeg over RTSP, a server of ours, and one tab. */
export async function measureWebrtcLatency(
  command: readonly string[],
  config: Config,
  runs: number,
): Promise<WebrtcLatency> {
  const html = `<!DOCTYPE html><link rel="icon" href="data:,"><body><script>${script}</script>`;
  const site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } }),
  );
  const server = await TestServer.start({ command, config: { webrtc: true, ...config } });
  try {
    let result: WebrtcLatency | undefined;
    await withBrowser(async (browser) => {
      result = await measure(browser, server, `http://127.0.0.1:${site.addr.port}/`, runs);
    });
    return result!;
  } finally {
    await server.kill();
    await site.shutdown();
  }
}

async function measure(
  browser: Browser,
  server: TestServer,
  address: string,
  runs: number,
): Promise<WebrtcLatency> {
  await using _publisher = clockPublishAtOnce(server.rtspUrl(path));
  await server.published(path);
  const options = { origins: [new URL(server.webrtcUrl("")).origin] };
  const page = await browser.open(address, options);
  const url = (name: string) => JSON.stringify(server.webrtcUrl(name));
  const times: number[] = [];
  for (let i = 0; i < Math.max(1, runs); i++) {
    times.push(await page.evaluate<number>(`firstPicture(${url(`${path}/whep`)})`));
  }
  const ages = (of: string) =>
    page.evaluate<number[]>(`ages(${url(`${of}/whep`)}, ${firstPictures}, ${pictures})`);
  const age = spreadOf(await ages(path));
  const publisher = await browser.open(address, options);
  await publisher.evaluate(`publishClock(${url(`${drawnPath}/whip`)})`);
  await server.published(drawnPath);
  await page.tab.bringToFront();
  return {
    runs: times.length,
    firstPicture: spreadOf(times),
    age,
    ageFromBrowser: spreadOf(await ages(drawnPath)),
  };
}

export function formatWebrtcLatency({ runs, firstPicture, age, ageFromBrowser }: WebrtcLatency): string {
  const line = (name: string, { bestMs, medianMs, p95Ms }: Spread) =>
    `${name}: median ${medianMs.toFixed(0)} ms, best ${bestMs.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms`;
  return [
    line(`first picture after the offer, ${runs} times`, firstPicture),
    line("age of a picture of FFmpeg's when it is shown", age),
    line("age of a picture of Chromium's when it is shown", ageFromBrowser),
  ].join("\n");
}
