/** Every codec that the real clients can publish, over TCP, read by all of them. */
import { type Codec, type CodecKey, codecs } from "./support/codecs.ts";
import { MediaFolder } from "./support/media.ts";
import { type Case, runCases } from "./support/pool.ts";
import { publish, type Publisher, type Reader, readWithAll } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";

const publishers: readonly Publisher[] = ["FFmpeg", "GStreamer"];
const readers: readonly Reader[] = ["FFmpeg", "GStreamer", "ffprobe"];

function canPublish(publisher: Publisher, codec: Codec): boolean {
  return (publisher === "FFmpeg" ? codec.ffmpeg : codec.gstreamer) !== null;
}

Deno.test("codecs over TCP", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start();
  const cases: Case[] = [];
  for (const key of Object.keys(codecs) as CodecKey[]) {
    for (const publisher of publishers) {
      const codec: Codec = codecs[key];
      if (!canPublish(publisher, codec)) continue;
      const path = `${key}-${publisher}`;
      const one = { publisher, codecs: [key], transport: "TCP", path } as const;
      cases.push({
        name: `${codec.name} published by ${publisher}, read by ${readers.join(", ")}`,
        run: async () => {
          await using _publisher = await publish(server, media, one);
          await readWithAll(server, readers, one);
        },
      });
    }
  }
  await runCases(t, cases);
});

Deno.test("FFmpeg starts at a key frame of a stream with B-frames", async () => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { paths: { all_others: { gopCache: "yes" } } } });
  const one = { codecs: ["h264WithBFrames"], transport: "TCP", path: "cached" } as const;
  await using _publisher = await publish(server, media, { ...one, publisher: "GStreamer" });
  // the second start is behind the first key frame in any case
  for (let i = 0; i < 2; i++) await readWithAll(server, ["FFmpeg", "ffprobe"], one);
});
