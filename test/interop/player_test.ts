/** The player page and its module in Chromium, without our HLS server: `HlsSite` stands in, and fails on demand. */
import { equal, match, ok } from "../support/assert.ts";
import { type Page, withBrowser } from "./support/browser.ts";
import { HlsSite, makeMedia, picture, type Trouble } from "./support/hls_site.ts";

let folder = "";
Deno.test.beforeAll(async () => {
  folder = await makeMedia();
});
Deno.test.afterAll(async () => {
  await Deno.remove(folder, { recursive: true });
});

const messageHidden = "document.querySelector('#message').hidden";
const unplayable = "hvc1.1.6.L93.B0,mp4a.40.2";

/** Resolves when the page says so because of the action: it looks before, as the words may be gone soon. */
async function says(page: Page, message: RegExp, action: () => void): Promise<void> {
  const said = page.waitForText("#message", message);
  action();
  await said;
}

/** `true` where the element lies within the window, as a phone shows it. */
function isInside(selector: string): string {
  return `(({ left, right, top, bottom, width }) => width > 0 && left >= 0 && top >= 0 &&
    right <= document.documentElement.clientWidth && bottom <= innerHeight)(
    document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`;
}

async function shoot(page: Page, name: string): Promise<void> {
  const screenshots = Deno.env.get("SCREENSHOTS");
  if (screenshots !== undefined) await page.screenshot(`${screenshots}/${name}.png`);
}

Deno.test("player page: plays, obeys its query and passes it on, asks nobody else", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    const page = await browser.open(`${site.origin}/cam/one/?controls=0&playsinline=no&jwt=abc%20d`);
    const { videoWidth, videoHeight } = await page.waitForPlaying();
    equal([videoWidth, videoHeight], [picture.width, picture.height]);
    await page.waitFor(messageHidden);
    equal(
      await page.evaluate(`(({ controls, muted, playsInline, disablePictureInPicture }) =>
      [controls, muted, playsInline, disablePictureInPicture, document.title])(document.querySelector("video"))`),
      [false, true, false, false, "cam/one"],
    );
    equal(
      await page.evaluate(
        `[innerWidth, innerHeight].join() === (({ width, height }) => [width, height].join())(
    document.querySelector("video").getBoundingClientRect())`,
      ),
      true,
    );
    const playlist = site.requests.find(({ path }) => path.endsWith("index.m3u8"));
    equal(playlist?.search, "?controls=0&playsinline=no&jwt=abc%20d");
    ok(!site.requests.some(({ path }) => path === "/favicon.ico"));
    await shoot(page, "playing");
  });
});

Deno.test("player page: controls, sound and picture-in-picture as asked for", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    const page = await browser.open(`${site.origin}/cam/?muted=false&disablepictureinpicture=yes`);
    await page.waitForPlaying();
    equal(
      await page.evaluate(`(({ controls, muted, playsInline, disablePictureInPicture }) =>
      [controls, muted, playsInline, disablePictureInPicture])(document.querySelector("video"))`),
      [true, false, true, true],
    );
    await page.waitFor("document.querySelector('#sound').hidden");
  });
});

Deno.test("player page: where the browser forbids sound, it starts silently and offers it", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    const page = await browser.open(`${site.origin}/cam/?muted=false`, {
      phone: true,
      script: `addEventListener("playing", ({ target }) => console.log("playing", target.muted), true)`,
    });
    // Any look at the page would count as a gesture, and allow sound.
    await page.waitForConsole(/playing true/);
    await page.waitForText("#sound", /sound/);
    await page.waitFor(isInside("#sound"));
    await shoot(page, "sound");
    await page.tab.tap("#sound");
    await page.waitFor("!document.querySelector('video').muted && document.querySelector('#sound').hidden");
    await page.waitForPlaying();
  }, {
    flags: ["--autoplay-policy=document-user-activation-required"],
  });
});

Deno.test("player page: autoplay=false waits for the user", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    const page = await browser.open(`${site.origin}/cam/?autoplay=false&controls=false`);
    await page.waitForText("#message", /^Tap to play$/);
    equal(await page.evaluate("document.querySelector('video').paused"), true);
    await shoot(page, "tap");
    await page.tab.click("video");
    await page.waitForPlaying();
    await page.waitFor(messageHidden);
  });
});

