/** Chromium publishes and reads without any JavaScript of ours. */
import { equal, match } from "../support/assert.ts";
import { type Browser, withBrowser } from "./support/browser.ts";
import { MediaFolder } from "./support/media.ts";
import { patientWebrtc, patientWebrtcGlobals } from "./support/patience.ts";
import { type Case, runCases } from "./support/pool.ts";
import { publish } from "./support/scenario.ts";
import { type Config, TestServer } from "./support/server.ts";
import { type WebrtcHost, WebrtcSite } from "./support/webrtc.ts";
import type { RtpMedia } from "../../src/rtp/format.ts";
import { Unit } from "../../src/stream/unit.ts";
import { access, TestPublisher } from "../paths/support.ts";
import { WebrtcTest } from "../protocols/webrtc/support/server.ts";

const config: Config = {
  ...patientWebrtc,
  webrtc: true,
  authInternalUsers: [
    { user: "any", permissions: [{ action: "publish" }, { action: "read", path: "~^open" }] },
    { user: "viewer", pass: "s3cret", permissions: [{ action: "read" }] },
  ],
};

/** For tests that hang. */
const logTimeoutMs = 120_000;

/** Many more are in `webrtc/sessions_test.ts`, which sees the server from the outside only. */
const reloads = 4;

interface Setting {
  readonly server: TestServer;
  readonly site: WebrtcSite;
  readonly browser: Browser;
  readonly media: MediaFolder;
}

/** Chromium to Chromium; both ends go when they say so. */
async function publishAndRead({ server, site, browser }: Setting): Promise<void> {
  const tab = await site.open(browser);
  const publisher = await tab.publish("open/cam", { video: { mimeType: "video/VP8" } });
  equal(publisher.posted.status, 201);
  await server.published("open/cam");
  const reader = await tab.read("open/cam");
  equal(reader.posted.status, 201);
  const stats = await reader.waitForMedia({ frames: 30, audioPackets: 50 });
  equal([stats.video?.mimeType, stats.audio?.mimeType], ["video/VP8", "audio/opus"]);
  match(stats.srtpCipher, /GCM/);
  await reader.waitForConnection("connected");
  await reader.logged(
    /peer connection established, local candidate: host\/udp\/.*, remote candidate: \w+\/udp\//,
  );
  await reader.logged(/is reading from path 'open\/cam', 2 tracks \(VP8, Opus\)/);
  equal(await reader.request("DELETE"), { status: 200, body: '{"status":"ok"}' });
  await reader.logged(/closed: deleted by the client/);
  equal((await reader.request("DELETE")).status, 404);
  await publisher.close();
  await publisher.logged(/closed: peer connection closed/);
}

/** H.264 and Opus of FFmpeg by RTSP. */
async function rtspToBrowser({ server, site, browser, media }: Setting): Promise<void> {
  await using _publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: ["h264", "opus"],
    transport: "TCP",
    path: "open/fromrtsp",
  });
  const tab = await site.open(browser);
  const reader = await tab.read("open/fromrtsp");
  equal(reader.posted.status, 201);
  const stats = await reader.waitForMedia({ frames: 30, audioPackets: 50 });
  equal([stats.video?.mimeType, stats.audio?.mimeType], ["video/H264", "audio/opus"]);
  await reader.close();
}

async function credentials({ server, site, browser, media }: Setting): Promise<void> {
  await using _publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: ["h264"],
    transport: "TCP",
    path: "private",
  });
  const tab = await site.open(browser);
  equal((await tab.read("private")).posted.status, 401);
  equal((await tab.read("private", { authorization: "Bearer viewer:wrong" })).posted.status, 401);
  await server.log.waitFor(/WAR .*session \w+\] failed to authenticate: authentication failed/, logTimeoutMs);
  for (const authorization of ["Bearer viewer:s3cret", `Basic ${btoa("viewer:s3cret")}`]) {
    const reader = await tab.read("private", { authorization });
    equal(reader.posted.status, 201);
    await reader.waitForMedia({ frames: 5 });
    await reader.close();
  }
}

/** What a page can tell its user. */
async function refusals({ server, site, browser, media }: Setting): Promise<void> {
  const tab = await site.open(browser);
  const nothing = await tab.read("open/nobody");
  equal(nothing.posted.status, 404);
  match(nothing.posted.body, /no stream is available on path 'open\/nobody'/);
  await using _publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: ["h265"],
    transport: "TCP",
    path: "open/h265",
  });
  const codec = await tab.read("open/h265");
  equal(codec.posted.status, 406);
  match(codec.posted.body, /the stream has H265, the client takes VP8\/90000/);
}

async function iceRestart({ server, site, browser }: Setting): Promise<void> {
  const tab = await site.open(browser);
  const publisher = await tab.publish("open/restart", { video: { mimeType: "video/VP8" }, audio: null });
  await server.published("open/restart");
  const reader = await tab.read("open/restart", { audio: false });
  await reader.waitForMedia({ frames: 10 });
  for (const peer of [reader, publisher]) {
    equal(await peer.restartIce(), { status: 200 });
    await reader.waitForMedia({ frames: 30 });
  }
  await reader.waitForConnection("connected");
  await publisher.close();
}

