import { MpegtsDemuxer } from "../../../src/containers/mpegts/demuxer.ts";
import { mpegtsWriter } from "../../../src/protocols/hls/mpegts_writer.ts";
import { equal, hex } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { createMuxer } from "./engine/support.ts";
import { aacTrack, audioUnits, h264Track, interleave, pps, sps, videoUnits } from "./support/synthetic.ts";

Deno.test("each segment of the mpegts variant can be read by itself", () => {
  const tracks = [h264Track(0), aacTrack(1)];
  const muxer = createMuxer(tracks, { variant: "mpegts", segmentCount: 3 }, {
    createWriter: mpegtsWriter,
  });
  const random = new Random(1);
  const units = interleave(
    videoUnits(tracks[0], random, { frames: 101, frameRate: 25, keyInterval: 25 }),
    audioUnits(tracks[1], random, { seconds: 5, samplesPerFrame: 1024 }),
  );
  muxer.write(units);
  for (const number of [1, 2, 3]) {
    const file = muxer.file(`0123456789ab_main_seg${number}.ts`);
    if (file.kind !== "file") throw new Error(`segment ${number} is ${file.kind}`);
    equal(file.bytes.length % 188, 0);
    equal(hex(file.bytes.subarray(0, 3)), "474000", "PAT in front");
    const demuxer = new MpegtsDemuxer();
    const events = [...demuxer.push(file.bytes), ...demuxer.flush()];
    equal(events.filter((event) => event.type === "error"), []);
    const frames = events.filter((event) => event.type === "unit");
    const video = frames.filter(({ track }) => track.codec.name === "H264");
    equal(video.length, 25);
    equal(video.map(({ randomAccess }) => randomAccess), video.map((_, i) => i === 0));
    equal(video[0].payload.slice(0, 2).map(hex), [hex(sps), hex(pps)]);
    equal(video.map(({ dts }) => dts - video[0].dts), video.map((_, i) => i * 3600));
    const audio = frames.filter(({ track }) => track.codec.name === "MPEG-4 Audio");
    equal(audio.reduce((sum, { payload }) => sum + payload.length, 0), 47);
  }
});
