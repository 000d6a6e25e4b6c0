/** FFmpeg and ffprobe 5.1 as publisher and readers. */
import { Client } from "./client.ts";
import { udpBufferSize } from "./server.ts";
import type { DecodedFrame, Evidence, TrackEvidence, TrackKind } from "./evidence.ts";
import { ffmpegTransport, isRtmp, type PublishTransport, type ReadTransport } from "./transports.ts";

const publishLimitMs = 300_000;
const readLimitMs = 120_000;
const readSeconds = 3;
/** The recording may end between B-frames: so many at its end prove nothing. */
const reorderedFrames = 4;

/** Of SRT clients in these tests: so long may processes be held up. */
export const srtLatencyMs = 3000;

export type FfmpegReadTransport = Exclude<ReadTransport, "UDP with SRTP">;

/**
 * By default, libsrt gives up after three seconds without an answer, and its senders drop what has not arrived within a
 * second: on a busy machine, both happen. What the URL says itself counts. In milliseconds and microseconds.
 */
export function patientSrt(url: string): string {
  return `${url}&connect_timeout=60000&latency=${1000 * srtLatencyMs}`;
}

/**
 * Publishes a file in real time until it is disposed of or the file ends; `endless`: until it is disposed of. Where the file
 * begins anew there is a seam that may look like a lost frame, unless it has pictures alone, in the order of their
 * presentation.
 */
export function ffmpegPublish(
  file: string,
  url: string,
  transport: PublishTransport,
  options: { readonly timeLimitMs?: number; readonly endless?: boolean } = {},
): Client {
  const { timeLimitMs = publishLimitMs, endless = false } = options;
  const loop = endless ? ["-stream_loop", "-1"] : [];
  const args = [
    "-v",
    "warning",
    ...loop,
    "-re",
    "-i",
    file,
    "-map",
    "0",
    "-c",
    "copy",
    "-strict",
    "experimental",
  ];
  const output = isRtmp(transport)
    ? ["-f", "flv", "-flvflags", "no_duration_filesize", url]
    : transport === "SRT"
    ? ["-f", "mpegts", patientSrt(url)]
    : ["-f", "rtsp", "-rtsp_transport", transport === "UDP" ? "udp" : "tcp", url];
  return new Client("ffmpeg publisher", "ffmpeg", [...args, ...output], { timeLimitMs });
}

function inputArgs(url: string, transport: FfmpegReadTransport): string[] {
  if (transport === "SRT") return ["-i", patientSrt(url)];
  if (isRtmp(transport)) return ["-rtmp_live", "live", "-i", url];
  return ["-rtsp_transport", ffmpegTransport[transport], "-buffer_size", String(udpBufferSize), "-i", url];
}

const listFrames = ["-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framecrc", "-"];

/**
 * Leaves out what has no presentation time. Over RTSP, FFmpeg 5.1 never gives one to the first access unit of H.264:
 * `av_parser_parse2` counts bytes from the position of the first packet, which is -1 in RTP, and `ff_fetch_timestamp`
 * takes the time of the first frame only when counting from 0. Recording begins at a key frame, so that mostly the
 * unit is left out anyhow. When the very first one is a key frame (one join in 25 here, each one with `gopCache: yes`)
 * it is written; if there are B-frames nothing else tells its time either, and Matroska refuses it ("Can't write packet
 * with unknown timestamp"). No server can help it. FFmpeg takes a packet without a time for one at or before 0, the
 * time of the first packet: with this start, the recording begins at the next key frame.
 */
const knownTimesOnly = ["-ss", "0.001"];

export function ffmpegRead(url: string, transport: FfmpegReadTransport): Promise<Evidence> {
  return recordAndDecode(inputArgs(url, transport), isRtmp(transport) ? [] : knownTimesOnly);
}

/** What libsrt says when the answer to its handshake is lost and media comes first: it asks again. */
const lostAnswer = /SRT\.cn: .*(received DATA while HANDSHAKE expected|PACKET NOT HANDSHAKE)/;

/** Over a link that loses packets: as long as it takes to lose some. */
export async function ffmpegReadSrt(url: string, seconds: number): Promise<Evidence> {
  return await recordAndDecode(["-i", url], [], { seconds, harmlessHere: lostAnswer });
}

/** `url` of the multivariant playlist. */
export function ffmpegReadHls(url: string): Promise<Evidence> {
  return recordAndDecode(["-i", url]);
}

/**
 * Records three seconds, then decodes the recording. In two steps because a reader may join between key frames: a
 * recording starts at a key frame, so that every complaint of the decoder is a real one.
 */
