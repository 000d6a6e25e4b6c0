/** Sources fed by FFmpeg and GStreamer: over UDP, through sockets, from servers; gone and come again. */
import { equal } from "../support/assert.ts";
import { eventually } from "./support/api.ts";
import { Client } from "./support/client.ts";
import { MediaFolder } from "./support/media.ts";
import { freeUdpPair } from "../support/ports.ts";
import { publish, read, together } from "./support/scenario.ts";
import { type Config, TestServer } from "./support/server.ts";

const limitMs = 300_000;
const waitMs = 60_000;

/** FFmpeg sends a file in real time. */
function send(file: string, output: readonly string[]): Client {
  const args = ["-v", "warning", "-re", "-i", file, "-map", "0", "-c", "copy", ...output];
  return new Client("ffmpeg sender", "ffmpeg", args, { timeLimitMs: limitMs });
}

function pulling(paths: Config, readTimeout = "60s"): Promise<TestServer> {
  // What a source says when its sender is not there yet, or not any more.
  const expectedErrors =
    /(MPEG-TS|RTP|RTSP|RTMP) source\] (nothing received|the peer has ended|dial tcp|bad status|NetStream)/;
  // Senders may be slow to start, too.
  const pathDefaults = { sourceOnDemandStartTimeout: "60s" };
  return TestServer.start({ config: { paths, pathDefaults, readTimeout }, expectedErrors });
}

function available(server: TestServer, path: string): Promise<unknown> {
  return server.log.waitFor(new RegExp(`\\[path ${path}\\] stream is available and online`), waitMs);
}

const mpegts = ["-f", "mpegts"];

Deno.test("sources: MPEG-TS of FFmpeg over UDP, unicast and multicast", async (t) => {
  await using media = new MediaFolder();
  const file = await media.file(["h264", "aac"]);
  const unicast = freeUdpPair();
  const multicast = freeUdpPair();
  await using server = await pulling({
    unicast: { source: `udp+mpegts://127.0.0.1:${unicast}` },
    legacy: { source: `udp://127.0.0.1:${unicast + 1}` },
    multicast: { source: `udp+mpegts://239.83.7.9:${multicast}?interface=lo` },
  });
  const outputs: [string, string][] = [
    ["unicast", `udp://127.0.0.1:${unicast}?pkt_size=1316`],
    ["legacy", `udp://127.0.0.1:${unicast + 1}?pkt_size=1316`],
    ["multicast", `udp://239.83.7.9:${multicast}?pkt_size=1316&localaddr=127.0.0.1`],
  ];
  for (const [path, url] of outputs) {
    await t.step(path, async () => {
      await using _sender = send(file, [...mpegts, url]);
      await available(server, path);
      await read(server, { reader: "FFmpeg", codecs: ["h264", "aac"], transport: "TCP", path });
    });
  }
});

