/** A full run of the control API beside real clients: every answer is what the OpenAPI document promises. */
import { equal, match, ok } from "../support/assert.ts";
import { type Answer, ApiClient, eventually } from "./support/api.ts";
import { type Certificate, createCertificate } from "./support/certificate.ts";
import { Client } from "./support/client.ts";
import { ffmpegPublish } from "./support/ffmpeg.ts";
import { MediaFolder } from "./support/media.ts";
import { type Config, TestServer } from "./support/server.ts";
import { WhepPlayer } from "./support/whep.ts";

const clientLimitMs = 300_000;
/** Longer than the test takes, which goes through everything with the same publishers. */
const fileSeconds = 200;
const secret = (name: string) => `hush-${name}-0123456789`;

/** One secret in each key that holds one. */
function configuration(certificate: Certificate): Config {
  return {
    api: true,
    rtmp: true,
    hls: true,
    srt: true,
    webrtc: true,
    logLevel: "debug",
    rtspEncryption: "optional",
    rtmpEncryption: "optional",
    rtspServerCert: certificate.certFile,
    rtspServerKey: certificate.keyFile,
    rtmpServerCert: certificate.certFile,
    rtmpServerKey: certificate.keyFile,
    hlsCDNSecret: secret("cdn"),
    webrtcICEServers2: [{ url: "turn:127.0.0.1:3478", username: "u", password: secret("ice") }],
    authInternalUsers: [
      { user: "admin", pass: secret("pass"), permissions: [{ action: "api" }] },
      {
        user: "any",
        permissions: [{ action: "publish" }, { action: "read" }],
      },
    ],
    paths: {
      pulled: { source: `rtsp://someone:${secret("url")}@127.0.0.1:1/x` },
      srt: { srtPublishPassphrase: secret("srt1"), srtReadPassphrase: secret("srt2") },
      all_others: null,
    },
  };
}

const credentials = { authorization: `Basic ${btoa(`admin:${secret("pass")}`)}` };

function reader(name: string, ...input: string[]): Client {
  return new Client(name, "ffmpeg", ["-v", "error", ...input, "-f", "null", "-"], {
    timeLimitMs: clientLimitMs,
  });
}

/** The item of a list that reads or publishes on a path. */
function one(api: ApiClient, kind: string, path: string, state?: string): Promise<Answer> {
  return eventually(
    `an item of ${kind} on ${path}`,
    async () =>
      (await api.get(`/v3/${kind}/list`)).items.find((each) =>
        each.path === path && (state === undefined || each.state === state)
      ),
    (found) => found !== undefined,
  ) as Promise<Answer>;
}

async function expectEmpty(api: ApiClient): Promise<void> {
  for (const operation of api.contract.operations) {
    const list = /^GET (\/v3\/(?!config|paths)\w+\/list)$/.exec(operation)?.[1];
    const kind = list?.split("/")[2] ?? "";
    if (list === undefined) continue;
    equal(await api.get(list), { itemCount: 0, pageCount: 0, items: [] } as unknown as Answer);
    if (kind === "hlsmuxers") continue;
    const nobody = "00000000-0000-4000-8000-000000000000";
    match((await api.get(`/v3/${kind}/get/${nobody}`, 404)).error, /not found/);
    match((await api.get(`/v3/${kind}/get/nobody`, 400)).error, /invalid UUID/);
    if (!kind.endsWith("conns") || kind.startsWith("rtmp")) {
      await api.post(`/v3/${kind}/kick/${nobody}`, undefined, 404);
      await api.post(`/v3/${kind}/kick/nobody`, undefined, 400);
    }
  }
}

/** Types of the readers of `cam`, in the order of the API, and the list that each is in. */
const readerKinds = [
  ["hlsSession", "hlssessions"],
  ["rtmpConn", "rtmpconns"],
  ["rtmpsConn", "rtmpsconns"],
  ["rtspSession", "rtspsessions"],
  ["rtspSession", "rtspsessions"],
  ["rtspsSession", "rtspssessions"],
  ["srtConn", "srtconns"],
  ["webRTCSession", "webrtcsessions"],
] as const;

async function expectFigures(api: ApiClient): Promise<void> {
  const path = await eventually(
    "live figures",
    () => api.get("/v3/paths/get/cam"),
    ({ live, readers }) =>
      live !== null && live.tracks.every(({ bitrate }) => bitrate > 0) &&
      live.tracks.some(({ keyFrameInterval }) => keyFrameInterval !== null) &&
      // These are measured by the clock: a busy machine has worse seconds in between.
      live.tracks.some(({ frameRate }) => frameRate !== null && frameRate > 20 && frameRate < 30) &&
      live.inboundBitrate > 0 && live.outboundBitrate > live.inboundBitrate &&
      readers.length === readerKinds.length &&
      readers.every((each) => (each.live?.outboundBitrate ?? 0) > 0),
  );
  equal(path.readers.map(({ type }) => type), readerKinds.map(([type]) => type));
  const [video, audio] = path.live!.tracks;
  equal([video.codec, video.keyFrameInterval], ["H264", 1]);
  equal([audio.codec, audio.frameRate, audio.keyFrameInterval], ["MPEG-4 Audio", null, null]);
  const pulled = await eventually(
    "the source to fail",
    () => api.get("/v3/paths/get/pulled"),
    ({ sourceState }) => typeof sourceState?.lastError === "string",
  );
  equal(pulled.source, { type: "rtspSource", id: "" });
  equal([pulled.online, pulled.onlineTime], [true, "0001-01-01T00:00:00Z"]);
  ok(["error", "connecting"].includes(pulled.sourceState!.state));
}