Deno.test("player page: a strange path; several audio tracks to choose from", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    site.audioTracks = ["English", "<b>Türkçe</b>"];
    const page = await browser.open(`${site.origin}/100%25%zz/`, { phone: true });
    await page.waitForPlaying();
    equal(await page.evaluate("document.title"), "100%25%zz");
    equal(await page.waitForText("#audio", /Türkçe/), "English\n<b>Türkçe</b>");
    await page.waitFor(isInside("#audio"));
    await shoot(page, "audio tracks");
    await page.tab.selectOption("#audio", { index: 1 });
    await page.waitForPlaying();
  });
});

const messages: readonly (readonly [name: string, trouble: Trouble, message: RegExp])[] = [
  [
    "404",
    { kind: "status", status: 404, from: "playlist" },
    /^No stream on this path yet\nTrying again every 2 s/,
  ],
  ["401", { kind: "status", status: 401, from: "playlist" }, /^Wrong credentials for this stream\nTrying/],
  [
    "500",
    { kind: "status", status: 500, from: "playlist" },
    /^The server reports an error \(500\): the disk is full\n/,
  ],
  ["codec", { kind: "codecs", codecs: unplayable }, /^This browser cannot play H\.265\nTrying/],
  ["unknown codec", { kind: "codecs", codecs: "xyz1.2" }, /^This browser cannot play xyz1\.2\nTrying/],
];

Deno.test("player page: every failure has its words, on a desktop and on a phone", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    for (const [name, trouble, message] of messages) {
      site.trouble = trouble;
      const page = await browser.open(`${site.origin}/cam/`, { phone: name !== "404" });
      await page.waitForText("#message", message);
      ok(await page.evaluate(isInside("#message")), name);
      equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
      equal(await page.evaluate("document.querySelector('video').controls"), false);
      await shoot(page, `failure ${name}`);
      await page.close();
    }
  });
});

Deno.test("player page: a stream that appears later is played without a touch", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    site.trouble = { kind: "status", status: 404, from: "playlist" };
    const page = await browser.open(`${site.origin}/cam/`);
    await page.waitForText("#message", /No stream/);
    site.trouble = undefined;
    await page.waitForPlaying();
    await page.waitFor(messageHidden);
  });
});

Deno.test("player page: a stream that begins anew and a server that was away are picked up again", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    const page = await browser.open(`${site.origin}/cam/`);
    await page.waitForPlaying();
    await says(page, /^The stream was interrupted/, () => site.restart());
    await page.waitForPlaying();
    await page.waitFor(messageHidden);

    await site.goAway();
    await page.waitForText("#message", /^The server cannot be reached/);
    await shoot(page, "failure network");
    await site.comeBack();
    await page.waitForPlaying();
    await page.waitFor(messageHidden);
  });
});

Deno.test("player page: far behind the live edge, and after a pause, it goes on live", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    const page = await browser.open(`${site.origin}/cam/`);
    const { to } = await page.waitForPlaying();
    site.advance(20);
    await page.waitFor(`document.querySelector("video").currentTime > ${to + 15}`);
    await page.waitForPlaying();

    const paused = await page.evaluate<number>(
      "(document.querySelector('video').pause(), document.querySelector('video').currentTime)",
    );
    site.advance(8);
    // two, so that the first is known to have been read
    await site.asked(/media.*m3u8$/, 2);
    await page.evaluate("document.querySelector('video').play()");
    const resumed = await page.waitForPlaying();
    ok(resumed.from > paused + 4, `went on at ${resumed.from}, was paused at ${paused}`);
  });
});

/** Another website with the player on it: it records what happens in `states` and `errors`. */
function embedding(site: HlsSite, options: string): string {
  return `<!DOCTYPE html><title>another site</title><link rel="icon" href="data:,">
<body style="background: #fff"><h1>My garden</h1><video id="v" muted controls style="width: 320px"></video>
<script>globalThis.Hls = "the site's own";</script>
<script type="module">
  import { HlsPlayer } from "${site.origin}/any/path/player.js";
  globalThis.states = [];
  const onState = (state) => states.push({ ...state, at: performance.now() });
  globalThis.errors = [];
  globalThis.player = new HlsPlayer({
    url: "${site.origin}/cam/index.m3u8?x=1", video: document.querySelector("#v"), retryMs: 100,
    onState, onError: (problem, message) => errors.push([problem.kind, message]),
    ${options}
  });
</script>`;
}