async function recordAndDecode(
  input: readonly string[],
  output: readonly string[] = [],
  { seconds = readSeconds, harmlessHere }: { readonly seconds?: number; readonly harmlessHere?: RegExp } = {},
): Promise<Evidence> {
  const folder = await Deno.makeTempDir({ prefix: "interop-read-" });
  try {
    const file = `${folder}/recording.mkv`;
    const record = ["-v", "warning", ...input, "-map", "0", "-c", "copy", ...output];
    await using recorder = new Client("ffmpeg", "ffmpeg", [...record, "-t", String(seconds), file], {
      timeLimitMs: readLimitMs + 1000 * seconds,
    });
    const complaints = (await complaintsOf(recorder)).filter((line) => !harmlessHere?.test(line));
    if (complaints.length > 0) return { tracks: [], complaints };
    const decode = ["-v", "error", "-copyts", "-i", file, "-map", "0", ...listFrames];
    await using decoder = new Client("ffmpeg", "ffmpeg", decode, { timeLimitMs: readLimitMs });
    const { code } = await decoder.ended;
    complaints.push(...decoder.errors.lines);
    if (code !== 0) complaints.push(`the decoder ended with code ${code}`);
    const tracks = parseFrameList(decoder.out.lines);
    // the first sender reports move the tracks against each other; lost packets make lines of their own
    const allowedSteps = tracks.length > 1 ? 1 : 0;
    return {
      tracks: tracks.map(({ kind, frames }) => ({
        kind,
        frames: frames.slice(0, -reorderedFrames),
        allowedSteps,
      })),
      complaints,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Decodes while reading: for VP9, whose key frames FFmpeg 5.1 does not recognise in RTP, so that it never starts
 * to record. Its own decoder does not recover from a start between key frames either, libvpx does. What the decoder
 * says about its first frames is no complaint.
 */
export async function ffmpegDecodeVp9(url: string, transport: FfmpegReadTransport): Promise<Evidence> {
  const input = ["-v", "warning", "-c:v", "libvpx-vp9", ...inputArgs(url, transport), "-map", "0"];
  // by count: times jump when the first sender report arrives
  const limit = ["-max_error_rate", "1", "-frames:v", String(readSeconds * 25)];
  await using client = new Client("ffmpeg", "ffmpeg", [...input, ...limit, ...listFrames], {
    timeLimitMs: readLimitMs,
  });
  const complaints = (await complaintsOf(client)).filter((line) =>
    !/^Error while decoding stream/.test(line)
  );
  return { tracks: parseFrameList(client.out.lines), complaints };
}

async function complaintsOf(client: Client): Promise<string[]> {
  const { code, timedOut } = await client.ended;
  const complaints = client.errors.lines.filter(isReadComplaint);
  if (timedOut) complaints.push(`${client.name} took longer than ${readLimitMs} ms`);
  else if (code !== 0) complaints.push(`${client.name} ended with code ${code}`);
  return complaints;
}

/** Warnings that are no trouble: FFmpeg probes between key frames and guesses decoding times. */
const harmless = [
  /^\[(h264|hevc|vp8|vp9|libvpx-vp9|aac|opus|mp3|mp3float|ac3|pcm_\w+) @ /,
  /^\s*Last message repeated/,
  /Non-monotonous DTS/,
  /Timestamps are unset/,
  /Keyframe missing/,
  /still experimental/,
  /Guessed Channel Layout/,
  /Estimating duration from bitrate/,
  // FLV says 16 bits of G.711, FFmpeg's own too
  /requested bits_per_coded_sample \(16\)/,
  // HLS: it takes the init segment in front of each segment for another file
  /Found duplicated MOOV Atom/,
  /^\s*$/,
];

export function isReadComplaint(line: string): boolean {
  return !harmless.some((pattern) => pattern.test(line));
}

/** The output of FFmpeg's `framecrc`: header lines `#tb`, `#media_type`, then `stream, dts, pts, duration, size, crc`. */
export function parseFrameList(lines: readonly string[]): TrackEvidence[] {
  const timeBases = new Map<number, number>();
  const tracks = new Map<number, { kind: TrackKind; frames: DecodedFrame[] }>();
  for (const line of lines) {
    const header = line.match(/^#(tb|media_type) (\d+): (.*)$/);
    if (header !== null) {
      const stream = Number(header[2]);
      if (header[1] === "media_type" && (header[3] === "video" || header[3] === "audio")) {
        tracks.set(stream, { kind: header[3], frames: [] });
      } else if (header[1] === "tb") {
        const [numerator, denominator] = header[3].split("/").map(Number);
        timeBases.set(stream, numerator / denominator);
      }
    } else if (!line.startsWith("#") && line.includes(",")) {
      const [stream, , pts, duration] = line.split(",").map(Number);
      const tick = 1000 * (timeBases.get(stream) ?? NaN);
      tracks.get(stream)?.frames.push({ at: pts * tick, duration: duration * tick });
    }
  }
  return [...tracks.values()];
}

export interface Probe {
  readonly codecs: readonly string[];
  /** Fewest packets of any stream within the two seconds that were read. */
  readonly packets: number;
  readonly complaints: readonly string[];
}

export async function ffprobeRead(url: string, transport: FfmpegReadTransport): Promise<Probe> {
  const args = [
    "-v",
    "warning",
    ...inputArgs(url, transport),
    "-read_intervals",
    "%+2",
    "-count_packets",
  ];
  const show = ["-show_entries", "stream=codec_name,nb_read_packets", "-of", "json"];
  await using client = new Client("ffprobe", "ffprobe", [...args, ...show], { timeLimitMs: readLimitMs });
  const complaints = await complaintsOf(client);
  if (complaints.length > 0) return { codecs: [], packets: 0, complaints };
  const { streams } = JSON.parse(client.out.lines.join("\n")) as {
    streams: { codec_name: string; nb_read_packets: string }[];
  };
  return {
    codecs: streams.map((stream) => stream.codec_name),
    packets: Math.min(...streams.map((stream) => Number(stream.nb_read_packets))),
    complaints,
  };
}
