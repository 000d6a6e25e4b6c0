/** SRT between the real clients, and to and from the other protocols. */
import { concat } from "../../src/base/bytes.ts";
import { ok } from "../support/assert.ts";
import { eventually } from "./support/api.ts";
import { Client, expectRefusal } from "./support/client.ts";
import { type CodecKey, codecs } from "./support/codecs.ts";
import { expectComplete } from "./support/evidence.ts";
import { ffmpegPublish, ffmpegRead, ffmpegReadHls, patientSrt, srtLatencyMs } from "./support/ffmpeg.ts";
import { segmentsListed } from "./support/hls_publish.ts";
import { MediaFolder } from "./support/media.ts";
import { type Case, runCases } from "./support/pool.ts";
import { freeUdpPair } from "../support/ports.ts";
import { within } from "./support/raw_rtsp.ts";
import { publish, type Publisher, read, type Reader, together } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import type { PublishTransport, ReadTransport } from "./support/transports.ts";

interface Combination {
  readonly publisher: Publisher;
  readonly publishTransport: PublishTransport;
  readonly codecs: readonly CodecKey[];
  readonly reads: readonly (readonly ["HLS"] | readonly [ReadTransport, ...Reader[]])[];
}

const srtReaders = [["SRT", "FFmpeg", "GStreamer", "ffprobe"]] as const;
const everyone = [...srtReaders, ["TCP", "FFmpeg"], ["RTMP", "FFmpeg"]] as const;
const plain: readonly CodecKey[] = ["h264", "aac"];

/** Chromium has its own table, in `srt_browser_test.ts`. */
const combinations: readonly Combination[] = [
  { publisher: "FFmpeg", publishTransport: "SRT", codecs: plain, reads: [...everyone, ["HLS"]] },
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
    codecs: ["h265", "opus"],
    reads: [["SRT", "FFmpeg", "ffprobe"], ["TCP", "FFmpeg"], ["HLS"]],
  },
  {
    publisher: "FFmpeg",
    publishTransport: "TCP",
    codecs: ["h265", "opus"],
    reads: [["SRT", "FFmpeg", "ffprobe"]],
  },
  { publisher: "FFmpeg", publishTransport: "SRT", codecs: ["mp3"], reads: [["SRT", "FFmpeg", "ffprobe"]] },
];

function title({ publisher, publishTransport, codecs: keys, reads }: Combination): string {
  const names = keys.map((key) => codecs[key].name).join(" with ");
  const readers = reads.map(([transport, ...who]) => `${transport} by ${who.join(", ") || "FFmpeg"}`);
  return `${names} by ${publisher} over ${publishTransport}, read over ${readers.join(" and ")}`;
}

async function readHls(server: TestServer, path: string, keys: readonly CodecKey[]): Promise<void> {
  const url = server.hlsUrl(`${path}/index.m3u8`);
  await segmentsListed(url);
  expectComplete(await ffmpegReadHls(url), keys.map((key) => codecs[key].kind));
}

async function run(server: TestServer, media: MediaFolder, one: Combination, path: string): Promise<void> {
  const { publisher, publishTransport, codecs: keys, reads } = one;
  await using _publisher = await publish(server, media, {
    publisher,
    codecs: keys,
    transport: publishTransport,
    path,
  });
  await together(
    reads.flatMap(([transport, ...readers]) =>
      transport === "HLS"
        ? [{ name: "FFmpeg over HLS", run: () => readHls(server, path, keys) }]
        : readers.map((reader) => ({
          name: `${reader} over ${transport}`,
          run: () => read(server, { reader, codecs: keys, transport, path }),
        }))
    ),
  );
}

Deno.test("SRT: codecs and protocols", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({
    config: { srt: true, rtmp: true, hls: true, hlsSegmentCount: 12 },
  });
  const cases = combinations.map((one, index): Case => ({
    name: title(one),
    run: () => run(server, media, one, `live/srt${index}`),
  }));
  await runCases(t, cases, 3);
});