Deno.test("sources: M2TS of FFmpeg over UDP and through a unix socket", async (t) => {
  await using media = new MediaFolder();
  const codecs = ["h264"] as const;
  const file = await media.file(codecs);
  const port = freeUdpPair();
  const folder = await Deno.makeTempDir();
  try {
    await using server = await pulling({
      udp: { source: `udp+mpegts://127.0.0.1:${port}` },
      unix: { source: `unix+mpegts://${folder}/in.sock` },
    });
    await untilSocket(`${folder}/in.sock`);
    const outputs: [string, string][] = [
      ["udp", `udp://127.0.0.1:${port}?pkt_size=1344`],
      ["unix", `unix:${folder}/in.sock`],
    ];
    for (const [path, url] of outputs) {
      await t.step(path, async () => {
        await using _sender = send(file, [...mpegts, "-mpegts_m2ts_mode", "1", url]);
        await available(server, path);
        await read(server, { reader: "FFmpeg", codecs, transport: "TCP", path });
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sources: MPEG-TS of FFmpeg through a unix socket, twice", async () => {
  await using media = new MediaFolder();
  const file = await media.file(["h264", "aac"]);
  const folder = await Deno.makeTempDir();
  try {
    await using server = await pulling({ cam: { source: `unix+mpegts://${folder}/in.sock` } });
    for (let i = 0; i < 2; i++) {
      await untilSocket(`${folder}/in.sock`);
      await using _sender = send(file, [...mpegts, `unix:${folder}/in.sock`]);
      await untilCount(server, "stream is available and online, 2 tracks (H264, MPEG-4 Audio)", i + 1);
      await read(server, { reader: "FFmpeg", codecs: ["h264", "aac"], transport: "TCP", path: "cam" });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function untilSocket(path: string): Promise<void> {
  await eventually(path, () => Deno.lstat(path).catch(() => null), (info) => info?.isSocket === true);
}

Deno.test("sources: RTP of FFmpeg with its own description", async () => {
  await using media = new MediaFolder();
  const file = await media.file(["h264"]);
  const port = freeUdpPair();
  const folder = await Deno.makeTempDir();
  try {
    const sdpFile = `${folder}/stream.sdp`;
    const output = ["-f", "rtp", "-sdp_file", sdpFile, `rtp://127.0.0.1:${port}`];
    await using _sender = send(file, output);
    const rtpSDP = await eventually(
      "the description",
      () => Deno.readTextFile(sdpFile).catch(() => ""),
      (text) => /sprop.*\r?\n/.test(text),
    );
    await using server = await pulling({ cam: { source: `udp+rtp://127.0.0.1:${port}`, rtpSDP } });
    await available(server, "cam");
    await read(server, { reader: "FFmpeg", codecs: ["h264"], transport: "TCP", path: "cam" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sources: pulls from another server of ours, over RTSP and RTMP, on demand", async (t) => {
  await using media = new MediaFolder();
  await using origin = await TestServer.start({ config: { rtmp: true, paths: { all_others: null } } });
  await using _publisher = await publish(origin, media, {
    publisher: "FFmpeg",
    codecs: ["h264", "aac"],
    transport: "TCP",
    path: "cam",
  });
  const onDemand = { sourceOnDemand: true, sourceOnDemandCloseAfter: "1s" };
  await using server = await pulling({
    udp: { source: origin.rtspUrl("cam"), rtspTransport: "udp", ...onDemand },
    tcp: { source: origin.rtspUrl("cam"), rtspTransport: "tcp", ...onDemand },
    rtmp: { source: origin.rtmpUrl("cam"), ...onDemand },
    "~^from/(.+)$": { source: origin.rtspUrl("$G1"), ...onDemand },
  });
  for (const path of ["udp", "tcp", "rtmp", "from/cam"]) {
    await t.step(path, async () => {
      await read(server, { reader: "FFmpeg", codecs: ["h264", "aac"], transport: "TCP", path });
      await server.log.waitFor(
        new RegExp(`\\[path ${path}\\] \\[RT[SM]P source\\] stopped: not needed by anyone`),
        waitMs,
      );
    });
  }
});

Deno.test("sources: the source dies and comes back; readers who ask again get it", async () => {
  await using media = new MediaFolder();
  const file = await media.file(["h264", "aac"]);
  const port = freeUdpPair();
  // So long may a sender be held up.
  const silence = 8;
  await using server = await pulling({
    always: { source: `udp+mpegts://127.0.0.1:${port}` },
    demand: {
      source: `udp+mpegts://127.0.0.1:${port + 1}`,
      sourceOnDemand: true,
      sourceOnDemandCloseAfter: "60s",
    },
  }, `${silence}s`);
  const twice = async (path: string, to: number) => {
    for (let round = 1; round <= 2; round++) {
      {
        await using _sender = send(file, [...mpegts, `udp://127.0.0.1:${to}?pkt_size=1316`]);
        if (path === "always") await untilCount(server, `[path ${path}] stream is available`, round);
        await read(server, { reader: "FFmpeg", codecs: ["h264", "aac"], transport: "TCP", path });
      }
      await untilCount(server, `[path ${path}] [MPEG-TS source] nothing received for ${silence} s`, round);
    }
  };
  await together([
    { name: "always", run: () => twice("always", port) },
    { name: "demand", run: () => twice("demand", port + 1) },
  ]);
  await untilCount(server, "[path demand] [MPEG-TS source] stopped: an error occurred", 2);
});

async function untilCount(server: TestServer, text: string, count: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (server.log.lines.filter((line) => line.includes(text)).length < count) {
    if (Date.now() > deadline) throw new Error(`'${text}' did not come ${count} times`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const [name, credentials] of [["open", ""], ["guarded", "me:s3cret"]]) {
  Deno.test(`sources: RTSP from GStreamer's server (${name})`, async (t) => {
    const script = new URL("./support/gst_rtsp_server.py", import.meta.url).pathname;
    const args = [script, ...credentials.split(":").filter((part) => part !== "")];
    const started = Promise.withResolvers<number>();
    await using foreign = new Client("GStreamer's RTSP server", "/usr/bin/python3", args, {
      timeLimitMs: limitMs,
      onLine: (line) => /^port \d+$/.test(line) && started.resolve(Number(line.slice(5))),
    });
    foreign.ended.then(() => started.reject(new Error(foreign.tail())));
    const port = await started.promise;
    const source = `rtsp://${credentials === "" ? "" : `${credentials}@`}127.0.0.1:${port}/cam`;
    const sourceOnDemand = true;
    await using server = await pulling({
      udp: { source, sourceOnDemand, rtspTransport: "udp" },
      tcp: { source, sourceOnDemand, rtspTransport: "tcp" },
      automatic: { source, sourceOnDemand },
    });
    for (const path of ["udp", "tcp", "automatic"]) {
      await t.step(
        path,
        () => read(server, { reader: "FFmpeg", codecs: ["h264", "opus"], transport: "TCP", path }),
      );
    }
    equal(server.log.lines.filter((line) => line.includes("s3cret")), []);
  });
}
