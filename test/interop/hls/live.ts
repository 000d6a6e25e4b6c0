/** A minute of live playlists of all variants and renditions, every version judged by the rules of RFC 8216bis. */
import { ffmpegPublish } from "../support/ffmpeg.ts";
import { decodeMpegts, probeMpegts } from "../support/ffmpeg_pipe.ts";
import { HlsClient } from "../support/hls_client.ts";
import { LiveFollower } from "../support/hls_live.ts";
import type { MediaFolder } from "../support/media.ts";
import type { Case } from "../support/pool.ts";
import { together } from "../support/scenario.ts";
import type { TestServer } from "../support/server.ts";
import { type Variant, variants } from "./readers.ts";
import { concat } from "../../../src/base/bytes.ts";

const runSeconds = 60;
/** What the media has to last: the start takes a while, more so on a busy machine. */
export const liveMediaSeconds = runSeconds + 60;
const publishLimitMs = 1000 * (liveMediaSeconds + 20);
const frameRate = 25;
const frameTicks = 90000 / frameRate;
const path = "live/minute";

/** Samples each second, of the tracks in order. */
const rates: Readonly<Record<"video" | "aac" | "opus", number>> = {
  video: frameRate,
  aac: 48000 / 1024,
  opus: 50,
};
/**
 * So much of it has to be judged, by each of the rules. That nothing is missing between the first sample and the last is
 * one of them; how much comes within a minute depends on what the processor has to spare.
 */
const judgedSeconds = 20;

/** One case; the servers are used by others at the same time. */
export function liveCase(servers: Readonly<Record<Variant, TestServer>>, media: MediaFolder): Case {
  return {
    name: `${runSeconds} seconds of every variant obey RFC 8216bis`,
    run: () =>
      together(
        variants.map((variant) => ({ name: variant, run: () => run(variant, servers[variant], media) })),
      ),
  };
}

async function run(variant: Variant, server: TestServer, media: MediaFolder): Promise<void> {
  const file = await media.file(["h264WithBFrames", "aac", "opus"]);
  await using _publisher = ffmpegPublish(file, server.rtspUrl(path), "TCP", { timeLimitMs: publishLimitMs });
  await server.published(path);
  const client = new HlsClient({ cookies: false });
  const { media: playlists, attributes } = await client.multivariant(server.hlsUrl(`${path}/index.m3u8`));
  expectAttributes(variant, attributes);
  const expected = variant === "mpegts" ? 1 : 3;
  if (playlists.length !== expected) throw new Error(`${playlists.length} media playlists, not ${expected}`);
  const end = performance.now() + 1000 * runSeconds;
  await together(playlists.map((url, i) => ({
    name: url,
    run: () =>
      variant === "mpegts" ? followTransportStream(client, url, end) : follow(variant, client, url, i, end),
  })));
}

function expectAttributes(variant: Variant, attributes: ReadonlyMap<string, string>): void {
  const codecs = attributes.get("CODECS") ?? "";
  const wanted = variant === "mpegts"
    ? /^avc1\.[0-9a-f]{6},mp4a\.40\.2$/
    : /^avc1\.[0-9a-f]{6},mp4a\.40\.2,opus$/;
  if (!wanted.test(codecs)) throw new Error(`CODECS is ${codecs}`);
  if (attributes.get("RESOLUTION") !== "320x240") {
    throw new Error(`RESOLUTION is ${attributes.get("RESOLUTION")}`);
  }
  if (attributes.get("FRAME-RATE") !== "25.000") {
    throw new Error(`FRAME-RATE is ${attributes.get("FRAME-RATE")}`);
  }
  const [peak, average] = ["BANDWIDTH", "AVERAGE-BANDWIDTH"].map((name) => Number(attributes.get(name)));
  if (!(average > 10_000 && peak >= average)) throw new Error(`BANDWIDTH ${peak}, average ${average}`);
}

async function follow(
  variant: Variant,
  client: HlsClient,
  url: string,
  index: number,
  end: number,
): Promise<void> {
  const lowLatency = variant === "lowLatency";
  const video = index === 0;
  const follower = new LiveFollower({
    client,
    url,
    video,
    lowLatency,
    mediaType: video ? "video/mp4" : "audio/mp4",
  });
  await follower.follow(end);
  report(variant, url, follower);
  expectNoProblems(follower);
  const rate = [rates.video, rates.aac, rates.opus][index];
  const fewest = judgedSeconds * rate;
  if (follower.samples < fewest) throw new Error(`only ${follower.samples} samples of ${fewest}`);
  if (!lowLatency) return;
  // parts come five times a second; when machines are busy, several at once
  if (follower.playlists < 2 * judgedSeconds) throw new Error(`only ${follower.playlists} playlists`);
  if (follower.deltas < judgedSeconds || follower.hints < 2 * judgedSeconds) {
    throw new Error(`only ${follower.deltas} delta updates, ${follower.hints} hints`);
  }
}

/** The validator knows fMP4 only: FFmpeg judges the media of the other. */
async function followTransportStream(client: HlsClient, url: string, end: number): Promise<void> {
  const options = { client, url, video: true, lowLatency: false, mediaType: "video/mp2t" };
  const follower = new LiveFollower(options, true);
  await follower.follow(end);
  report("mpegts", url, follower);
  expectNoProblems(follower);
  const stream = concat(follower.segments);
  const [{ packets, codecs, messages }, decoded] = await Promise.all([
    probeMpegts(stream),
    decodeMpegts(stream),
  ]);
  if (messages + decoded.messages !== "") throw new Error(messages + decoded.messages);
  if (codecs.join() !== "h264,aac") throw new Error(`codecs are ${codecs}`);
  const times = packets.filter((packet) => packet.stream === 0).map(({ dts }) => dts ?? NaN);
  const hole = times.findIndex((dts, i) => i > 0 && Math.abs(dts - times[i - 1] - frameTicks) > 90);
  if (hole !== -1) throw new Error(`frame ${hole} is decoded at ${times[hole]} after ${times[hole - 1]}`);
  const frames = decoded.frames.filter((line) => line.startsWith("0,")).length;
  if (frames !== times.length || frames < judgedSeconds * frameRate) {
    throw new Error(`${times.length} frames of video, ${frames} decoded`);
  }
}

function expectNoProblems(follower: LiveFollower): void {
  if (follower.problems.length > 0) throw new Error(follower.problems.join("\n"));
  if (!follower.rangesTried) throw new Error("no range was asked for");
  if (follower.discontinuities > 0) throw new Error(`${follower.discontinuities} discontinuities`);
}

function report(
  variant: Variant,
  url: string,
  { playlists, samples, deltas, skipped, ages, timesLate }: LiveFollower,
): void {
  const sorted = ages.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]);
  const name = new URL(url).pathname.split("/").at(-1);
  const blocking = sorted.length === 0
    ? ""
    : `, ${deltas} delta updates (${skipped} segments), behind the live edge: median ${at(0.5)} ms, ` +
      `99 % ${at(0.99)} ms, worst ${at(1)} ms`;
  const late = timesLate === 0 ? "" : `, opened anew ${timesLate} times`;
  console.log(`${variant} ${name}: ${playlists} versions, ${samples} samples${blocking}${late}`);
}
