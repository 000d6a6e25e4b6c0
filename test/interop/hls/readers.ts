/** What FFmpeg makes of every variant: each codec that a client here can publish, decoded without a complaint. */
import { type Codec, type CodecKey, codecs } from "../support/codecs.ts";
import { type Evidence, expectComplete, type TrackEvidence } from "../support/evidence.ts";
import { ffmpegReadHls } from "../support/ffmpeg.ts";
import { segmentsListed } from "../support/hls_publish.ts";
import type { MediaFolder } from "../support/media.ts";
import type { Case } from "../support/pool.ts";
import { publish, type Publisher } from "../support/scenario.ts";
import type { TestServer } from "../support/server.ts";

export type Variant = "lowLatency" | "fmp4" | "mpegts";
export const variants: readonly Variant[] = ["lowLatency", "fmp4", "mpegts"];

interface Stream {
  readonly publisher: Publisher;
  readonly transport: "TCP" | "RTMP";
  readonly codecs: readonly CodecKey[];
  readonly variants: readonly Variant[];
}

const fragmented: readonly Variant[] = ["lowLatency", "fmp4"];

/** MPEG-TS segments carry H.264 and AAC only. AV1 is missing: see `codecs.ts`. */
const streams: readonly Stream[] = [
  { publisher: "FFmpeg", transport: "TCP", codecs: ["h264WithBFrames", "aac"], variants },
  { publisher: "FFmpeg", transport: "RTMP", codecs: ["h264WithBFrames", "aac"], variants },
  { publisher: "GStreamer", transport: "TCP", codecs: ["h264", "aac"], variants: ["lowLatency", "mpegts"] },
  { publisher: "GStreamer", transport: "RTMP", codecs: ["h264WithBFrames"], variants: ["lowLatency"] },
  { publisher: "FFmpeg", transport: "TCP", codecs: ["h265", "aac"], variants: ["lowLatency"] },
  { publisher: "FFmpeg", transport: "TCP", codecs: ["h265", "opus"], variants: fragmented },
  { publisher: "FFmpeg", transport: "TCP", codecs: ["vp9", "opus"], variants: fragmented },
  { publisher: "FFmpeg", transport: "TCP", codecs: ["h264", "aac", "opus"], variants: fragmented },
  { publisher: "FFmpeg", transport: "TCP", codecs: ["opus"], variants: ["lowLatency"] },
  { publisher: "FFmpeg", transport: "TCP", codecs: ["aac"], variants },
];

function title({ publisher, transport, codecs: keys }: Stream, variant: Variant): string {
  const names = keys.map((key) => codecs[key].name).join(" with ");
  return `${names} by ${publisher} over ${transport === "TCP" ? "RTSP" : "RTMP"}, read as ${variant}`;
}

/** One case for each stream and variant. The servers have `hlsAlwaysRemux`. */
export function readerCases(servers: Readonly<Record<Variant, TestServer>>, media: MediaFolder): Case[] {
  return streams.flatMap((stream, index) =>
    stream.variants.map((variant): Case => ({
      name: title(stream, variant),
      run: () => run(servers[variant], media, stream, `read/er${index}`),
    }))
  );
}

async function run(server: TestServer, media: MediaFolder, stream: Stream, path: string): Promise<void> {
  await using _publisher = await publish(server, media, { ...stream, path });
  const url = server.hlsUrl(`${path}/index.m3u8`);
  await segmentsListed(url);
  expectTracks(await ffmpegReadHls(url), stream.codecs.map((key) => codecs[key]));
}

function expectTracks(evidence: Evidence, wanted: readonly Codec[]): void {
  const kinds = wanted.map(({ kind }) => kind);
  // segments of all tracks share one time line: nothing has to be moved
  const tracks = evidence.tracks.map((track): TrackEvidence => ({ ...track, allowedSteps: 0 }));
  const { complaints } = evidence;
  if (complaints.length === 0 && tracks.length !== kinds.length) {
    throw new Error(`${tracks.length} tracks instead of ${kinds.length}`);
  }
  for (const track of tracks) expectComplete({ tracks: [track], complaints }, [track.kind]);
  expectComplete({ tracks, complaints }, kinds);
  for (const { kind, frames } of tracks) {
    const late = frames.findIndex(({ at }, i) => i > 0 && at <= frames[i - 1].at);
    if (late !== -1) throw new Error(`${kind}: frame ${late} comes out at ${frames[late].at}, too late`);
  }
}
