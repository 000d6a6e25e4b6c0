/** The WebRTC pages and modules in Chromium, without our server: `WebrtcSite` stands in, and fails on demand. */
import { equal, match, ok } from "../support/assert.ts";
import { allOf, type Browser, type Page, type PageOptions, withBrowser } from "./support/browser.ts";
import { type Trouble, webrtcFlags, WebrtcSite } from "./support/webrtc_site.ts";

const messageHidden = "document.querySelector('#message').hidden";

/** Resolves when the page says so because of the action: it looks before, as the words may be gone soon. */
async function says(page: Page, message: RegExp, action: () => Promise<void>): Promise<void> {
  await Promise.all([page.waitForText("#message", message), action()]);
}

/** `true` where the element lies within the window, as a phone shows it. */
function isInside(selector: string): string {
  return `(({ left, right, top, bottom, width }) => width > 0 && left >= 0 && top >= 0 &&
    right <= document.documentElement.clientWidth && bottom <= innerHeight)(
    document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`;
}

async function shoot(page: Page, name: string): Promise<void> {
  const screenshots = Deno.env.get("SCREENSHOTS");
  if (screenshots !== undefined) await page.screenshot(`${screenshots}/webrtc ${name}.png`);
}

interface Place {
  readonly site: WebrtcSite;
  readonly browser: Browser;
  open(path: string, options?: PageOptions): Promise<Page>;
}

function test(name: string, run: (place: Place) => Promise<void>, flags: readonly string[] = []): void {
  Deno.test(name, async () => {
    await using site = new WebrtcSite();
    await withBrowser(async (browser) => {
      await site.start(browser);
      await run({
        site,
        browser,
        open: (path, options) => browser.open(`${site.origin}${path}`, options),
      });
    }, { flags: [...webrtcFlags, ...flags] });
  });
}

test("read page: plays, obeys its query and passes it on, ends its session", async ({ site, open }) => {
  const page = await open("/cam/one/?controls=0&playsinline=no&jwt=abc%20d");
  const { videoWidth, videoHeight } = await page.waitForPlaying();
  equal([videoWidth, videoHeight], [320, 180]);
  await page.waitFor(messageHidden);
  equal(
    await page.evaluate(`(({ controls, muted, playsInline, disablePictureInPicture, srcObject }) =>
      [controls, muted, playsInline, disablePictureInPicture, srcObject.getTracks().length, document.title])(
      document.querySelector("video"))`),
    [false, true, false, false, 2, "cam/one"],
  );
  equal(await page.evaluate("document.querySelector('#statistics-button').hidden"), true);
  const [options, post] = site.requests;
  equal([options.method, post.method], ["OPTIONS", "POST"]);
  equal([post.path, post.search], ["/cam/one/whep", "?controls=0&playsinline=no&jwt=abc%20d"]);
  const id = site.newestSession;
  const patches = () => site.requests.filter(({ path }) => path === `/cam/one/whep/${id}`);
  const candidates = () => patches().map(({ body }) => body).join("");
  await site.until("the end of candidates", () => /a=end-of-candidates\r\n$/.test(candidates()));
  match(candidates(), /a=candidate:/);
  for (const { method, ifMatch, body } of patches()) {
    equal([method, ifMatch], ["PATCH", `"${id}"`]);
    match(body, /^a=ice-ufrag:.+\r\na=ice-pwd:.+\r\nm=video 9 UDP\/TLS\/RTP\/SAVPF [\d ]+\r\na=mid:0\r\n/);
    match(body, /a=(candidate:|end-of-candidates)/);
  }
  await shoot(page, "playing");
  await page.tab.goto("about:blank");
  await site.until("the end of the session", () => site.sessions.length === 0);
  equal(site.requests.at(-1)?.method, "DELETE");
});

test("read page: what it offers can be repaired, and holds what Chromium does not advertise", async ({ site, open }) => {
  const page = await open("/cam/");
  await page.waitForPlaying();
  const offer = site.requests.find(({ method }) => method === "POST")?.body ?? "";
  const present = ["rtx/90000", "multiopus/48000/6", "PCMA/8000/2", "L16/48000/2", "H264/90000"];
  for (const codec of present) ok(offer.includes(` ${codec}\r\n`), codec);
  match(offer, /a=fmtp:\d+ [^\r]*stereo=1/);
  match(offer, /^m=application /m);
  const types = [...offer.matchAll(/^m=\w+ 9 UDP\/TLS\/RTP\/SAVPF (.*)\r$/gm)].flatMap(([, list]) =>
    list.split(" ")
  );
  equal(types.length, new Set(types).size);
});