const waitMs = 60_000;
const secrets = { publish: "publish-secret", read: "reading-secret" };
const locks = { srtPublishPassphrase: secrets.publish, srtReadPassphrase: secrets.read };
const locked = {
  srt: true,
  paths: { locked: locks, locked16: locks, locked24: locks, locked32: locks, all_others: null },
};

Deno.test("SRT: passphrases and lengths of keys", async (t) => {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: locked });
  const file = await media.file(plain);
  const cases = [16, 24, 32].map((length): Case => ({
    name: `${8 * length} bits`,
    run: async () => {
      const path = `locked${length}`;
      const parameters = (secret: string) => `&passphrase=${secret}&pbkeylen=${length}`;
      const url = server.srtUrl(`publish:${path}`, parameters(secrets.publish));
      await using _publisher = ffmpegPublish(file, url, "SRT");
      await server.published(path);
      expectComplete(await ffmpegRead(server.srtUrl(`read:${path}`, parameters(secrets.read)), "SRT"), [
        "video",
        "audio",
      ]);
    },
  }));
  await runCases(t, cases, 3);
  /** What FFmpeg says of each refusal, and what the server logs. */
  const attempts: readonly (readonly [string, RegExp, RegExp])[] = [
    [
      server.srtUrl("publish:locked", `&passphrase=${secrets.read}`),
      /Incorrect passphrase/,
      /invalid passphrase/,
    ],
    [
      server.srtUrl("publish:locked"),
      /Password required or unexpected/,
      /passphrase not provided by client/,
    ],
    [
      server.srtUrl("publish:open", `&passphrase=${secrets.read}`),
      /Incorrect passphrase/,
      /the path has no passphrase/,
    ],
    [server.srtUrl("watch:open"), /Peer rejected connection/, /invalid stream ID/],
    [server.srtUrl("read:nothing"), /Peer rejected connection/, /no stream is available on path 'nothing'/],
  ];
  for (const [url, words, reason] of attempts) {
    await t.step(`refusal: ${words.source}, ${reason.source}`, async () => {
      const patient = patientSrt(url);
      const direction = /streamid=read/.test(url)
        ? ["-i", patient, "-f", "null", "-"]
        : ["-i", file, "-c", "copy", "-f", "mpegts", patient];
      const ffmpeg = ["-v", "warning", ...direction];
      await expectRefusal(new Client("ffmpeg", "ffmpeg", ffmpeg, { timeLimitMs: waitMs }), words);
      await server.log.waitFor(new RegExp(`closed: .*${reason.source}`), waitMs);
    });
  }
  // Who wants to read has to find a stream.
  const url = server.srtUrl("publish:locked", `&passphrase=${secrets.publish}`);
  await using _publisher = ffmpegPublish(file, url, "SRT");
  await server.published("locked");
  for (
    const [passphrase, words] of [
      [`&passphrase=${secrets.publish}`, /Incorrect passphrase/],
      ["", /Password required or unexpected/],
    ] as const
  ) {
    await t.step(`refusal of srt-live-transmit: ${words.source}`, async () => {
      const from =
        `srt://127.0.0.1:${server.ports.srt}?streamid=read:locked&conntimeo=${waitMs}${passphrase}`;
      await using client = new Client(
        "srt-live-transmit",
        "srt-live-transmit",
        ["-a:no", from, "file://con"],
        {
          timeLimitMs: 2 * waitMs,
        },
      );
      // What it says counts. It does not always end: an answer that comes before it has put its socket into its epoll set
      // makes no event there (`CUDT::addEPoll` tells of connected sockets only), and it waits for that.
      await client.errors.waitFor(words, waitMs);
    });
  }
});

/** Of the plain stream, several seconds. */
const transmittedBytes = 120_000;

/** What a program prints until it is enough; ends it then. */
async function firstBytes(command: string, args: readonly string[], count: number): Promise<Uint8Array> {
  const child = new Deno.Command(command, { args: [...args], stdin: "null", stdout: "piped", stderr: "null" })
    .spawn();
  const parts: Uint8Array[] = [];
  let size = 0;
  const read = async () => {
    for await (const part of child.stdout) {
      parts.push(part);
      size += part.length;
      if (size >= count) return;
    }
  };
  try {
    await within(read(), waitMs, `${count} bytes of ${command}, there are ${size}`);
    return concat(parts);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
  }
}

