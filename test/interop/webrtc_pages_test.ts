/** The WebRTC pages of the real server in Chromium: they publish to and read from each other, and recover. */
import { equal, match, ok } from "../support/assert.ts";
import { allOf, type Browser, type Page, withBrowser } from "./support/browser.ts";
import { publishEndlessly } from "./support/endless.ts";
import { MediaFolder } from "./support/media.ts";
import { patientWebrtc } from "./support/patience.ts";
import { type Case, runCases } from "./support/pool.ts";
import { type Config, TestServer } from "./support/server.ts";
import { webrtcFlags } from "./support/webrtc_site.ts";

const permitted = (user: string, pass: string, action: string, path = "") => ({
  user,
  pass,
  ips: [],
  permissions: [{ action, path }],
});

const config: Config = {
  ...patientWebrtc,
  webrtc: true,
  authInternalUsers: [
    permitted("any", "", "publish", "~^open"),
    permitted("any", "", "read", "~^open"),
    permitted("sender", "t0p", "publish"),
    permitted("viewer", "s3cret", "read"),
  ],
};

interface Site {
  readonly server: TestServer;
  readonly browser: Browser;
  readonly media: MediaFolder;
}

const messageHidden = "document.querySelector('#message').hidden";

/** Of a page or module of the server, with what a browser keeps of the address. */
function withCredentials(url: string, user: string, pass: string): string {
  const parsed = new URL(url);
  parsed.username = user;
  parsed.password = pass;
  return String(parsed);
}

/** Resolves when the page is connected. */
async function publish(browser: Browser, url: string): Promise<Page> {
  const page = await browser.open(url);
  await page.waitForText("#form", /^Publish to/);
  await page.tab.click("#publish-button");
  await page.waitForText("#statistics", /Video bitrate\s+[\d.]+ [kM]bit/);
  await page.waitFor(messageHidden);
  return page;
}

async function statistics(page: Page, text: RegExp): Promise<void> {
  const isHidden = await page.evaluate<boolean>("document.querySelector('#statistics').hidden");
  if (isHidden) await page.tab.keyboard.press("s");
  await page.waitForText("#statistics", text);
}

async function fromPageToPage({ server, browser }: Site, codec: string): Promise<void> {
  const path = `open/${codec}`;
  const size = "video-width=640&video-height=360&video-bitrate=1000";
  const sender = await publish(
    browser,
    server.webrtcUrl(`${path}/publish?video-codec=${codec}/90000&${size}`),
  );
  await statistics(sender, new RegExp(`Video\\s+${codec}, \\d+ × \\d+`, "i"));
  const page = await browser.open(server.webrtcUrl(`${path}/?muted=true`));
  const { videoWidth, videoHeight } = await page.waitForPlaying("video", 1);
  // Chromium sends smaller pictures when it is short of time.
  ok(Math.abs(videoWidth / videoHeight - 16 / 9) < 0.05, `${videoWidth} × ${videoHeight}`);
  await statistics(
    page,
    allOf(new RegExp(`Video\\s+${codec}, [^]*Audio\\s+opus`, "i"), /Route\s+(udp|tcp), \w+ to \w+/),
  );
  await page.waitFor(messageHidden);

  await sender.tab.click("#stop-button");
  await page.waitForText("#message", /^(The connection was interrupted|No stream on this path yet)/);
  await sender.tab.click("#publish-button");
  await page.waitForPlaying("video", 1);
  await page.waitFor(messageHidden);
}

async function comesLater({ server, browser, media }: Site): Promise<void> {
  const page = await browser.open(server.webrtcUrl("open/later/"));
  await page.waitForText("#message", /^No stream on this path yet\nTrying again every 2 s/);
  const file = await media.file(["h264", "opus"]);
  for (let round = 0; round < 2; round++) {
    {
      await using _publisher = publishEndlessly(file, server.rtspUrl("open/later"));
      await page.waitForPlaying("video", 1);
      await page.waitFor(messageHidden);
    }
    await page.waitForText("#message", /^(No stream on this path yet|The connection was interrupted)/);
  }
}

