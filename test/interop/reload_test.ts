/** Changes of the configuration while clients play: only those notice who must. */
import { connect } from "node:tls";
import { equal, match, ok } from "../support/assert.ts";
import { type Answer, ApiClient, eventually } from "./support/api.ts";
import { type Certificate, createCertificate } from "./support/certificate.ts";
import { ffmpegPublish, patientSrt } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { type Player, PlayingReader } from "./support/playing.ts";
import { freeTcpPorts } from "../support/ports.ts";
import { type Config, TestServer, udpBufferSize } from "./support/server.ts";
import { WhepPlayer } from "./support/whep.ts";

/** However long it takes. */
const publishing = { endless: true, timeLimitMs: 900_000 };

/** Who plays: one line for each kind of reader. `site` is another path than `cam`. */
const readers = {
  rtsp: ffmpeg((server) => ["-rtsp_transport", "tcp", "-i", server.rtspUrl("cam")]),
  rtspUdp: ffmpeg((server) => [
    ...["-rtsp_transport", "udp", "-buffer_size", String(udpBufferSize)],
    ...["-i", server.rtspUrl("cam")],
  ]),
  rtmp: ffmpeg((server) => ["-rtmp_live", "live", "-i", server.rtmpUrl("cam")]),
  hls: ffmpeg((server) => ["-i", server.hlsUrl("cam/index.m3u8")]),
  srt: ffmpeg((server) => ["-i", patientSrt(server.srtUrl("read:cam"))]),
  webrtc: (server: TestServer, name: string) => WhepPlayer.open(name, server.ports.webrtc, "cam"),
  site: ffmpeg((server) => ["-rtmp_live", "live", "-i", server.rtmpUrl("site")]),
} as const;

function ffmpeg(input: (server: TestServer) => string[]) {
  return (server: TestServer, name: string): Promise<Player> =>
    Promise.resolve(new PlayingReader(name, input(server)));
}

type ReaderName = keyof typeof readers;

/** A change: by the API where it is one of `globals`, `defaults`, `path`; then by the file. */
interface Change {
  readonly globals?: Config;
  readonly defaults?: Config;
  /** Of the path `cam`. */
  readonly path?: Config;
  /** Of another path, which is added when it is not there. */
  readonly other?: Config;
}

/** What nobody notices. */
const silent: readonly Change[] = [
  { globals: { logLevel: "debug" } },
  { globals: { readTimeout: "61s", writeTimeout: "62s" } },
  { globals: { writeQueueSize: 1024, udpMaxPayloadSize: 1400 } },
  { globals: { rtspAuthMethods: ["basic"], hlsAllowOrigins: ["http://a.example"], apiAllowOrigins: [] } },
  {
    globals: { hlsCDNSecret: "abcdefgh", hlsTrustedProxies: ["10.0.0.0/8"], apiTrustedProxies: ["10.0.0.1"] },
  },
  {
    globals: {
      authInternalUsers: [{ user: "any", permissions: ["api", "read", "publish"].map(permission) }],
    },
  },
  { globals: { metrics: true, pprof: true } },
  { globals: { metrics: false, pprof: false } },
  { defaults: { maxReaders: 100 } },
  { path: { record: true, maxReaders: 90, overridePublisher: false } },
  { other: { maxReaders: 1 } },
  { other: { source: "rtsp://127.0.0.1:1/x" } },
  { other: { srtReadPassphrase: "0123456789", srtPublishPassphrase: "9876543210" } },
  {
    globals: {
      webrtcAllowOrigins: ["http://a.example"],
      webrtcTrustedProxies: ["10.0.0.0/8"],
      webrtcHandshakeTimeout: "11s",
      webrtcTrackGatherTimeout: "3s",
    },
  },
  {
    globals: {
      runOnConnect: "true connect",
      runOnDisconnect: "true disconnect",
      webhooks: [{ url: "http://127.0.0.1:1/", events: ["segmentCreated"] }],
    },
  },
  { path: { runOnRead: "true read", runOnUnread: "true unread", runOnNotReady: "true not ready" } },
];

function permission(action: string): Config {
  return { action };
}

/** What ends clients of one server. Ports are given when it runs. */
const loud: readonly {
  readonly change: (port: number) => Config;
  readonly notice: readonly ReaderName[];
  /** By the API otherwise. */
  readonly byFile?: true;
}[] = [
  { change: (port) => ({ rtmpAddress: `:${port}` }), notice: ["rtmp"] },
  { change: (port) => ({ hlsAddress: `:${port}` }), notice: ["hls"] },
  { change: () => ({ webrtcAdditionalHosts: ["192.0.2.1"] }), notice: ["webrtc"] },
  { change: (port) => ({ srtAddress: `:${port}` }), notice: ["srt"], byFile: true },
  { change: (port) => ({ rtspAddress: `:${port}` }), notice: ["rtsp", "rtspUdp"] },
];

