/** SRT to and from Chromium, which speaks WebRTC. */
import { equal, ok } from "../support/assert.ts";
import { type Browser, withBrowser } from "./support/browser.ts";
import { Client, expectRefusal } from "./support/client.ts";
import type { CodecKey } from "./support/codecs.ts";
import { type Evidence, hasEnough, type TrackKind } from "./support/evidence.ts";
import { ffmpegReadSrt } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { patientWebrtc } from "./support/patience.ts";
import { type Case, runCases } from "./support/pool.ts";
import { publish } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import { type PublishOptions, WebrtcSite, type WebrtcTab } from "./support/webrtc.ts";

/** For tests that hang. */
const limitMs = 120_000;
/**
 * For FFmpeg: SRT itself gives up packets that come too late, and a server that does not answer within three seconds. Its
 * units are µs here, and ms there.
 */
const patientReader = "&latency=3000000&tlpktdrop=0&connect_timeout=60000";

interface Setting {
  readonly server: TestServer;
  readonly media: MediaFolder;
  readonly open: () => Promise<WebrtcTab>;
}

interface FromSrt {
  readonly codecs: readonly CodecKey[];
  /** What the browser gets. */
  readonly mimeTypes: readonly (string | undefined)[];
}

const fromSrt: readonly FromSrt[] = [
  { codecs: ["h264", "opus"], mimeTypes: ["video/H264", "audio/opus"] },
  // Browsers have no AAC.
  { codecs: ["h264", "aac"], mimeTypes: ["video/H264", undefined] },
];

interface ToSrt {
  readonly name: string;
  readonly publish: PublishOptions;
  /** What FFmpeg reads; none: it is refused. */
  readonly kinds: readonly TrackKind[];
  /** In the log. */
  readonly line: RegExp;
}

const toSrt: readonly ToSrt[] = [
  {
    name: "H264 with Opus",
    publish: { video: { mimeType: "video/H264" } },
    kinds: ["video", "audio"],
    line: /\[SRT\] .*is reading from path '\w+', 2 tracks \((H264, Opus|Opus, H264)\)/,
  },
  {
    name: "VP8 with Opus, of which MPEG-TS carries the sound",
    publish: { video: { mimeType: "video/VP8" } },
    kinds: ["audio"],
    line: /\[SRT\] .*skipping track \d \(VP8\)/,
  },
  {
    name: "VP8, which MPEG-TS does not carry",
    publish: { video: { mimeType: "video/VP8" }, audio: null },
    kinds: [],
    line: /\[SRT\] .*closed: the stream doesn't contain any supported codec, which are currently H265, /,
  },
];

async function readInBrowser({ server, media, open }: Setting, one: FromSrt, path: string): Promise<void> {
  await using _publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: one.codecs,
    transport: "SRT",
    path,
  });
  const reader = await (await open()).read(path);
  equal(reader.posted.status, 201);
  const stats = await reader.waitForMedia({
    frames: 30,
    ...one.mimeTypes[1] === undefined ? {} : { audioPackets: 50 },
  });
  equal(stats.video?.mimeType, one.mimeTypes[0]);
  if (one.mimeTypes[1] !== undefined) equal(stats.audio?.mimeType, one.mimeTypes[1]);
  await reader.close();
}

/** A browser on a busy machine leaves frames out, so that there may be gaps between those that came. */
function expectDecoded({ complaints, tracks }: Evidence, kinds: readonly TrackKind[]): void {
  equal(complaints, []);
  equal(tracks.map(({ kind }) => kind).sort(), [...kinds].sort());
  for (const { kind, frames } of tracks) ok(hasEnough(frames), `only ${frames.length} frames of ${kind}`);
}

async function readByFfmpeg({ server, open }: Setting, one: ToSrt, path: string): Promise<void> {
  const publisher = await (await open()).publish(path, one.publish);
  equal(publisher.posted.status, 201);
  await server.published(path);
  const url = server.srtUrl(`read:${path}`, patientReader);
  if (one.kinds.length > 0) expectDecoded(await ffmpegReadSrt(url, 3), one.kinds);
  else {
    const client = new Client("ffmpeg", "ffmpeg", ["-v", "warning", "-i", url, "-f", "null", "-"], {
      timeLimitMs: limitMs,
    });
    await expectRefusal(client, /Peer rejected connection/);
  }
  await server.log.waitFor(one.line, limitMs);
  await publisher.close();
}

Deno.test("SRT: to and from Chromium", async (t) => {
  await using media = new MediaFolder(40);
  await using server = await TestServer.start({ config: { ...patientWebrtc, srt: true, webrtc: true } });
  await using site = new WebrtcSite(server);
  await withBrowser(async (browser: Browser) => {
    const setting: Setting = { server, media, open: () => site.open(browser) };
    const cases: Case[] = [
      ...fromSrt.map((one, i): Case => ({
        name: `${one.codecs.join(" with ")} over SRT, read by Chromium`,
        run: () => readInBrowser(setting, one, `fromsrt${i}`),
      })),
      ...toSrt.map((one, i): Case => ({
        name: `${one.name} by Chromium, read over SRT by FFmpeg`,
        run: () => readByFfmpeg(setting, one, `tosrt${i}`),
      })),
    ];
    await runCases(t, cases, 2);
  });
});
