/** SRT between the real clients, and to and from the other protocols. */
import { ok } from "../support/assert.ts";
import { Client, expectRefusal } from "./support/client.ts";
import { type CodecKey, codecs } from "./support/codecs.ts";
import { expectComplete } from "./support/evidence.ts";
import { ffmpegPublish, ffmpegRead, ffmpegReadHls, ffmpegReadSrt } from "./support/ffmpeg.ts";
import { segmentsListed } from "./support/hls_publish.ts";
import { LossyRelay } from "./support/lossy_relay.ts";
import { MediaFolder } from "./support/media.ts";
import { type Case, runCases } from "./support/pool.ts";
import { freeUdpPair } from "./support/ports.ts";
import { publish, type Publisher, read, type Reader, together } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import type { PublishTransport, ReadTransport } from "./support/transports.ts";

interface Combination {
  readonly publisher: Publisher;
  readonly publishTransport: PublishTransport;
  readonly codecs: readonly CodecKey[];
  readonly reads: readonly (readonly [ReadTransport, ...Reader[]])[];
}

const srtReaders = [["SRT", "FFmpeg", "GStreamer", "ffprobe"]] as const;
const everyone = [...srtReaders, ["TCP", "FFmpeg"], ["RTMP", "FFmpeg"]] as const;
const plain: readonly CodecKey[] = ["h264", "aac"];

const combinations: readonly Combination[] = [
  { publisher: "FFmpeg", publishTransport: "SRT", codecs: plain, reads: everyone },
  { publisher: "GStreamer", publishTransport: "SRT", codecs: ["h264"], reads: everyone },
  { publisher: "FFmpeg", publishTransport: "TCP", codecs: plain, reads: srtReaders },
  { publisher: "FFmpeg", publishTransport: "RTMP", codecs: plain, reads: srtReaders },
  {
    publisher: "FFmpeg",
    publishTransport: "SRT",
    codecs: ["h264WithBFrames", "aac"],
    reads: [["SRT", "FFmpeg", "ffprobe"]],
  },
  {
    publisher: "FFmpeg",
    publishTransport: "SRT",
    codecs: ["h265"],
    reads: [["SRT", "FFmpeg", "ffprobe"], ["TCP", "FFmpeg"]],
  },
  { publisher: "FFmpeg", publishTransport: "SRT", codecs: ["mp3"], reads: [["SRT", "FFmpeg", "ffprobe"]] },
];

function title({ publisher, publishTransport, codecs: keys, reads }: Combination): string {
  const names = keys.map((key) => codecs[key].name).join(" with ");
  const readers = reads.map(([transport, ...who]) => `${transport} by ${who.join(", ")}`);
  return `${names} by ${publisher} over ${publishTransport}, read over ${readers.join(" and ")}`;
}

async function run(server: TestServer, media: MediaFolder, one: Combination, path: string): Promise<void> {
  const { publisher, publishTransport, codecs: keys, reads } = one;
  await using _publisher = await publish(server, media, {
    publisher,
    codecs: keys,
    transport: publishTransport,
    path,
  });
  await together(reads.flatMap(([transport, ...readers]) =>
    readers.map((reader) => ({
      name: `${reader} over ${transport}`,
      run: () => read(server, { reader, codecs: keys, transport, path }),
    }))
  ));
}

Deno.test("SRT: codecs and protocols", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { srt: true, rtmp: true } });
  const cases = combinations.map((one, index): Case => ({
    name: title(one),
    run: () => run(server, media, one, `live/srt${index}`),
  }));
  await runCases(t, cases, 2);
});

Deno.test("SRT: what is published is read over HLS", async () => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({
    config: { srt: true, hls: true, hlsAlwaysRemux: true, hlsSegmentCount: 12 },
  });
  await using _publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: plain,
    transport: "SRT",
    path: "a",
  });
  const url = server.hlsUrl("a/index.m3u8");
  await segmentsListed(url);
  expectComplete(await ffmpegReadHls(url), ["video", "audio"]);
});

const secrets = { publish: "publish-secret", read: "reading-secret" };
const locked = {
  srt: true,
  paths: {
    locked: { srtPublishPassphrase: secrets.publish, srtReadPassphrase: secrets.read },
    all_others: null,
  },
};

Deno.test("SRT: passphrases and lengths of keys", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: locked });
  const file = await media.file(plain);
  for (const length of [16, 24, 32]) {
    await t.step(`${8 * length} bits`, async () => {
      const before = server.log.lines.length;
      const parameters = (secret: string) => `&passphrase=${secret}&pbkeylen=${length}`;
      const url = server.srtUrl("publish:locked", parameters(secrets.publish));
      await using _publisher = ffmpegPublish(file, url, "SRT");
      while (!server.log.lines.slice(before).some((line) => /is publishing/.test(line))) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const read = server.srtUrl("read:locked", parameters(secrets.read));
      expectComplete(await ffmpegRead(read, "SRT"), ["video", "audio"]);
    });
  }
  await t.step("refusals", async () => {
    const attempts: readonly (readonly [string, RegExp])[] = [
      [server.srtUrl("publish:locked", `&passphrase=${secrets.read}`), /Incorrect passphrase/],
      [server.srtUrl("publish:locked"), /Password required or unexpected/],
      [server.srtUrl("publish:open", `&passphrase=${secrets.read}`), /Incorrect passphrase/],
      [server.srtUrl("watch:open"), /Peer rejected connection/],
      [server.srtUrl("read:nothing"), /Peer rejected connection/],
    ];
    for (const [url, words] of attempts) {
      const direction = /streamid=read/.test(url)
        ? ["-i", url, "-f", "null", "-"]
        : ["-i", file, "-c", "copy", "-f", "mpegts", url];
      await expectRefusal(
        new Client("ffmpeg", "ffmpeg", ["-v", "warning", ...direction], { timeLimitMs: 30_000 }),
        words,
      );
    }
  });
});

