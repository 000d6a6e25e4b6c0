/** The interop tests must fail when frames are missing: these are the judges. */
import { ok, rejects, throws } from "../support/assert.ts";
import { Client } from "./support/client.ts";
import { type DecodedFrame, expectComplete } from "./support/evidence.ts";
import { isReadComplaint, parseFrameList } from "./support/ffmpeg.ts";
import { isReadComplaint as isGstreamerComplaint } from "./support/gstreamer.ts";
import { expectOrder } from "./support/packet_order.ts";
import { equal } from "../support/assert.ts";

const frames = (count: number, without: readonly number[] = []): DecodedFrame[] =>
  Array.from({ length: count }, (_, i) => ({ at: 40 * i, duration: 40 })).filter((_, i) =>
    !without.includes(i)
  );
const video = (list: readonly DecodedFrame[], allowedSteps = 0) => ({
  tracks: [{ kind: "video" as const, frames: list, allowedSteps }],
  complaints: [],
});

Deno.test("evidence: complete tracks pass, everything else does not", () => {
  expectComplete(video(frames(60)), ["video"]);
  throws(() => expectComplete(video(frames(60, [30])), ["video"]), /40.0 ms missing before frame 30/);
  throws(() => expectComplete(video(frames(60, [10, 30]), 1), ["video"]), /missing before frame 29/);
  expectComplete(video(frames(60, [30]), 1), ["video"]);
  throws(() => expectComplete(video(frames(20)), ["video"]), /only 20 frames/);
  throws(() => expectComplete(video(frames(60)), ["video", "audio"]), /only 0 frames, 0 ms, of audio/);
  throws(
    () => expectComplete({ ...video(frames(60)), complaints: ["x"] }, ["video"]),
    /complained:\nx\n60 frames, 2360 ms, of video/,
  );
});

Deno.test("evidence: a gap of the client's clock is made up, one of frames is not", () => {
  const late = (list: readonly DecodedFrame[], from: number, ms: number, each: number) =>
    list.map((frame, i) => ({ ...frame, at: frame.at + Math.max(0, i < from ? 0 : ms - each * (i - from)) }));
  const judge = (list: readonly DecodedFrame[]) =>
    expectComplete({ tracks: [{ kind: "video", frames: list, slaved: true }], complaints: [] }, ["video"]);
  judge(late(frames(60), 10, 200, 8));
  throws(() => expectComplete(video(late(frames(60), 10, 200, 8)), ["video"]), /200.0 ms missing/);
  throws(() => judge(late(frames(60), 10, 200, 1)), /200.0 ms missing/);
  throws(() => judge(frames(60, [30])), /40.0 ms missing/);
  throws(() => judge(late(frames(60, [10]), 10, 200, 8)), /240.0 ms missing/);
});

Deno.test("FFmpeg's frame list becomes milliseconds per track", () => {
  const lines = [
    "#software: Lavf59",
    "#tb 0: 1/1000",
    "#media_type 0: video",
    "#tb 1: 1/48000",
    "#media_type 1: audio",
    "0,         40,         40,       40,   115200, 0x1",
    "1,       4800,       4800,     1024,     4096, 0x2",
  ];
  equal(parseFrameList(lines), [
    { kind: "video", frames: [{ at: 40, duration: 40 }] },
    { kind: "audio", frames: [{ at: 100, duration: 1024 / 48 }] },
  ]);
});

Deno.test("FFmpeg's lost packets are a complaint, its probing is not", () => {
  ok(isReadComplaint("[rtsp @ 0x55] RTP: missed 3 packets"));
  ok(isReadComplaint("[rtsp @ 0x55] max delay reached. need to consume packet"));
  ok(!isReadComplaint("[h264 @ 0x55] Missing reference picture, default is 0"));
});

Deno.test("GStreamer's end of a stream is a complaint, its order of pads is not", () => {
  const rtspsrc = "WARNING: from element /GstPipeline:pipeline0/GstRTSPSrc:s:";
  ok(isGstreamerComplaint(`${rtspsrc} Could not read from resource.`));
  ok(isGstreamerComplaint("WARNING: from element /GstPipeline:p/GstDecodeBin:d: Delayed linking failed."));
  ok(!isGstreamerComplaint(`${rtspsrc} Delayed linking failed.`));
  const srtsrc = "WARNING: from element /GstPipeline:pipeline0/GstSRTSrc:srtsrc0: Error on SRT socket:";
  ok(!isGstreamerComplaint(`${srtsrc} Connection timeout. Trying to reconnect`));
  ok(isGstreamerComplaint(`${srtsrc} Connection was broken. Trying to reconnect`));
  ok(!isGstreamerComplaint("failed delayed linking some pad of GstRTSPSrc named s"));
});

Deno.test("a client that does not end is ended", async () => {
  await using client = new Client("sleep", "sleep", ["60"], { timeLimitMs: 50 });
  ok((await client.ended).timedOut);
  await rejects(client.errors.waitFor(/never/, 1000), /ended without a line/);
});

Deno.test("order of packets: decoding times rise, and every frame is there", () => {
  const plain = (count: number) => Array.from({ length: count }, (_, i) => ({ pts: 40 * i, dts: 40 * i }));
  /** I P B B P B B …: decoded in steps of 40, shown one frame late. */
  const withB = plain(60).map(({ dts }, i) => ({ dts, pts: dts + (i === 0 ? 40 : [0, 120, 0][i % 3]) }));
  expectOrder(plain(60), false);
  expectOrder(withB, true);
  throws(() => expectOrder(plain(60), true), /no frame is shown out of order/);
  throws(() => expectOrder(plain(20), false), /only 20 packets/);
  throws(() => expectOrder(withB.toSpliced(30, 1), true), /80 ms after/);
  throws(() => expectOrder(plain(60).toSpliced(30, 1), false), /80 ms after/);
  throws(() => expectOrder(plain(60).toSpliced(10, 1), false), /80 ms after/);
  expectOrder(plain(60).toSpliced(10, 1), false, 1000);
  throws(() => expectOrder(withB.map(({ pts }) => ({ pts, dts: pts })), true), /is decoded at/);
  throws(() => expectOrder(plain(60).with(9, { pts: 350, dts: 360 }), false), /shown at 350/);
});
