/** Publishers that send rubbish: their connection may end, nothing else may happen, whoever reads. */
import { UserError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { MediaMessage } from "../../../src/protocols/rtmp/engine/link.ts";
import { planTracks } from "../../../src/protocols/rtmp/fanout/plan.ts";
import { RtmpFanout } from "../../../src/protocols/rtmp/fanout/rtmp_fanout.ts";
import { Ingest } from "../../../src/protocols/rtmp/ingest.ts";
import { mediasOfTracks, TrackProbe } from "../../../src/protocols/rtmp/tracks/probe.ts";
import { Sink } from "../../../src/stream/sink.ts";
import { Stream } from "../../../src/stream/stream.ts";
import type { Unit } from "../../../src/stream/unit.ts";
import { equal, ok } from "../../support/assert.ts";
import { fuzzRuns, mutate } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";
import {
  aacFrame,
  aacHeader,
  audio,
  av1Config,
  avcHeader,
  interFrame,
  keyFrame,
  video,
} from "./support/messages.ts";

const av1 = "61763031";
const vp9 = "76703039";
const opusHeader = "4f70757348656164" + "0102380180bb0000000000";
const flacHeader = "664c6143" + "80000022" + "1000100000000e0000100ac442f0" + "00".repeat(20);

/** Of each publisher: its sequence headers, then its frames. */
const publishers: readonly (readonly MediaMessage[])[] = [
  [video(0, avcHeader), audio(0, aacHeader), video(0, keyFrame), audio(0, aacFrame), video(40, interFrame)],
  [
    video(0, "90" + av1 + av1Config),
    video(0, "91" + av1 + av1Config.slice(8) + "32021000"),
    video(40, "a1" + av1 + "32021000"),
  ],
  [
    video(0, "90" + vp9 + "01000000000a820202020000"),
    video(0, "93" + vp9 + "82498342000013f00b700038241c1842"),
    video(40, "a3" + vp9 + "8600"),
  ],
  [audio(0, "904f707573" + opusHeader), audio(0, "914f707573fcfffe")],
  [audio(0, "90664c6143" + flacHeader), audio(0, "91664c6143fff8c9a8")],
  [audio(0, "2ffffb9064" + "00".repeat(413)), audio(26, "2ffffb9064" + "00".repeat(413))],
  [audio(0, "3f00010203"), audio(10, "3f00010203")],
  [
    audio(0, "72d5d5"),
    audio(0, "9501" + "6d703461" + "01" + "2110"),
    audio(0, "9500" + "6d703461" + "01" + "1210"),
  ],
];

function sinkOf(bytes: { count: number }): Sink {
  const tryWrite = (chunk: Uint8Array) => {
    bytes.count += chunk.length;
    return chunk.length;
  };
  const fail = (error: unknown) => {
    throw error;
  };
  return new Sink(
    { tryWrite, write: () => Promise.resolve() },
    { maxBytes: 1e9, maxChunks: 1e6, maxAgeMs: 1e6 },
    fail,
    () => {},
    () => 0,
  );
}

/** Null when there are no tracks. */
function open(start: readonly MediaMessage[]): { stream: Stream; ingest: Ingest } | null {
  const probe = new TrackProbe();
  for (const message of start) probe.push(message, 0);
  if (probe.tracks.length === 0) return null;
  const medias = mediasOfTracks(probe.tracks);
  const stream = new Stream({ medias, logger: silentLogger, gopCache: true, maxRtpPayload: 1200 });
  return { stream, ingest: new Ingest(stream, probe.tracks, () => {}) };
}

/** Everything that the readers of all protocols ask of units. */
function read(stream: Stream, units: readonly Unit[], bytes: { count: number }): void {
  stream.write(units, 0);
  for (const fourCcs of [[], ["*"]]) {
    const plan = planTracks(stream.tracks, new Set(fourCcs));
    if (plan.tracks.length === 0) continue;
    const fanout = stream.fanout(`rtmp ${fourCcs}`, () => new RtmpFanout(stream, plan));
    fanout.add(sinkOf(bytes), stream.cachedUnits);
  }
  stream.write(units, 40);
  for (const unit of units) for (const { payload } of unit.packets) bytes.count += payload.length;
}

Deno.test("RTMP: all publishers of this test can be read", () => {
  for (const [i, messages] of publishers.entries()) {
    const { stream, ingest } = open(messages)!;
    const units: Unit[] = [];
    for (const message of messages) ingest.receive(message, 0, units);
    const bytes = { count: 0 };
    read(stream, units, bytes);
    ok(units.length > 0 && bytes.count > 0, `publisher ${i}`);
  }
});

Deno.test("RTMP: broken media harms nobody but its publisher", () => {
  const random = new Random(3);
  let opened = 0;
  for (let run = 0; run < fuzzRuns / 3; run++) {
    const broken = random.pick(publishers).map((message): MediaMessage => {
      const isBroken = random.int(2) === 0;
      const timestamp = random.int(4) === 0 ? random.int(2 ** 31) * 2 : message.timestamp;
      return isBroken ? { ...message, timestamp, body: mutate(random, message.body) } : message;
    });
    try {
      const publisher = open(broken);
      if (publisher === null) continue;
      opened++;
      const units: Unit[] = [];
      for (const message of [...broken, ...broken]) publisher.ingest.receive(message, 0, units);
      read(publisher.stream, units, { count: 0 });
    } catch (error) {
      if (error instanceof UserError) continue;
      throw new Error(`run ${run} of ${JSON.stringify(broken)}`, { cause: error });
    }
  }
  ok(opened > 100);
});

Deno.test("RTMP: messages without a body are passed over", () => {
  const messages = [video(0, avcHeader), video(0, ""), video(0, keyFrame), audio(0, "")];
  const probe = new TrackProbe();
  for (const message of messages) probe.push(message, 0);
  equal(probe.problems, []);
  const problems: string[] = [];
  const { stream } = open(messages)!;
  const ingest = new Ingest(stream, probe.tracks, (text) => problems.push(text));
  for (const message of messages) ingest.receive(message, 0, []);
  equal(problems, []);
});
