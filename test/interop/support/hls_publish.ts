/** Streams for HLS: published, and muxed far enough that a reader need not wait. */
import { parseMediaPlaylist } from "../../protocols/hls/support/media_playlist.ts";
import { HlsClient } from "./hls_client.ts";

/** For tests that hang. */
const readyMs = 120_000;
const lookMs = 200;

/** Resolves when the first media playlist has so many segments. FFmpeg 5.1 knows no gaps: it needs three real ones. */
export async function segmentsListed(url: string, count = 4): Promise<void> {
  const client = new HlsClient({ cookies: true });
  const end = performance.now() + readyMs;
  let last = "";
  while (performance.now() < end) {
    const answer = await client.get(url);
    last = `${answer.status} ${answer.text}`;
    if (answer.status === 200 && answer.text.includes("#EXT-X-STREAM-INF")) {
      const variant = answer.text.split("\n").find((line) => /^[^#\s]/.test(line)) ?? "";
      const media = await client.get(String(new URL(variant, answer.url)));
      last = `${media.status} ${media.text}`;
      const segments = media.status === 200 ? parseMediaPlaylist(media.text).segments : [];
      if (segments.filter(({ gap }) => !gap).length >= count) return;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  throw new Error(`never ${count} segments at ${url}\n${last}`);
}