Deno.test("SRT: the standard form of stream ids, and srt-live-transmit", async () => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { srt: true } });
  const bare = `srt://127.0.0.1:${server.ports.srt}`;
  const args = ["-v", "warning", "-re", "-i", await media.file(plain), "-c", "copy", "-f", "mpegts"];
  await using _publisher = new Client("ffmpeg", "ffmpeg", [
    ...args,
    "-srt_streamid",
    "#!::m=publish,r=a",
    bare,
  ], {
    timeLimitMs: 60_000,
  });
  await server.published("a");
  const folder = await Deno.makeTempDir({ prefix: "interop-srt-" });
  try {
    const file = `${folder}/out.ts`;
    const transmitted = await new Deno.Command("srt-live-transmit", {
      args: ["-to:6", "-a:no", `${bare}?streamid=read:a&transtype=live`, "file://con"],
      stderr: "null",
    }).output();
    await Deno.writeFile(file, transmitted.stdout);
    const { stdout } = await new Deno.Command("ffprobe", {
      args: ["-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", file],
    }).output();
    const text = new TextDecoder().decode(stdout);
    ok(/h264[^]*aac|aac[^]*h264/.test(text), text);
    for (const [, count] of text.matchAll(/nb_read_packets=(\d+)/g)) ok(Number(count) > 50, text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Seconds of media through each lossy link; 60 by hand. */
const lossySeconds = Number(Deno.env.get("SRT_LOSSY_SECONDS") ?? 10);

Deno.test("SRT: losses of 5 % on each way are repaired", async () => {
  await using media = new MediaFolder(lossySeconds + 30);
  await using server = await TestServer.start({ config: { srt: true } });
  const file = await media.file(plain);
  await together([50, 200, 400].map((roundTripMs) => ({
    name: `round trip of ${roundTripMs} ms`,
    run: async () => {
      await using relay = new LossyRelay(server.ports.srt, { roundTripMs, loss: 0.05, seed: roundTripMs });
      // FFmpeg counts the latency in microseconds.
      const url = (streamId: string) =>
        `srt://127.0.0.1:${relay.port}?streamid=${streamId}&pkt_size=1316&latency=${4000 * roundTripMs}`;
      await using _publisher = ffmpegPublish(file, url(`publish:rtt${roundTripMs}`), "SRT");
      await server.published(`rtt${roundTripMs}`);
      const evidence = await ffmpegReadSrt(url(`read:rtt${roundTripMs}`), lossySeconds);
      expectComplete(evidence, ["video", "audio"]);
      ok(relay.lost > 20, `only ${relay.lost} packets were lost`);
    },
  })));
});

Deno.test("SRT: clients that are killed are gone after the time-out", async () => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { srt: true, readTimeout: "2s" } });
  await using publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: plain,
    transport: "SRT",
    path: "a",
  });
  const args = ["-v", "error", "-i", server.srtUrl("read:a"), "-f", "null", "-"];
  await using reader = new Client("ffmpeg", "ffmpeg", args, { timeLimitMs: 60_000 });
  await server.log.waitFor(/is reading from path 'a'/, 60_000);
  reader.signal("SIGKILL");
  await server.log.waitFor(/closed: read timed out/, 60_000);
  publisher.signal("SIGKILL");
  const isTimeout = (line: string) => /\[SRT\] .* closed: read timed out/.test(line);
  while (server.log.lines.filter(isTimeout).length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

Deno.test("SRT: a source is pulled from a listener, and again when that comes back", async () => {
  await using media = new MediaFolder();
  const port = freeUdpPair();
  await using server = await TestServer.start({
    config: { paths: { pulled: { source: `srt://127.0.0.1:${port}?latency=200&passphrase=0123456789` } } },
    expectedErrors: /SRT source/,
  });
  const file = await media.file(plain);
  const listen = () =>
    ffmpegPublish(file, `srt://127.0.0.1:${port}?mode=listener&passphrase=0123456789&pkt_size=1316`, "SRT");
  const online = () => server.log.lines.filter((line) => /stream is available and online/.test(line)).length;
  for (const times of [1, 2]) {
    await using _listener = listen();
    while (online() < times) await new Promise((resolve) => setTimeout(resolve, 50));
    expectComplete(await ffmpegRead(server.rtspUrl("pulled"), "TCP"), ["video", "audio"]);
  }
});
