import { LiveStatistics } from "../../src/admin/live/mod.ts";
import type { PathSnapshot } from "../../src/paths/mod.ts";
import type { RtspSessionSnapshot } from "../../src/protocols/rtsp/mod.ts";
import { TrackFlow } from "../../src/stream/track_flow.ts";
import { Unit } from "../../src/stream/unit.ts";
import { equal } from "../support/assert.ts";
import { createTracks, nal } from "../stream/support.ts";
import { pathSnapshot, rtspSession } from "./support.ts";

const id = "11111111-0000-4000-8000-000000000000";

class Sampled {
  now = 0;
  paths: PathSnapshot[] = [];
  sessions: RtspSessionSnapshot[] = [];
  readonly live = new LiveStatistics({
    paths: () => this.paths,
    clients: () => ({ rtspsessions: { list: () => this.sessions } }),
    now: () => this.now,
  });

  after(ms: number): void {
    this.now += ms;
    this.live.sample();
  }
}

Deno.test("live: rates of a path and its tracks over the last seconds", () => {
  const sampled = new Sampled();
  const { video, audio } = createTracks();
  const tracks = [video, audio];
  sampled.paths = [pathSnapshot({ name: "cam", tracks, readers: [id], inboundBytes: 0 })];
  sampled.sessions = [rtspSession(id, { queuedBytes: 77 })];
  sampled.after(0);
  equal(sampled.live.path("cam"), null);
  video.flow.units += 50;
  video.flow.bytes += 1000;
  audio.flow.bytes += 100;
  sampled.paths = [pathSnapshot({ name: "cam", tracks, readers: [id], inboundBytes: 2000 })];
  sampled.after(2000);
  equal(sampled.live.path("cam"), {
    inboundBitrate: 8000,
    outboundBitrate: 16000,
    queuedBytes: 77,
    tracks: [
      { codec: "H264", bitrate: 4000, frameRate: 25, keyFrameInterval: null },
      { codec: "Opus", bitrate: 400, frameRate: null, keyFrameInterval: null },
    ],
  });
  // What lies more than five samples back does not count.
  for (let i = 0; i < 6; i++) sampled.after(1000);
  equal(sampled.live.path("cam")?.inboundBitrate, 0);
});

Deno.test("live: losses, drops and what waits of a client", () => {
  const sampled = new Sampled();
  const counters = { outboundRTPPackets: 100, outboundRTPPacketsReportedLost: 0, inboundRTPPacketsLost: 0 };
  sampled.sessions = [rtspSession(id, counters)];
  sampled.after(0);
  sampled.sessions = [rtspSession(id, {
    ...counters,
    outboundBytes: 1006,
    outboundRTPPackets: 300,
    outboundRTPPacketsReportedLost: 20,
    outboundRTPPacketsDiscarded: 30,
    inboundRTPPackets: 11,
    inboundRTPPacketsLost: 1,
    queuedBytes: 9,
  })];
  sampled.after(2000);
  equal(sampled.live.client(id), {
    inboundBitrate: 0,
    outboundBitrate: 4000,
    inboundLoss: 0.1,
    outboundLoss: 0.1,
    discardRate: 15,
    queuedBytes: 9,
  });
});

Deno.test("live: what begins anew or goes away leaves nothing behind", () => {
  const sampled = new Sampled();
  const path = (inboundBytes: number) => [pathSnapshot({ name: "cam", inboundBytes })];
  sampled.paths = path(5000);
  sampled.sessions = [rtspSession(id)];
  sampled.after(0);
  sampled.after(1000);
  equal(sampled.live.path("cam")?.inboundBitrate, 0);
  sampled.paths = path(10);
  sampled.after(1000);
  equal(sampled.live.path("cam"), null, "another stream");
  sampled.paths = path(20);
  sampled.after(1000);
  equal(sampled.live.path("cam")?.inboundBitrate, 80);
  sampled.paths = [pathSnapshot({ name: "cam", available: false })];
  sampled.sessions = [];
  sampled.after(1000);
  equal([sampled.live.path("cam"), sampled.live.client(id)], [null, null]);
});

Deno.test("live: the sampler runs as long as somebody holds it", async () => {
  const sampled = new Sampled();
  const first = sampled.live.hold();
  const second = sampled.live.hold();
  sampled.paths = [pathSnapshot({ name: "cam" })];
  sampled.after(0);
  sampled.after(1000);
  await first();
  await first();
  equal(sampled.live.path("cam") === null, false);
  await second();
  equal(sampled.live.path("cam"), null);
});

Deno.test("live: key frames of video tell their distance, audio does not", () => {
  const { video, audio } = createTracks();
  const flow = new TrackFlow();
  const intervals: (number | null)[] = [];
  for (const [type, pts] of [[5, 0], [1, 3000], [5, 180_000], [1, 183_000], [5, 225_000]] as const) {
    flow.add(Unit.fromPayload(video, pts, 0, [nal(type)]), 10);
    intervals.push(flow.keyFrameInterval);
  }
  equal(intervals, [null, null, 2, 2, 0.5]);
  equal([flow.units, flow.bytes], [5, 50]);
  audio.flow.add(Unit.fromPayload(audio, 0, 0, [nal(5)]), 10);
  audio.flow.add(Unit.fromPayload(audio, 960, 0, [nal(5)]), 10);
  equal(audio.flow.keyFrameInterval, null);
});