test("read page: statistics come with a key or a button, on a phone too", async ({ open }) => {
  const page = await open("/cam/", { phone: true });
  await page.waitForPlaying();
  equal(await page.evaluate("document.querySelector('#statistics').hidden"), true);
  await page.tab.keyboard.press("s");
  // Rates are those of the last second: known from the second look on, and not while nothing comes.
  await page.waitForText(
    "#statistics",
    allOf(
      /Video\s+\S+, 320 × 180, \d+ fps/,
      /Video bitrate\s+[\d.]+ [kM]bit\/s/,
      /Audio\s+opus, \d+ kbit\/s/,
      /Video loss\s+\d+\.\d %, \d+ of \d+ packets/,
      /Video delay\s+\d+ ms/,
      /Repairs\s+\d+ NACK, \d+ PLI, \d+ FIR/,
      /Round trip\s+\d+ ms/,
      /Route\s+udp, \w+ to \w+/,
    ),
  );
  await page.waitFor(isInside("#statistics"));
  await shoot(page, "statistics");
  await page.waitFor(isInside("#statistics-button"));
  await page.tab.tap("#statistics-button");
  await page.waitFor("document.querySelector('#statistics').hidden");
});

test("read page: where the browser forbids sound, it starts silently and offers it", async ({ open }) => {
  const page = await open("/cam/?muted=false", {
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
}, ["--autoplay-policy=document-user-activation-required"]);

test("read page: autoplay=false waits for the user", async ({ open }) => {
  const page = await open("/cam/?autoplay=false&controls=false");
  await page.waitForText("#message", /^Tap to play$/);
  equal(await page.evaluate("document.querySelector('video').paused"), true);
  await page.tab.click("video");
  await page.waitForPlaying();
  await page.waitFor(messageHidden);
});

const refusal = (status: number, text = ""): Trouble => ({ kind: "status", status, text });

const messages: readonly (readonly [trouble: Trouble, kind: string, message: RegExp])[] = [
  [refusal(404, "no stream"), "noStream", /^No stream on this path yet\nTrying again every 2 s/],
  [refusal(401, "auth"), "wrongCredentials", /^Wrong credentials for this stream\nTrying again every 10 s/],
  [
    refusal(406, "H265 here, VP8 there"),
    "codec",
    /^Browser and server have no codec in common: H265 here, VP8 there\n/,
  ],
  [
    refusal(400, "codecs not supported by client"),
    "codec",
    /^Browser and server have no codec in common: codecs not/,
  ],
  [
    refusal(400, "bad SDP"),
    "refused",
    /^The server refuses this connection: bad SDP\nTrying again every 2 s/,
  ],
  [refusal(500, "disk full"), "server", /^The server reports an error \(500\): disk full\n/],
];

test("read page: every failure has its words, on a phone too", async ({ site, open }) => {
  for (const [trouble, kind, message] of messages) {
    site.trouble = trouble;
    const page = await open("/cam/", { phone: kind !== "noStream" });
    await page.waitForText("#message", message);
    ok(await page.evaluate(isInside("#message")), kind);
    equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    equal(await page.evaluate("document.querySelector('video').controls"), false);
    await shoot(page, `failure ${kind}`);
    await page.close();
  }
});

test("read page: a stream that comes later, ends and begins anew; a server that was away", async ({ site, open }) => {
  site.trouble = refusal(404);
  const page = await open("/cam/");
  await page.waitForText("#message", /No stream/);
  site.trouble = undefined;
  await page.waitForPlaying();
  await page.waitFor(messageHidden);

  const ended = site.newestSession;
  await says(page, /^The connection was interrupted/, () => site.endSession(ended));
  await page.waitForPlaying();
  await page.waitFor(messageHidden);
  // it was gone already
  ok(!site.requests.some(({ method, path }) => method === "DELETE" && path.endsWith(ended)));

  await site.goAway();
  await site.endSession(site.newestSession);
  await page.waitForText("#message", /^The server cannot be reached/);
  await site.comeBack();
  await page.waitForPlaying();
  await page.waitFor(messageHidden);
});

test("read page: says what to do when no packet gets through, and frees the session", async ({ site, open }) => {
  site.trouble = { kind: "blocked" };
  const page = await open("/cam/", { phone: true });
  await page.waitForText(
    "#message",
    /^The server answers, but its media does not get through\. Its UDP port[^]*TURN/,
  );
  ok(await page.evaluate(isInside("#message")));
  await shoot(page, "failure blocked");
  await site.until("DELETE", () => site.requests.some(({ method }) => method === "DELETE"));
});

/** Another website with a module on it: it records what happens in `states` and `errors`. */
function embedding(body: string): string {
  return `<!DOCTYPE html><title>another site</title><link rel="icon" href="data:,">
<body><video id="v" muted autoplay style="width: 320px"></video>
<script>globalThis.states = []; globalThis.errors = [];
const onState = (state) => states.push({ ...state, at: performance.now() });
const record = { retryMs: 100, onState, onError: (...error) => errors.push(error) };
</script>${body}`;
}

test("reader.js: another website embeds it as a script, with credentials and ICE servers", async ({ site, browser }) => {
  await using other = new WebrtcSite();
  site.link = '<stun:127.0.0.1:9>; rel="ice-server", <turn:127.0.0.1:9?transport=udp>; rel="ice-server"; ' +
    'username="a, b"; credential="q\\"uote"; credential-type="password"';
  other.embedding = embedding(`<script src="${site.origin}/cam/reader.js"></script><script>
    globalThis.reader = new MediaMTXWebRTCReader({ ...record, url: "${site.origin}/cam/whep?x=1", user: "jürgen",
      pass: "p:w", onTrack: ({ streams }) => document.querySelector("#v").srcObject = streams[0] });</script>`);
  const page = await browser.open(`${other.origin}/embedding.html`, { origins: [site.origin] });
  await page.waitForPlaying("#v");
  const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("jürgen:p:w")))}`;
  for (const { method, authorization } of site.requests) equal(authorization, basic, method);
  equal(site.requests.find(({ method }) => method === "POST")?.search, "?x=1");
  equal(
    await page.evaluate(
      "reader.peer.getConfiguration().iceServers.map(({ urls, username, credential }) => [[urls].flat(), username, credential])",
    ),
    [
      [["stun:127.0.0.1:9"], "", ""],
      [["turn:127.0.0.1:9?transport=udp"], "a, b", 'q"uote'],
    ],
  );
  equal(await page.evaluate("states.slice(-2).map(({ kind }) => kind)"), ["connecting", "connected"]);
  // A try may fail when nothing comes for long, which is no fault of the module's.
  equal(
    await page.evaluate(
      `states.filter(({ kind, at }, i) => kind === "failed" && at - states[i - 1].at < 5000)`,
    ),
    [],
  );
  equal(await page.evaluate(`errors.length - states.filter(({ kind }) => kind === "failed").length`), 0);
  await page.evaluate("reader.close()");
  await site.until("the end of the session", () => site.sessions.length === 0);
  equal(await page.evaluate("[reader.state.kind, states.at(-1).kind, reader.peer]"), [
    "closed",
    "closed",
    null,
  ]);
  equal(site.requests.at(-1)?.authorization, basic);
});

test("reader.mjs: a token, credentials in the URL; every failure ends when its cause does", async ({ site, open }) => {
  const page = async (path: string, options: string) => {
    site.embedding = embedding(`<script type="module">
      import { MediaMTXWebRTCReader } from "./cam/reader.mjs";
      globalThis.reader = new MediaMTXWebRTCReader({ ...record, url: "./${path}/whep", ${options},
        onTrack: ({ streams }) => document.querySelector("#v").srcObject = streams[0] });</script>`);
    return await open("/embedding.html");
  };
  for (const [trouble, kind, message] of messages) {
    site.trouble = trouble;
    const embedded = await page("cam", `token: "t0"`);
    const told = `errors.find(([, problem]) => problem.kind === "${kind}")`;
    await embedded.waitFor(told);
    const [text] = await embedded.evaluate<[string]>(told);
    match(text, /, retrying in some seconds$/);
    match(
      text.replace(/, retrying in some seconds$/, "\nTrying again every 2 s"),
      new RegExp(message.source.replace("10 s", "2 s")),
    );
    site.trouble = undefined;
    await embedded.waitForPlaying("#v");
    await embedded.close();
  }
  const embedded = await page("", `url: location.protocol + "//me:pa%20ss@" + location.host + "/other/whep"`);
  await embedded.waitForPlaying("#v");
  const sent = (place: string) =>
    site.requests.filter(({ path }) => path.startsWith(place)).map(({ authorization }) => authorization);
  equal(new Set(sent("/cam/")), new Set(["Bearer t0"]));
  equal(new Set(sent("/other/")), new Set([`Basic ${btoa("me:pa ss")}`]));
});

test("publish page: publishes what was chosen, shows how it goes, stops", async ({ site, open }) => {
  const page = await open(
    "/garden/cam/publish?video-width=640&video-height=360&video-codec=vp8/90000&jwt=x&audio-voice=no",
  );
  await page.waitForText("#form", /Publish to garden\/cam/);
  const value = (id: string) => page.evaluate<string>(`document.getElementById("${id}").value`);
  equal([await value("video-codec"), await value("video-bitrate"), await value("video-framerate")], [
    "vp8/90000",
    "10000",
    "30",
  ]);
  equal([await value("video-width"), await value("audio-codec"), await value("audio-bitrate")], [
    "640",
    "opus/48000",
    "32",
  ]);
  equal(await page.evaluate("document.getElementById('audio-voice').checked"), false);
  const devices = await page.evaluate<string[]>(
    "[...document.getElementById('video-device').options].map(({ text }) => text)",
  );
  equal([devices[0], devices.at(-1)], ["none", "screen"]);
  match(devices[1], /fake/i);
  await shoot(page, "publish form");
  await page.tab.fill("#video-bitrate", "900");
  match(await page.evaluate("location.search"), /jwt=x.*&video-bitrate=900/);
  await page.tab.click("#publish-button");
  // Chromium sends smaller pictures when it is short of time.
  await page.waitForText(
    "#statistics",
    allOf(/Video bitrate\s+\d+ kbit\/s/, /Video\s+VP8, \d+ × \d+/),
  );
  equal(
    await page.evaluate(`(({ width, height }) => [width, height])(
      document.querySelector("video").srcObject.getVideoTracks()[0].getSettings())`),
    [640, 360],
  );
  await page.waitFor(messageHidden);
  const published = await site.published(5);
  equal(published.codec, "video/VP8");
  ok(published.width > 0 && published.width <= 640, `${published.width} columns`);
  await page.waitFor("document.title === '● garden/cam'");
  const post = site.requests.find(({ method }) => method === "POST");
  equal(post?.path, "/garden/cam/whip");
  match(post?.search ?? "", /jwt=x.*&video-bitrate=900/);
  match(post?.body ?? "", /stereo=1;sprop-stereo=1;maxaveragebitrate=32000/);
  const codecs = [...(post?.body ?? "").matchAll(/^a=rtpmap:\d+ (\S+)\r$/gm)].map(([, name]) => name);
  equal(codecs.sort(), ["VP8/90000", "opus/48000/2", "rtx/90000"]);
  await shoot(page, "publishing");
  await page.tab.click("#stop-button");
  await page.waitForText("#form", /Publish/);
  await site.until("the end of the session", () => site.sessions.length === 0);
  equal(await page.evaluate("document.querySelector('video').srcObject"), null);
});

test("publish page: connects again by itself, and says why it is not connected", async ({ site, open }) => {
  site.trouble = refusal(401);
  const page = await open("/cam/publish", { phone: true });
  await page.waitForText("#form", /Publish to cam/);
  equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
  await shoot(page, "publish form on a phone");
  await page.tab.tap("#publish-button");
  await page.waitForText("#message", /^Wrong credentials/);
  site.trouble = undefined;
  await page.waitFor(messageHidden);
  await site.published(3);
  await says(page, /^The connection was interrupted/, () => site.endSession(site.newestSession));
  await page.waitFor(messageHidden);
  await site.published(3);
});

test("publish page: without a secure context it tells what to do", async ({ open }) => {
  const page = await open("/cam/publish", {
    script: `Object.defineProperty(Navigator.prototype, "mediaDevices", { value: undefined })`,
  });
  await page.waitForText(
    "#message",
    /does not let this page use camera and microphone\nBrowsers allow it over HTTPS or/,
  );
});

test("publish page: without permission or devices it still offers the screen", async ({ open }) => {
  const page = await open("/cam/publish", {
    script:
      `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))`,
  });
  await page.waitForText("#notice", /^The browser was not allowed to capture/);
  equal(
    await page.evaluate("[...document.querySelectorAll('#video-device option')].map(({ value }) => value)"),
    [
      "none",
      "screen",
    ],
  );
});

test("publisher.js: bitrates, simulcast and codecs as asked for; an unknown codec is said", async ({ site, open }) => {
  const publish = async (options: string) => {
    site.embedding = embedding(`<script src="./cam/publisher.js"></script><script>
      navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 }, audio: true }).then((stream) => {
        globalThis.publisher = new MediaMTXWebRTCPublisher({ ...record, url: "./cam/whip", stream,
          onConnected: () => globalThis.connected = (globalThis.connected ?? 0) + 1, ${options} });
      });</script>`);
    return await open("/embedding.html");
  };
  const page = await publish(
    `simulcast: true, videoCodec: "vp8/90000", videoBitrate: "2000", audioBitrate: 64`,
  );
  await page.waitFor("globalThis.connected >= 1");
  // Chromium as a server takes one of the layers only
  const encodings = await page.evaluate<number[]>(
    "publisher.peer.getSenders().flatMap((sender) => sender.getParameters().encodings[0].maxBitrate)",
  );
  equal(encodings.toSorted((a, b) => a - b), [64_000, 2_000_000]);
  const offer = site.requests.find(({ method }) => method === "POST")?.body ?? "";
  match(offer, /a=simulcast:send h;m;l\r\n/);
  match(offer, /useinbandfec=1;maxaveragebitrate=64000/);
  await page.close();

  const wrong = await publish(`videoCodec: "h261/90000"`);
  await wrong.waitFor(
    "errors.some(([text]) => /no codec in common: this browser cannot send H261, retrying/.test(text))",
  );
});