/** Chromium without a decoder of the system's does not know it. */
async function unplayable({ server, browser, media }: Site): Promise<void> {
  const file = await media.file(["h265"]);
  await using _publisher = publishEndlessly(file, server.rtspUrl("open/h265"));
  await server.published("open/h265");
  const page = await browser.open(server.webrtcUrl("open/h265/"));
  await page.waitForText("#message", /^Browser and server have no codec in common: [^]*H265[^]*every 10 s/i);
}

/** As people type it: the browser keeps what is in the address, and sends it along. */
async function credentialsInAddress({ server, browser }: Site): Promise<void> {
  const asked = await fetch(server.webrtcUrl("private/cam/"));
  await asked.body?.cancel();
  equal(asked.status, 401);
  match(asked.headers.get("www-authenticate") ?? "", /^Basic /);
  const address = server.webrtcUrl("private/cam/publish");
  const sender = await publish(browser, withCredentials(address, "sender", "t0p"));
  const page = await browser.open(withCredentials(server.webrtcUrl("private/cam/"), "viewer", "s3cret"));
  await page.waitForPlaying("video", 1);
  await sender.close();
  await page.waitForText("#message", /^(The connection was interrupted|No stream on this path yet)/);
}

/** Another website with the module on it. */
async function otherWebsite({ server, browser, media }: Site): Promise<void> {
  const file = await media.file(["h264", "opus"]);
  await using _publisher = publishEndlessly(file, server.rtspUrl("private", "sender:t0p"));
  await server.published("private");
  const html = (options: string) =>
    `<!DOCTYPE html><link rel="icon" href="data:,"><video id="v" muted autoplay></video><p id="m"></p>
    <script src="${server.webrtcUrl("private/reader.js")}"></script>
    <script>
      new MediaMTXWebRTCReader({ url: "${server.webrtcUrl("private/whep")}",
        onTrack: ({ streams }) => document.querySelector("#v").srcObject = streams[0],
        onError: (message) => document.querySelector("#m").textContent = message, ${options} });
    </script>`;
  await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const pass = new URL(url).searchParams.get("pass");
    return new Response(html(`user: "viewer", pass: "${pass}"`), {
      headers: { "content-type": "text/html" },
    });
  });
  const origins = [new URL(server.webrtcUrl("")).origin];
  const address = `http://127.0.0.1:${site.addr.port}/`;
  const right = await browser.open(`${address}?pass=s3cret`, { origins });
  await right.waitForPlaying("#v", 1);
  const wrong = await browser.open(`${address}?pass=guess`, { origins });
  await wrong.waitForText("#m", /^Wrong credentials for this stream, retrying in some seconds$/);
}

/** Both pages outlive the server. */
async function serverRestarts({ browser }: Site): Promise<void> {
  const first = await TestServer.start({ config });
  await using _first = first;
  const sender = await publish(browser, first.webrtcUrl("open/cam/publish?video-codec=vp8/90000"));
  const page = await browser.open(first.webrtcUrl("open/cam/"));
  await page.waitForPlaying("video", 1);
  await first.stop();
  await page.waitForText("#message", /^The server cannot be reached\nTrying again/);
  await sender.waitForText("#message", /^The server cannot be reached\nTrying again/);
  const { webrtc, webrtcUdp } = first.ports;
  const same = { webrtcAddress: `:${webrtc}`, webrtcLocalUDPAddress: `:${webrtcUdp}` };
  await using _second = await TestServer.start({ config: { ...config, ...same } });
  await sender.waitFor(messageHidden);
  await page.waitForPlaying("video", 1);
  await page.waitFor(messageHidden);
}

const cases: readonly (readonly [name: string, run: (site: Site) => Promise<void>])[] = [
  ...["h264", "vp8", "vp9"].map((codec) =>
    [`from page to page with ${codec}`, (site: Site) => fromPageToPage(site, codec)] as const
  ),
  ["a stream that comes, goes and comes back", comesLater],
  ["a codec that Chromium does not know", unplayable],
  ["credentials in the address", credentialsInAddress],
  ["credentials, from another website", otherWebsite],
  ["the server restarts", serverRestarts],
];

Deno.test("WebRTC pages in Chromium", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config });
  await withBrowser(async (browser) => {
    const site = { server, browser, media };
    await runCases(t, cases.map(([name, run]): Case => ({ name, run: () => run(site) })), 2);
  }, { flags: webrtcFlags });
});