async function expectCounters(api: ApiClient): Promise<void> {
  const publisher = await one(api, "rtspsessions", "cam", "publish");
  ok(publisher.inboundRTPPackets > 0 && publisher.inboundBytes > 0);
  const { readers } = await api.get("/v3/paths/get/cam");
  for (const [i, [, kind]] of readerKinds.entries()) {
    const client = await api.get(`/v3/${kind}/get/${readers[i].id}`);
    equal([client.id, client.path], [readers[i].id, "cam"], kind);
    ok((client.outboundBytes ?? client.bytesSent) > 0, kind);
    if (kind !== "hlssessions") equal(client.state, "read", kind);
    if (/rtsps?sessions|webrtc/.test(kind)) ok(client.outboundRTPPackets > 0, kind);
  }
  const sessions = (await api.get("/v3/rtspsessions/list")).items;
  equal(sessions.map(({ transport }) => transport).sort(), ["TCP", "TCP", "UDP"]);
  await expectConnections(api, "rtspconns", sessions);
  await expectConnections(api, "rtspsconns", (await api.get("/v3/rtspssessions/list")).items);
  for (const conn of (await api.get("/v3/rtmpconns/list")).items) {
    ok((conn.state === "read" ? conn.outboundBytes : conn.inboundBytes) > 0);
  }
  await api.get("/v3/hlsmuxers/get/cam");
  const whep = await one(api, "webrtcsessions", "cam");
  equal(whep.peerConnectionEstablished, true);
  for (const candidate of [whep.localCandidate, whep.remoteCandidate]) {
    match(candidate, /^\w+\/udp\/[^/]+\/\d+$/);
  }
  await eventually(
    "acknowledgements of SRT",
    () => one(api, "srtconns", "cam"),
    (srt) => srt.packetsSent > 0 && srt.packetsReceivedACK > 0 && srt.bytesSent > srt.packetsSent,
  );
}

/** Each belongs to a session. */
async function expectConnections(api: ApiClient, kind: string, sessions: readonly Answer[]): Promise<void> {
  const conns = (await api.get(`/v3/${kind}/list`)).items;
  equal(conns.length, sessions.length, kind);
  for (const conn of conns) {
    await api.get(`/v3/${kind}/get/${conn.id}`);
    ok(sessions.some(({ id }) => id === conn.session) && conn.inboundBytes > 0);
  }
}

/** All readers of `cam`; those of HLS may come back. */
async function kickReaders(api: ApiClient): Promise<void> {
  const { readers } = await api.get("/v3/paths/get/cam");
  for (const [i, [, kind]] of readerKinds.entries()) {
    const { id } = readers[i];
    await api.post(`/v3/${kind}/kick/${id}`);
    await eventually(
      `${kind} without the one that was kicked`,
      () => api.get(`/v3/${kind}/list`),
      ({ items }) => items.every((each) => each.id !== id),
    );
    await api.get(`/v3/${kind}/get/${id}`, 404);
    await api.post(`/v3/${kind}/kick/${id}`, undefined, 404);
  }
}

/** Paths come and go by the API, with their clients. */
async function changePaths(api: ApiClient, server: TestServer, file: string): Promise<void> {
  await api.delete("/v3/config/paths/delete/all_others");
  await api.post("/v3/config/paths/add/site/one", { maxReaders: 3 });
  equal((await api.post("/v3/config/paths/add/site/one", {}, 400)).error, "path already exists");
  await using publisher = ffmpegPublish(file, server.rtspUrl("site/one"), "TCP");
  await server.published("site/one");
  equal((await api.get("/v3/paths/get/site/one")).ready, true);
  equal((await api.get("/v3/config/paths/get/site/one")).maxReaders, 3);
  await api.patch("/v3/config/paths/patch/site/one", { record: true });
  equal((await api.get("/v3/config/paths/get/site/one")).record, true);
  equal((await api.get("/v3/paths/get/site/one")).ready, true, "recording is switched without a break");
  // and named as not available
  await server.log.waitFor(/without effect: .*record/, 60_000);
  await api.post("/v3/config/paths/replace/site/one", { maxReaders: 4 });
  equal((await api.get("/v3/config/paths/get/site/one")).record, false);
  await api.delete("/v3/config/paths/delete/site/one");
  ok((await publisher.ended).code !== 0, "its publisher has to go");
  await api.delete("/v3/config/paths/delete/site/one", 404);
  await api.patch("/v3/config/paths/patch/site/one", {}, 404);
  await api.get("/v3/config/paths/get/site/one", 404);
  await api.get("/v3/paths/get/site/one", 404);
}

