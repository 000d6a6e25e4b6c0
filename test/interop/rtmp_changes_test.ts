/** RTMP publishers that become others in the middle of a stream. */
import type { MediaMessage } from "../../src/protocols/rtmp/engine/link.ts";
import { TestClient } from "../protocols/rtmp/support/client.ts";
import { equal, match, ok } from "../support/assert.ts";
import { Client } from "./support/client.ts";
import { type EnhancedCodec, enhancedCodecs, messagesOf, RtmpFeed } from "./support/enhanced.ts";
import { parseFrameList } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { packetsOf } from "./support/packets.ts";
import { TestServer } from "./support/server.ts";

const partSeconds = 3;
const framesPerPart = 25 * partSeconds;
const timeLimitMs = 60_000;
const isFrame = ({ kind, body }: MediaMessage) => kind !== "data" && (body[0] & 0x0f) === 1;

/** The messages of some seconds of each, one after the other. */
async function sequence(media: MediaFolder, parts: readonly EnhancedCodec[]): Promise<MediaMessage[]> {
  const lists = await Promise.all(parts.map(async (codec) => {
    const file = await media.encoded(codec.name, codec.kind, codec.encoding);
    const { extradata, packets } = await packetsOf(file, partSeconds + 1);
    return messagesOf(codec, { extradata, packets: packets.slice(0, framesPerPart) });
  }));
  return lists.flatMap((list, i) =>
    list.filter(({ kind }) => i === 0 || kind !== "data")
      .map((message) => ({ ...message, timestamp: message.timestamp + 1000 * partSeconds * i }))
  );
}

const large: EnhancedCodec = {
  ...enhancedCodecs.h264,
  name: "large",
  encoding: {
    encode: `-s 640x480 ${enhancedCodecs.h264.encoding.encode}`,
    suffix: "mp4",
  },
};

/** Resolves when the path has had so many readers; all of them get the key frame that is cached. */
async function readersOf(server: TestServer, path: string, count: number): Promise<void> {
  const joined = new RegExp(`is reading from path '${path}'`);
  for (let from = 0; count > 0; count--) {
    await server.log.waitFor(joined, timeLimitMs, from);
    from = server.log.lines.findIndex((line, i) => i >= from && joined.test(line)) + 1;
  }
}

Deno.test("RTMP: another resolution in the middle reaches readers with its parameters", async () => {
  await using media = new MediaFolder();
  // the publisher waits for its readers, which may be slow to start
  await using server = await TestServer.start({ config: { rtmp: true, readTimeout: `${timeLimitMs}ms` } });
  const messages = await sequence(media, [enhancedCodecs.h264, large]);
  const go = Promise.withResolvers<void>();
  await using _feed = await RtmpFeed.start(server.ports.rtmp, "live/grows", messages, go.promise);
  await server.published("live/grows");
  await using own = await TestClient.connect(server.ports.rtmp, "play", "live/grows");
  const args = ["-v", "error", "-rtmp_live", "live", "-i", server.rtmpUrl("live/grows"), "-an"];
  const count = 2 * framesPerPart - 10;
  await using ffmpeg = new Client("ffmpeg", "ffmpeg", [
    ...[...args, "-frames:v", String(count)],
    ...["-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framecrc", "-"],
  ], { timeLimitMs });

  await own.ready();
  await readersOf(server, "live/grows", 2);
  go.resolve();
  const wanted = messages.filter(isFrame).map(({ body }) => body.subarray(8));
  const headers = messages.filter((one) => one.kind === "video" && !isFrame(one)).map(({ body }) =>
    body.subarray(5)
  );
  let frames = 0;
  let parameters = 0;
  while (frames < wanted.length) {
    const action = await own.next();
    if (action === null || action.kind === "end") throw new Error(`ended after ${frames} frames`);
    if (action.kind !== "video") continue;
    const data = action.body.subarray(5);
    if (action.body[1] === 0) {
      // The record may say more of a High profile than the original: the sets in it count.
      equal(data.subarray(0, 4), headers[parameters++].subarray(0, 4));
      equal(frames, framesPerPart * (parameters - 1));
    } else equal(data, wanted[frames++]);
  }
  equal(parameters, 2);

  const { code, timedOut } = await ffmpeg.ended;
  ok(!timedOut && code === 0, ffmpeg.tail());
  equal(ffmpeg.errors.lines, []);
  equal(parseFrameList(ffmpeg.out.lines)[0].frames.length, count);
});

Deno.test("RTMP: another codec in the middle ends the stream, and its readers are told", async () => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { rtmp: true } });
  for (const [from, to] of [["h264", "h265"], ["aac", "opus"], ["aac", "lower"]] as const) {
    const lower: EnhancedCodec = {
      ...enhancedCodecs.aac,
      name: "lower",
      encoding: { encode: "-ar 44100 -c:a aac", suffix: "mp4" },
    };
    const second = to === "lower" ? lower : enhancedCodecs[to];
    const path = `live/${from}-${to}`;
    const messages = await sequence(media, [enhancedCodecs[from], second]);
    const first = messages.slice(0, messages.findIndex(({ timestamp }) => timestamp >= 1000 * partSeconds));
    const shown = first.map((message) => ({ ...message, timestamp: message.timestamp / 10 }));
    await using publisher = await TestClient.connect(server.ports.rtmp, "publish", path);
    await publisher.ready();
    await publisher.send(...shown);
    await server.published(path);
    await using reader = await TestClient.connect(server.ports.rtmp, "play", path);
    await reader.ready();
    const lines = server.log.lines.length;
    await publisher.send(...messages.slice(first.length)).catch(() => {});
    let last = await reader.next();
    while (last !== null && last.kind !== "end") last = await reader.next();
    match(last?.reason ?? "closed without a word", /NetStream\.Play\.UnpublishNotify/);
    await server.log.waitFor(/closed: .* track 0 changes .*: publish anew/, timeLimitMs, lines);
  }
});
