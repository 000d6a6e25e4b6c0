import { equal } from "../../support/assert.ts";

type Entry = Readonly<Record<string, unknown>>;
type Report = ReadonlyMap<string, Entry>;

interface Statistics {
  figures(
    report: Report,
    before: Report | null,
    role: string,
  ): Record<string, Entry | null | number | string>;
  figureRows(figures: Entry, role: string): [string, string][];
}

/** Not by its name: the module belongs to the browser's world of types. */
const { figures, figureRows }: Statistics = await import(
  String(new URL("../../../web/webrtc/statistics.js", import.meta.url))
);

const report = (...entries: Entry[]): Report => new Map(entries.map((entry) => [String(entry.id), entry]));

const route = [
  { id: "T", type: "transport", selectedCandidatePairId: "P" },
  {
    id: "P",
    type: "candidate-pair",
    localCandidateId: "L",
    remoteCandidateId: "R",
    currentRoundTripTime: 0.012,
  },
  { id: "L", type: "local-candidate", protocol: "udp", candidateType: "prflx" },
  { id: "R", type: "remote-candidate", protocol: "udp", candidateType: "host" },
];
const codecs = [
  { id: "CV", type: "codec", mimeType: "video/H264" },
  { id: "CA", type: "codec", mimeType: "audio/opus" },
];

const videoIn = {
  id: "V",
  type: "inbound-rtp",
  kind: "video",
  codecId: "CV",
  timestamp: 1000,
  frameWidth: 640,
  frameHeight: 360,
  framesPerSecond: 25,
  bytesReceived: 1000,
  packetsReceived: 100,
  packetsLost: 0,
  jitter: 0.004,
  jitterBufferDelay: 1,
  jitterBufferEmittedCount: 20,
  framesDecoded: 20,
  nackCount: 0,
  pliCount: 1,
};
const later = {
  ...videoIn,
  timestamp: 2000,
  bytesReceived: 251_000,
  packetsReceived: 190,
  packetsLost: 10,
  jitterBufferDelay: 3,
  jitterBufferEmittedCount: 45,
  nackCount: 7,
  freezeCount: 2,
};

Deno.test("statistics of a reader: rates are those since the report before", () => {
  const first = report(videoIn, ...codecs, ...route);
  const { video, audio, rttMs, route: text } = figures(report(later, ...codecs, ...route), first, "reading");
  equal(video, {
    codec: "H264",
    width: 640,
    height: 360,
    fps: 25,
    bitrate: 2_000_000,
    lost: 10,
    lossRatio: 0.1,
    jitterMs: 4,
    delayMs: 80,
    nacks: 7,
    plis: 1,
    firs: 0,
    packets: 190,
    decoded: 20,
    freezes: 2,
    limitation: "",
    layers: 1,
  });
  equal([audio, rttMs, text], [null, 12, "udp, prflx to host"]);
  equal(figureRows(figures(report(later, ...codecs, ...route), first, "reading"), "reading"), [
    ["Video", "H264, 640 × 360, 25 fps"],
    ["Video bitrate", "2.00 Mbit/s"],
    ["Video loss", "10.0 %, 10 of 200 packets"],
    ["Video jitter", "4.0 ms"],
    ["Video delay", "80 ms"],
    ["Repairs", "7 NACK, 1 PLI, 0 FIR"],
    ["Freezes", "2"],
    ["Round trip", "12 ms"],
    ["Route", "udp, prflx to host"],
  ]);
});

Deno.test("statistics: the first report has no bitrate, and an unconnected one nearly nothing", () => {
  const { video } = figures(report(videoIn, ...codecs), null, "reading");
  equal(Reflect.get(Object(video), "bitrate"), null);
  equal(figures(report(), null, "reading"), { video: null, audio: null, rttMs: null, route: "" });
  equal(figureRows({ video: null, audio: null, rttMs: null, route: "" }, "reading"), []);
});

Deno.test("statistics of a reader: retransmissions that fill gaps are no negative loss", () => {
  const repaired = { ...later, packetsLost: -3 };
  const { video } = figures(report(repaired, ...codecs), report(videoIn), "reading");
  equal(Reflect.get(Object(video), "lossRatio"), 0);
});

const layer = (rid: string, frameHeight: number, bytesSent: number, timestamp: number) => ({
  id: `O${rid}`,
  type: "outbound-rtp",
  kind: "video",
  rid,
  codecId: "CV",
  timestamp,
  frameWidth: frameHeight * 2,
  frameHeight,
  framesPerSecond: 30,
  bytesSent,
  packetsSent: bytesSent / 1000,
  nackCount: 1,
  pliCount: 2,
  qualityLimitationReason: rid === "h" ? "bandwidth" : "none",
});

Deno.test("statistics of a publisher: layers are added up, size and limitation are those of the largest", () => {
  const told = {
    id: "RI",
    type: "remote-inbound-rtp",
    kind: "video",
    localId: "Oh",
    packetsLost: 4,
    fractionLost: 0.02,
  };
  const before = report(layer("l", 90, 0, 0), layer("h", 360, 0, 0), layer("m", 180, 0, 0));
  const now = report(
    layer("l", 90, 10_000, 1000),
    layer("h", 360, 100_000, 1000),
    layer("m", 180, 0, 1000),
    { ...layer("off", 720, 0, 1000), active: false },
    { id: "A", type: "outbound-rtp", kind: "audio", codecId: "CA", timestamp: 1000, bytesSent: 4000 },
    told,
    ...codecs,
    ...route,
  );
  equal(figureRows(figures(now, before, "publishing"), "publishing"), [
    ["Video", "H264, 720 × 360, 30 fps"],
    ["Video bitrate", "880 kbit/s, 2 layers"],
    ["Reduced as", "the network is too slow"],
    ["Audio", "opus"],
    ["Video loss", "2.0 %, 4 of 114 packets"],
    ["Audio loss", "0 of 0 packets"],
    ["Repairs", "3 NACK, 6 PLI, 0 FIR"],
    ["Round trip", "12 ms"],
    ["Route", "udp, prflx to host"],
  ]);
});
