/** Streams for pages, which take as long as a browser needs: none may end before. */
import { Client } from "./client.ts";

/** For tests that hang. */
const timeLimitMs = 600_000;

/**
 * FFmpeg publishes a file over and over, until it is disposed of. Where it begins again, frames may be missing: not for
 * tests that look for gaps.
 */
export function publishEndlessly(file: string, url: string): Client {
  const input = ["-v", "warning", "-re", "-stream_loop", "-1", "-i", file, "-map", "0", "-c", "copy"];
  const output = ["-strict", "experimental", "-f", "rtsp", "-rtsp_transport", "tcp", url];
  return new Client("ffmpeg publisher", "ffmpeg", [...input, ...output], { timeLimitMs });
}