Deno.test("player module: another website embeds it, with credentials, and closes it", async () => {
  await using site = new HlsSite(folder);
  await using other = new HlsSite(folder);
  await withBrowser(async (browser) => {
    other.embedding = embedding(site, `user: "jürgen", pass: "p:w"`);
    const page = await browser.open(`${other.origin}/embedding.html`, { origins: [site.origin] });
    await page.waitForPlaying("#v");
    equal(await page.evaluate("Hls"), "the site's own");
    const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("jürgen:p:w")))}`;
    const media = site.requests.filter(({ path }) => path.startsWith("/cam/"));
    ok(media.some(({ path, authorization }) => path.endsWith(".m4s") && authorization === basic));
    equal(site.requests.find(({ path }) => path === "/cam/index.m3u8")?.search, "?x=1");
    await page.waitFor("states.at(-1).kind === 'playing' && states.at(-1).soundBlocked === false");
    // A try may fail when nothing comes for long, which is no fault of the module's.
    equal(
      await page.evaluate(
        `states.filter(({ kind, at }, i) => kind === "failed" && at - states[i - 1]?.at < 5000)`,
      ),
      [],
    );
    equal(await page.evaluate(`errors.length - states.filter(({ kind }) => kind === "failed").length`), 0);
    await page.waitFor("player.latency > 0 && player.latency < 10");
    await shoot(page, "embedded");

    await page.evaluate("player.close()");
    equal(await page.evaluate("[player.state.kind, states.at(-1).kind]"), ["closed", "closed"]);
    // nothing is loaded any more
    await page.waitFor("document.querySelector('#v').networkState === 0");
  });
});

Deno.test("player module: a token; every failure ends when its cause does", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    site.embedding = embedding(site, `token: "t0"`);
    const kinds = new Map([["404", "noStream"], ["401", "wrongCredentials"], ["500", "server"], [
      "codec",
      "codec",
    ]]);
    for (const [name, trouble, message] of messages) {
      const kind = kinds.get(name);
      if (kind === undefined) continue;
      site.trouble = trouble;
      const page = await browser.open(`${site.origin}/embedding.html`);
      const told = `globalThis.errors?.find(([kind]) => kind === "${kind}")`;
      await page.waitFor(told);
      const [, words] = await page.evaluate<[string, string]>(told);
      match(`${words}\nTrying again every 2 s`, message);
      site.trouble = undefined;
      await page.waitForPlaying("#v");
      await page.close();
    }
    ok(
      site.requests.some(({ path, authorization }) => path.endsWith(".m4s") && authorization === "Bearer t0"),
    );
  });
});

Deno.test("player module: media that vanishes while playing is an interruption, not a missing stream", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    site.embedding = embedding(site, "");
    const page = await browser.open(`${site.origin}/embedding.html`);
    await page.waitForPlaying("#v");
    site.trouble = { kind: "status", status: 404, from: "media" };
    await page.waitFor("errors.length > 0");
    equal(await page.evaluate("errors[0][0]"), "interrupted");
    site.trouble = undefined;
    await page.waitForPlaying("#v");
  });
});

Deno.test("player module: the browser's own player tells the same failures apart", async () => {
  await using site = new HlsSite(folder);
  await withBrowser(async (browser) => {
    site.embedding = embedding(site, `engine: "native"`);
    site.trouble = { kind: "status", status: 404, from: "playlist" };
    const page = await browser.open(`${site.origin}/embedding.html`);
    await page.waitFor("globalThis.errors?.length > 0");
    equal(await page.evaluate("errors[0][0]"), "noStream");
    site.trouble = { kind: "status", status: 401, from: "playlist" };
    await page.waitFor("errors.at(-1)[0] === 'wrongCredentials'");
    site.trouble = undefined;
    await page.waitForPlaying("#v");
    ok(!site.requests.some(({ path }) => path.endsWith("hls.min.js")));
  });
});