async function changeGlobals(api: ApiClient): Promise<void> {
  await api.patch("/v3/config/global/patch", { logLevel: "info" });
  equal((await api.get("/v3/config/global/get")).logLevel, "info");
  await api.patch("/v3/config/pathdefaults/patch", { maxReaders: 50 });
  equal((await api.get("/v3/config/pathdefaults/get")).maxReaders, 50);
  match((await api.patch("/v3/config/global/patch", { noSuchKey: 1 }, 400)).error, /noSuchKey/);
  match((await api.patch("/v3/config/global/patch", { readTimeout: "soon" }, 400)).error, /readTimeout/);
  match((await api.patch("/v3/config/global/patch", { paths: {} }, 400)).error, /paths/);
  const overlay = await api.get("/v3/config/overlay");
  match(JSON.stringify(overlay), /"logLevel":"info"/);
  await api.delete("/v3/config/overlay");
  equal((await api.get("/v3/config/global/get")).logLevel, "debug");
}

async function expectSecrets(api: ApiClient, server: TestServer): Promise<void> {
  await api.get("/v3/config/paths/list");
  for (const name of ["pass", "url", "cdn", "ice", "srt1", "srt2"]) {
    const holds = (text: string) => text.includes(secret(name)) || text.includes(btoa(secret(name)));
    equal(api.texts.filter(holds), [], `the API tells the secret ${name}`);
    equal(server.log.lines.filter(holds), [], `the log tells the secret ${name}`);
  }
}

Deno.test("the control API beside real clients", async (t) => {
  await using certificate = await createCertificate();
  await using media = new MediaFolder(fileSeconds);
  const file = await media.file(["h264", "aac"]);
  await using server = await TestServer.start({
    config: configuration(certificate),
    expectedErrors: /\[API\]|RTSP source/,
  });
  equal((await fetch(`${server.apiUrl}/v3/info`)).status, 401);
  const api = await ApiClient.open(server.apiUrl, credentials);
  await t.step("nothing is there", async () => {
    await api.get("/v3/info");
    await api.get("/v3/paths/list");
    await api.post("/v3/auth/jwks/refresh");
    await expectEmpty(api);
  });
  const firstOnline = await api.listen("pathOnline");
  await using rtspPublisher = ffmpegPublish(file, server.rtspUrl("cam"), "TCP");
  await using rtmpPublisher = ffmpegPublish(file, server.rtmpUrl("live/a"), "RTMP");
  await server.published("cam");
  match(await firstOnline(), /^event: pathOnline$/m);
  await server.published("live/a");
  await using tcp = reader("TCP reader", "-rtsp_transport", "tcp", "-i", server.rtspUrl("cam"));
  await using udp = reader("UDP reader", "-rtsp_transport", "udp", "-i", server.rtspUrl("cam"));
  await using rtmp = reader("RTMP reader", "-rtmp_live", "live", "-i", server.rtmpUrl("cam"));
  await using rtsps = reader("RTSPS reader", "-rtsp_transport", "tcp", "-i", server.rtspsUrl("cam"));
  await using rtmps = reader("RTMPS reader", "-rtmp_live", "live", "-i", server.rtmpsUrl("cam"));
  await using srt = reader("SRT reader", "-i", server.srtUrl("read:cam"));
  await using whep = await WhepPlayer.open("WHEP reader", server.ports.webrtc, "cam");
  await using hls = reader("HLS reader", "-i", server.hlsUrl("cam/index.m3u8"));
  await t.step("paths and readers have figures", () => expectFigures(api));
  await t.step("lists have counters", () => expectCounters(api));
  await t.step("globals change", () => changeGlobals(api));
  await t.step("kicks end clients", async () => {
    await kickReaders(api);
    for (const client of [tcp, rtmp, rtsps, rtmps, srt]) {
      equal((await client.ended).timedOut, false, client.name);
    }
    await whep.notices("kick");
    await eventually(
      "the readers to be gone",
      () => api.get("/v3/paths/get/cam"),
      ({ readers }) => readers.every(({ type }) => type === "hlsSession"),
    );
    equal((await api.get("/v3/paths/get/cam")).ready, true, "the publisher stays");
    await api.post(`/v3/rtmpconns/kick/${(await one(api, "rtmpconns", "live/a")).id}`);
    equal((await rtmpPublisher.ended).timedOut, false);
    const { source } = await api.get("/v3/paths/get/cam");
    await api.post(`/v3/rtspsessions/kick/${source!.id}`);
    equal((await rtspPublisher.ended).timedOut, false);
  });
  await udp.interrupt();
  await hls.interrupt();
  await t.step("paths come and go", () => changePaths(api, server, file));
  await t.step("secrets are told nobody", () => expectSecrets(api, server));
  const missing = api.contract.operations.filter((each) => !api.contract.seen.has(each));
  equal(missing, [], "operations that were never answered");
});
