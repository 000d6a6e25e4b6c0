/** The page of the real server in Chromium: how far behind it plays, what it says, how it recovers. */
import { equal, match, ok } from "../support/assert.ts";
import { type Browser, type Page, withBrowser } from "./support/browser.ts";
import { Client } from "./support/client.ts";
import { clockPublish, clockScript } from "./support/clock_picture.ts";
import { publishEndlessly } from "./support/endless.ts";
import { segmentsListed } from "./support/hls_publish.ts";
import { MediaFolder } from "./support/media.ts";
import { patient } from "./support/patience.ts";
import { type Case, runCases } from "./support/pool.ts";
import { type Config, TestServer } from "./support/server.ts";

const watchSeconds = 6;
/** A machine that is busy with other things stalls players for a while; a server that does so does it every time. */
const mostTries = 20;
/** After so many of them the page is opened anew: players keep away from the edge once they have stalled. */
const triesOfPage = 4;
/** From the publisher's picture to the viewer's: what the low-latency variant is for. */
const mostLatencyMs = 3000;
/** Of the time: a player that stays behind is too far away for good. */
const fewestPlayed = 0.5;

const permitted = (user: string, pass: string, action: string, path = "") => ({
  user,
  pass,
  ips: [],
  permissions: [{ action, path }],
});

const config: Config = {
  ...patient,
  hls: true,
  authInternalUsers: [
    permitted("any", "", "publish"),
    permitted("any", "", "read", "~^open"),
    permitted("viewer", "s3cret", "read"),
  ],
};

interface Site {
  readonly server: TestServer;
  readonly browser: Browser;
  readonly media: MediaFolder;
}

async function publishClock(server: TestServer, path: string): Promise<Client> {
  const publisher = clockPublish(server.rtspUrl(path));
  try {
    await server.published(path);
    return publisher;
  } catch (error) {
    await publisher[Symbol.asyncDispose]();
    throw error;
  }
}

/** Milliseconds between the picture's clock and now, several times over the next seconds. */
async function latencies(page: Page, seconds: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < 2 * seconds; i++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    found.push(await page.evaluate<number>("pictureAge(document.querySelector('video'))"));
  }
  return found;
}

async function watch(
  page: Page,
): Promise<{ stalls: number; played: number; elapsed: number; ages: number[] }> {
  await page.evaluate(`globalThis.stalls = 0;
    document.querySelector("video").addEventListener("waiting", () => stalls++)`);
  const position = () => page.evaluate<number>("document.querySelector('video').currentTime");
  const from = await position();
  const started = performance.now();
  const ages = await latencies(page, watchSeconds);
  const elapsed = (performance.now() - started) / 1000;
  return { stalls: await page.evaluate("stalls"), played: await position() - from, elapsed, ages };
}

async function openClock({ server, browser }: Site): Promise<Page> {
  const page = await browser.open(server.hlsUrl("open/clock/?muted=true&controls=false"), {
    script: clockScript,
  });
  await page.waitForPlaying();
  return page;
}

async function lowLatency(site: Site): Promise<void> {
  await using _publisher = await publishClock(site.server, "open/clock");
  let page = await openClock(site);
  // Parts, and playlists that are held until there is a new one, are what the variant consists of.
  await page.waitForRequest(/[?&]_HLS_msn=\d+&_HLS_part=\d+/);
  await page.waitForRequest(/_part\d+\.mp4/);
  for (let tries = 1;; tries++) {
    const { stalls, played, elapsed, ages } = await watch(page);
    const median = ages.toSorted((a, b) => a - b)[ages.length >> 1];
    console.log(`picture to picture: ${ages.map((age) => Math.round(age)).join(", ")} ms, ${stalls} stalls`);
    if (median > 0 && median < mostLatencyMs && played > fewestPlayed * elapsed) break;
    ok(tries < mostTries, `the picture is ${median} ms old; ${played} s of video in ${elapsed} s`);
    if (tries % triesOfPage === 0) page = await openClock(site);
  }
  equal(await page.evaluate("document.querySelector('video').controls"), false);
  equal(await page.evaluate("document.querySelector('video').videoWidth"), 320);
}

/** The other variants: a few segments behind, not a few parts. */
async function variantPlays({ browser }: Site, hlsVariant: string): Promise<void> {
  await using server = await TestServer.start({ config: { ...config, hlsVariant } });
  await using _publisher = await publishClock(server, "open/clock");
  await segmentsListed(server.hlsUrl("open/clock/index.m3u8"));
  const page = await browser.open(server.hlsUrl("open/clock/"), { script: clockScript });
  await page.waitForPlaying("video", 2);
  const ages = await latencies(page, 1);
  console.log(`${hlsVariant}: ${ages.map((age) => Math.round(age)).join(", ")} ms`);
  equal(await page.evaluate("document.querySelector('video').videoWidth"), 320);
  // the pages differ in nothing else
  const extension = hlsVariant === "mpegts" ? ".ts" : ".mp4";
  await page.waitForRequest(new RegExp(`\\${extension}(\\?|$)`));
  ok(!page.requests.some((url) => url.includes("_HLS_")));
}