function baseConfig(certificate: Certificate): Config {
  return {
    api: true,
    rtmp: true,
    hls: true,
    hlsAlwaysRemux: true,
    // Who is held up finds what it has missed.
    hlsSegmentCount: 40,
    srt: true,
    webrtc: true,
    // Publishers are on a server of their own, so that they stay.
    rtspEncryption: "optional",
    rtspServerCert: certificate.certFile,
    rtspServerKey: certificate.keyFile,
    paths: { cam: null, site: null, all_others: null },
  };
}

/** Plays everything and knows who still does. */
class Audience implements AsyncDisposable {
  readonly #playing = new Map<ReaderName, Player>();

  constructor(private readonly server: TestServer) {}

  async start(names: readonly ReaderName[] = Object.keys(readers) as ReaderName[]): Promise<void> {
    for (const name of names) this.#playing.set(name, await readers[name](this.server, name));
    await this.goesOn("start");
  }

  async goesOn(why: string): Promise<void> {
    await Promise.all([...this.#playing.values()].map((reader) => reader.goesOn(why)));
  }

  /** Says at once who has ended until now. */
  expectAll(why: string): void {
    for (const { name, ended } of this.#playing.values()) {
      if (ended) throw new Error(`${why}: ${name} has ended`);
    }
  }

  /** These end, the others go on without a gap. */
  async afterwards(why: string, notice: readonly ReaderName[]): Promise<void> {
    for (const name of notice) {
      const reader = this.#playing.get(name)!;
      await reader.notices(why);
      this.#playing.delete(name);
      await reader[Symbol.asyncDispose]();
    }
    await this.goesOn(why);
    this.expectNoGaps();
  }

  expectNoGaps(): void {
    for (const reader of this.#playing.values()) reader.expectNoGap();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#playing.values()].map((reader) => reader[Symbol.asyncDispose]()));
  }
}

async function byApi(api: ApiClient, { globals, defaults, path, other }: Change): Promise<void> {
  if (globals !== undefined) await api.patch("/v3/config/global/patch", globals);
  if (defaults !== undefined) await api.patch("/v3/config/pathdefaults/patch", defaults);
  if (path !== undefined) await api.patch("/v3/config/paths/patch/cam", path);
  if (other !== undefined) await api.post("/v3/config/paths/replace/by/api", other);
}

function merged(config: Config, { globals, defaults, path, other }: Change): Config {
  const paths = config.paths as Config;
  return {
    ...config,
    ...globals,
    ...(defaults === undefined ? {} : { pathDefaults: { ...config.pathDefaults as Config, ...defaults } }),
    paths: {
      ...paths,
      ...(path === undefined ? {} : { cam: { ...paths.cam as Config, ...path } }),
      ...(other === undefined ? {} : { "by/file": other }),
    },
  };
}

/** Writes the file with a mark in it, and waits until the server has it. */
async function byFile(server: TestServer, api: ApiClient, config: Config, mark: number): Promise<void> {
  const marked = { ...config, paths: { ...config.paths as Config, [`mark${mark}`]: null } };
  await server.configure(marked);
  await eventually(
    "the file to be loaded",
    () => api.get("/v3/config/paths/list"),
    ({ items }: Answer) => items.some(({ name }) => name === `mark${mark}`),
  );
}

async function refusals(server: TestServer, api: ApiClient, config: Config): Promise<void> {
  const before = JSON.stringify(await api.get("/v3/config/global/get"));
  const busy = { rtmpAddress: `127.0.0.1:${server.ports.rtsp}` };
  match((await api.patch("/v3/config/global/patch", busy, 400)).error, /in use/);
  const files: [write: () => Promise<void>, complaint: RegExp][] = [
    [() => server.configureText("paths: ["), /stays as it was: .*server\.yml/],
    [() => server.configure({ ...config, noSuchKey: 3 }), /stays as it was: .*noSuchKey/],
    [() => server.configure({ ...config, ...busy }), /stays as it was: .*in use/],
  ];
  for (const [write, complaint] of files) {
    const from = server.log.lines.length;
    await write();
    await server.log.waitFor(complaint, 60_000, from);
    equal(JSON.stringify(await api.get("/v3/config/global/get")), before);
  }
}

/** What nobody noticed has come into effect nevertheless. */
async function expectEffects(server: TestServer): Promise<void> {
  for (const url of [server.webrtcUrl("cam/whep"), server.hlsUrl("cam/index.m3u8")]) {
    for (const [origin, allowed] of [["http://a.example", "http://a.example"], ["http://b.example", null]]) {
      const headers = { origin: origin!, "access-control-request-method": "GET" };
      const answer = await fetch(url, { method: "OPTIONS", headers });
      equal(answer.headers.get("access-control-allow-origin"), allowed, `${url} from ${origin}`);
      await answer.body?.cancel();
    }
  }
}

Deno.test("a change of the configuration is noticed only by those who must", async (t) => {
  await using certificate = await createCertificate();
  await using media = new MediaFolder();
  const file = await media.file(["h264"]);
  let config = baseConfig(certificate);
  await using server = await TestServer.start({
    config,
    expectedErrors: /\[API\]|RTSP source|stays as it was/,
  });
  const api = await ApiClient.open(server.apiUrl);
  await using _cam = ffmpegPublish(file, server.rtspsUrl("cam"), "TCP", publishing);
  await using _site = ffmpegPublish(file, server.rtspsUrl("site"), "TCP", publishing);
  await server.published("cam");
  await server.published("site");
  await using audience = new Audience(server);
  await audience.start();
  for (const [i, change] of silent.entries()) {
    await t.step(`nobody notices ${JSON.stringify(change)}`, async () => {
      await byApi(api, change);
      audience.expectAll("by API");
      config = merged(config, change);
      await byFile(server, api, config, i);
      await audience.goesOn("by file");
    });
  }
  await t.step("who comes meets what was changed", () => expectEffects(server));
  await t.step("what cannot be is refused, and nothing changes", async () => {
    await refusals(server, api, config);
    await audience.goesOn("refused");
  });
  await t.step("no frame was lost", () => audience.expectNoGaps());
  await t.step("another source of a path ends that path alone", async () => {
    await api.patch("/v3/config/paths/patch/site", { source: "rtsp://127.0.0.1:1/x" });
    await audience.afterwards("source of site", ["site"]);
  });
  for (const [i, { change, notice, byFile: isFile = false }] of loud.entries()) {
    const globals = change(freeTcpPorts(1)[0]);
    await t.step(`${notice} must notice ${JSON.stringify(globals)}`, async () => {
      if (isFile) await byFile(server, api, merged(config, { globals }), silent.length + i);
      else await byApi(api, { globals });
      await audience.afterwards("one server", notice);
    });
  }
  await t.step("the API itself moves, and answers first", async () => {
    const [port] = freeTcpPorts(1);
    await api.patch("/v3/config/global/patch", { apiAddress: `127.0.0.1:${port}` });
    const moved = await ApiClient.open(`http://127.0.0.1:${port}`);
    equal((await moved.get("/v3/paths/get/cam")).ready, true);
  });
});

/** SHA-256 of the certificate that a new connection is shown. */
function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

Deno.test("certificates that are replaced on disk are shown to new connections; old ones go on", async () => {
  await using certificate = await createCertificate();
  await using other = await createCertificate();
  await using media = new MediaFolder();
  const file = await media.file(["h264"]);
  const { certFile, keyFile } = certificate;
  await using server = await TestServer.start({
    config: {
      api: true,
      apiEncryption: true,
      apiServerCert: certFile,
      apiServerKey: keyFile,
      rtspEncryption: "optional",
      rtspServerCert: certFile,
      rtspServerKey: keyFile,
    },
  });
  await using _publisher = ffmpegPublish(file, server.rtspsUrl("cam"), "TCP", publishing);
  await server.published("cam");
  await using reader = new PlayingReader("RTSPS", ["-rtsp_transport", "tcp", "-i", server.rtspsUrl("cam")]);
  await reader.goesOn("start");
  const ports = [server.ports.rtsps, server.ports.api];
  const before = await Promise.all(ports.map(fingerprint));
  equal(before[0], before[1]);
  await Deno.copyFile(other.keyFile, keyFile);
  await Deno.copyFile(other.certFile, certFile);
  for (const port of ports) {
    const now = await eventually("the new certificate", () => fingerprint(port), (now) => now !== before[0]);
    ok(now.includes(":"));
  }
  await reader.goesOn("new certificate");
  reader.expectNoGap();
});

Deno.test("servers that were off at the start are switched on, and off again", async () => {
  await using server = await TestServer.start({ config: {} });
  const on = { rtmp: true, hls: true, webrtc: true, srt: true, api: true, metrics: true, pprof: true };
  const names = ["RTMP", "HLS", "WebRTC", "SRT", "API", "metrics", "pprof"];
  for (let round = 0; round < 2; round++) {
    const from = server.log.lines.length;
    await server.configure(on);
    for (const name of names) await server.log.waitFor(new RegExp(`\\[${name}\\] started`), 30_000, from);
    for (const url of [server.hlsUrl("cam/"), server.webrtcUrl("cam/"), `${server.apiUrl}/v3/info`]) {
      const answer = await fetch(url);
      await answer.body?.cancel();
      equal(answer.status, 200, url);
    }
    const to = server.log.lines.length;
    await server.configure({});
    for (const name of names) await server.log.waitFor(new RegExp(`\\[${name}\\] closing`), 30_000, to);
  }
});