/** Somebody who takes over: the first publisher is told, readers go. */
async function replaced({ server, site, browser }: Setting): Promise<void> {
  const tab = await site.open(browser);
  const first = await tab.publish("open/taken", { audio: null });
  await server.published("open/taken");
  const second = await tab.publish("open/taken", { audio: null });
  await first.logged(/closed: /);
  await second.logged(/is publishing to path 'open\/taken'/);
  const reader = await tab.read("open/taken");
  await reader.waitForMedia({ frames: 10 });
  await second.waitForConnection("connected");
}

const cases: readonly (readonly [string, (setting: Setting) => Promise<void>])[] = [
  ["publish VP8 and Opus, read back", publishAndRead],
  ["FFmpeg publishes H.264 and Opus by RTSP", rtspToBrowser],
  ["credentials", credentials],
  ["refusals say why", refusals],
  ["ICE restart", iceRestart],
  ["a publisher that takes over", replaced],
];

Deno.test("WebRTC in Chromium", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config });
  await using site = new WebrtcSite(server);
  await withBrowser(async (browser) => {
    const setting = { server, site, browser, media };
    await runCases(t, cases.map(([name, run]): Case => ({ name, run: () => run(setting) })), 2);
  });
});

function hostOf(test: WebrtcTest): WebrtcHost {
  return {
    webrtcUrl: (path) => `http://127.0.0.1:${test.port}/${path}`,
    log: { waitFor: (pattern) => test.line(pattern) },
  };
}

/** Streams that no client of the tests can publish, and offers whose first section gets nothing. */
Deno.test("WebRTC in Chromium: data, and sound alone", async () => {
  await using test = await WebrtcTest.start({ globals: patientWebrtcGlobals });
  const conf = await test.paths.authorize(access("cam"), "publish");
  const medias: readonly RtpMedia[] = [
    { kind: "application", formats: [{ codec: { name: "KLV" }, payloadType: 96, clockRate: 90_000 }] },
    {
      kind: "audio",
      formats: [{ codec: { name: "Opus", channelCount: 2 }, payloadType: 97, clockRate: 48_000 }],
    },
  ];
  const seat = await test.paths.addPublisher(access("cam"), new TestPublisher(), medias, conf);
  const [klv, opus] = seat.stream.tracks;
  const items = [Uint8Array.of(6, 14, 43, 52), new Uint8Array(100_000).fill(7)];
  await using site = new WebrtcSite(hostOf(test));
  await withBrowser(async (browser) => {
    const tab = await site.open(browser);
    const reader = await tab.read("cam", { data: true });
    equal(reader.posted.status, 201);
    await reader.logged(/is reading from path 'cam', 2 tracks \(Opus, KLV\)/);
    for (const [i, item] of items.entries()) {
      seat.stream.write([Unit.fromPayload(klv, i * 3000, Date.now(), [item])], Date.now());
    }
    let pts = 0;
    const timer = setInterval(() => {
      const silence = Uint8Array.of(0xfc, 0xff, 0xfe);
      seat.stream.write([Unit.fromPayload(opus, pts += 960, Date.now(), [silence])], Date.now());
    }, 20);
    try {
      await reader.waitForMedia({ audioPackets: 20 });
      await reader.waitForMessages(items.length);
      equal((await reader.messages()).map(({ length }) => length), items.map(({ length }) => length));
      equal((await reader.messages())[0], items[0]);
      equal((await reader.stats()).video?.packets ?? 0, 0);
      await reader.close();
    } finally {
      clearInterval(timer);
    }
  });
  seat.leave();
  await test.empty();
});

/** As a viewer who is impatient. */
Deno.test("WebRTC in Chromium: pages that are reloaded leave nothing behind", async () => {
  await using test = await WebrtcTest.start({ globals: patientWebrtcGlobals });
  await using site = new WebrtcSite(hostOf(test));
  await withBrowser(async (browser) => {
    const camera = await site.open(browser);
    const publisher = await camera.publish("cam", {
      video: { mimeType: "video/VP8", width: 320, height: 180 },
    });
    await test.line(/is publishing to path 'cam'/);
    const tab = await site.open(browser);
    for (let i = 0; i < reloads; i++) {
      const reader = await tab.read("cam");
      await reader.waitForStats(({ video }) => (video?.frames ?? 0) > 0);
      await tab.page.tab.reload();
      await reader.logged(/closed: peer connection closed/);
    }
    equal(test.server.sessions.map(({ state }) => state), ["publish"]);
    await publisher.close();
    await test.empty();
  });
});

Deno.test("WebRTC in Chromium: over TCP where there is no UDP", async () => {
  await using test = await WebrtcTest.start({
    globals: { ...patientWebrtcGlobals, webrtcLocalUDPAddress: "", webrtcLocalTCPAddress: "127.0.0.1:0" },
  });
  await using site = new WebrtcSite(hostOf(test));
  await withBrowser(async (browser) => {
    const tab = await site.open(browser);
    const publisher = await tab.publish("cam", { video: { mimeType: "video/VP8", width: 320, height: 180 } });
    await test.line(/is publishing to path 'cam'/);
    const reader = await tab.read("cam");
    await reader.waitForMedia({ frames: 20, audioPackets: 30 });
    await reader.logged(/peer connection established, local candidate: host\/tcp\/127\.0\.0\.1\//);
    await publisher.close();
    await test.empty();
  });
});