/** The standard form of stream ids, and srt-live-transmit. */
async function standardForm(): Promise<void> {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { srt: true } });
  const bare = `srt://127.0.0.1:${server.ports.srt}`;
  const args = ["-v", "warning", "-re", "-i", await media.file(plain), "-c", "copy", "-f", "mpegts"];
  await using _publisher = new Client("ffmpeg", "ffmpeg", [
    ...args,
    "-srt_streamid",
    "#!::m=publish,r=a",
    patientSrt(`${bare}?`),
  ], {
    timeLimitMs: 2 * waitMs,
  });
  await server.published("a");
  const folder = await Deno.makeTempDir({ prefix: "interop-srt-" });
  try {
    const file = `${folder}/out.ts`;
    const parameters = `streamid=read:a&transtype=live&conntimeo=${waitMs}&latency=${srtLatencyMs}`;
    const transmitted = ["-a:no", `${bare}?${parameters}`, "file://con"];
    await Deno.writeFile(file, await firstBytes("srt-live-transmit", transmitted, transmittedBytes));
    const { stdout } = await new Deno.Command("ffprobe", {
      args: ["-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", file],
    }).output();
    const text = new TextDecoder().decode(stdout);
    ok(/h264[^]*aac|aac[^]*h264/.test(text), text);
    for (const [, count] of text.matchAll(/nb_read_packets=(\d+)/g)) ok(Number(count) > 50, text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Clients that are killed are gone after the time-out. */
async function killed(): Promise<void> {
  await using media = new MediaFolder();
  await using server = await TestServer.start({ config: { srt: true, readTimeout: "10s" } });
  await using publisher = await publish(server, media, {
    publisher: "FFmpeg",
    codecs: plain,
    transport: "SRT",
    path: "a",
  });
  const args = ["-v", "error", "-i", patientSrt(server.srtUrl("read:a")), "-f", "null", "-"];
  await using reader = new Client("ffmpeg", "ffmpeg", args, { timeLimitMs: 3 * waitMs });
  await server.log.waitFor(/is reading from path 'a'/, waitMs);
  reader.signal("SIGKILL");
  const timeout = /\[SRT\] .* closed: read timed out/;
  await server.log.waitFor(timeout, waitMs);
  const from = server.log.lines.findIndex((line) => timeout.test(line)) + 1;
  publisher.signal("SIGKILL");
  await server.log.waitFor(timeout, waitMs, from);
}

/** A source is pulled from a listener, and again when that comes back. */
async function pulled(): Promise<void> {
  await using media = new MediaFolder();
  const port = freeUdpPair();
  await using server = await TestServer.start({
    config: {
      paths: {
        pulled: { source: `srt://127.0.0.1:${port}?latency=200&passphrase=0123456789&peeridletimeo=10000` },
      },
    },
    expectedErrors: /SRT source/,
  });
  const file = await media.file(plain);
  const listen = () =>
    ffmpegPublish(file, `srt://127.0.0.1:${port}?mode=listener&passphrase=0123456789&pkt_size=1316`, "SRT");
  const online = () => server.log.lines.filter((line) => /stream is available and online/.test(line)).length;
  for (const times of [1, 2]) {
    await using _listener = listen();
    await eventually("the stream", () => Promise.resolve(online()), (count) => count >= times);
    expectComplete(await ffmpegRead(server.rtspUrl("pulled"), "TCP"), ["video", "audio"]);
  }
}

Deno.test("SRT: sessions", async (t) => {
  await runCases(t, [
    { name: "the standard form of stream ids, and srt-live-transmit", run: standardForm },
    { name: "clients that are killed are gone after the time-out", run: killed },
    { name: "a source is pulled from a listener, and again when that comes back", run: pulled },
  ], 3);
});