async function comesAndGoes({ server, browser }: Site): Promise<void> {
  const page = await browser.open(server.hlsUrl("open/later/"));
  await page.waitForText("#message", /^No stream on this path yet/);
  for (let round = 0; round < 2; round++) {
    {
      await using _publisher = await publishClock(server, "open/later");
      await page.waitForPlaying("video", 1);
      await page.waitFor("document.querySelector('#message').hidden");
    }
    await page.waitForText("#message", /^(No stream on this path yet|The stream was interrupted)/);
  }
}

async function replaced({ server, browser }: Site): Promise<void> {
  const first = await publishClock(server, "open/replaced");
  await using _first = first;
  const page = await browser.open(server.hlsUrl("open/replaced/"));
  await page.waitForPlaying("video", 1);
  // at once, as an encoder that reconnects
  await first[Symbol.asyncDispose]();
  await using _second = clockPublish(server.rtspUrl("open/replaced"), "480x64");
  await page.waitFor("document.querySelector('video').videoWidth === 480");
  await page.waitForPlaying("video", 1);
  await page.waitFor("document.querySelector('#message').hidden");
}

async function audioTracks({ server, browser, media }: Site): Promise<void> {
  const file = await media.file(["h264WithBFrames", "aac", "opus"]);
  await using _publisher = publishEndlessly(file, server.rtspUrl("open/tracks"));
  await segmentsListed(server.hlsUrl("open/tracks/index.m3u8"), 2);
  const page = await browser.open(server.hlsUrl("open/tracks/"));
  await page.waitForPlaying("video", 1);
  match(await page.waitForText("#audio", /audio3/), /audio2\naudio3/);
  await page.tab.selectOption("#audio", { index: 1 });
  await page.waitForPlaying("video", 2);
  await page.waitForRequest(/audio3_(part|seg)/);
}

async function unplayable({ server, browser, media }: Site): Promise<void> {
  const file = await media.file(["h265"]);
  await using _publisher = publishEndlessly(file, server.rtspUrl("open/h265"));
  await server.published("open/h265");
  const page = await browser.open(server.hlsUrl("open/h265/"));
  await page.waitForText("#message", /^This browser cannot play H\.265/);
}

/** As people type it: the browser keeps what is in the address, and sends it along. */
async function credentialsInAddress({ server, browser }: Site): Promise<void> {
  await using _publisher = await publishClock(server, "private/cam");
  const right = new URL(server.hlsUrl("private/cam/"));
  right.username = "viewer";
  right.password = "s3cret";
  const page = await browser.open(String(right));
  await page.waitForPlaying("video", 1);
}

/** Another website with the player on it. */
async function credentials({ server, browser }: Site): Promise<void> {
  await using _publisher = await publishClock(server, "private");
  const html = (options: string) =>
    `<!DOCTYPE html><link rel="icon" href="data:,"><video id="v" muted></video><p id="m"></p>
    <script type="module">
      import { HlsPlayer } from "${server.hlsUrl("private/player.js")}";
      new HlsPlayer({ url: "${server.hlsUrl("private/index.m3u8")}", video: document.querySelector("#v"),
        onError: (problem, message) => document.querySelector("#m").textContent = message, ${options} });
    </script>`;
  await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const pass = new URL(url).searchParams.get("pass");
    const options = pass === null ? "" : `user: "viewer", pass: "${pass}"`;
    return new Response(html(options), { headers: { "content-type": "text/html" } });
  });
  const origins = [new URL(server.hlsUrl("")).origin];
  const address = `http://127.0.0.1:${site.addr.port}/`;
  const right = await browser.open(`${address}?pass=s3cret`, { origins });
  await right.waitForPlaying("#v", 1);
  const wrong = await browser.open(`${address}?pass=guess`, { origins });
  await wrong.waitForText("#m", /^Wrong credentials for this stream$/);
}

const cases: readonly (readonly [name: string, run: (site: Site) => Promise<void>])[] = [
  ["the variant fmp4", (site) => variantPlays(site, "fmp4")],
  ["the variant mpegts", (site) => variantPlays(site, "mpegts")],
  ["several audio tracks", audioTracks],
  ["a stream that comes, goes and comes back", comesAndGoes],
  ["a publisher that reconnects at once with another picture", replaced],
  ["a codec that Chromium does not know", unplayable],
  ["credentials in the address", credentialsInAddress],
  ["credentials, from another website", credentials],
];

Deno.test("HLS in Chromium", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config });
  await withBrowser(async (browser) => {
    const site = { server, browser, media };
    const all = cases.map(([name, run]): Case => ({ name, run: () => run(site) }));
    await runCases(t, [{ name: "low latency", run: () => lowLatency(site) }], 1);
    await runCases(t, all, 2);
  });
});
