import type { SegmentSample, SegmentWriterFactory } from "../../../../src/protocols/hls/engine/mod.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal, ok } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { parseMediaPlaylist } from "../support/media_playlist.ts";
import {
  aacTrack,
  audioUnits,
  h264Track,
  interleave,
  spsWithLevel,
  videoUnits,
} from "../support/synthetic.ts";
import { createMuxer, playlist } from "./support.ts";

/** A writer that only counts: what is in its segments is said in text. */
function countingWriter(log: string[]): SegmentWriterFactory {
  return (codecs) => {
    log.push(codecs.map(({ name }) => name).join());
    let samples: (SegmentSample & { track: number })[] = [];
    return {
      write: (track, sample) => void samples.push({ ...sample, track }),
      get size() {
        return samples.length;
      },
      finish() {
        const ofTrack = (track: number) => samples.filter((sample) => sample.track === track);
        const [video, audio] = [ofTrack(0), ofTrack(1)];
        log.push(`${video.length}+${audio.length} from ${video[0].pts}, ${video[0].randomAccess}`);
        const bytes = new Uint8Array(samples.length);
        samples = [];
        return bytes;
      },
    };
  };
}

Deno.test("mpegts: one rendition, cut at key frames, a new writer for new parameters", () => {
  const tracks = [h264Track(0), aacTrack(1), aacTrack(2)];
  const log: string[] = [];
  const muxer = createMuxer(tracks, { variant: "mpegts", segmentCount: 3 }, {
    createWriter: countingWriter(log),
  });
  equal(muxer.skipped, [tracks[2]]);
  const random = new Random(1);
  const spsAt = (frame: number) => spsWithLevel(frame < 50 ? 10 : 11);
  muxer.write(interleave(
    videoUnits(tracks[0], random, { frames: 101, frameRate: 25, keyInterval: 25, spsAt }),
    audioUnits(tracks[1], random, { seconds: 5, samplesPerFrame: 1024 }),
  ));
  equal(log, [
    "H264,MPEG-4 Audio",
    "25+47 from 900000, true",
    "25+47 from 990000, true",
    "H264,MPEG-4 Audio",
    "25+47 from 1080000, true",
    "25+47 from 1170000, true",
  ]);
  const listed = parseMediaPlaylist(playlist(muxer, "main_stream.m3u8")!);
  equal([listed.version, listed.mediaSequence, listed.partTarget], [3, 1, null]);
  equal(listed.segments.map(({ uri, duration, discontinuity }) => [uri, duration, discontinuity]), [
    ["0123456789ab_main_seg1.ts", 1, false],
    ["0123456789ab_main_seg2.ts", 1, true],
    ["0123456789ab_main_seg3.ts", 1, false],
  ]);
  const segment = muxer.file("0123456789ab_main_seg3.ts");
  ok(segment.kind === "file" && segment.contentType === "video/mp2t");
  ok(playlist(muxer, "main_stream.m3u8")!.includes("#EXT-X-ALLOW-CACHE:NO"));
  ok(
    playlist(muxer, "index.m3u8")!.includes(
      `CODECS="avc1.64000b,mp4a.40.2",RESOLUTION=64x48,FRAME-RATE=25.000`,
    ),
  );
});

Deno.test("mpegts: sound of another time than the picture's has no place in its segments", () => {
  const tracks = [h264Track(0), aacTrack(1)];
  const written: { readonly track: number; readonly dts: number }[] = [];
  const muxer = createMuxer(tracks, { variant: "mpegts", segmentCount: 3 }, {
    createWriter: () => ({
      write: (track, { dts }) => void written.push({ track, dts }),
      size: 0,
      finish: () => new Uint8Array(1),
    }),
  });
  const random = new Random(1);
  const video = { frames: 100, frameRate: 25, keyInterval: 25 };
  // The clock jumps ahead, 0.3 s earlier for the sound than for the picture.
  muxer.write(interleave(
    videoUnits(tracks[0], random, video),
    audioUnits(tracks[1], random, { seconds: 3.7, samplesPerFrame: 1024 }),
    videoUnits(tracks[0], random, { ...video, jump: { frame: 0, seconds: 500 } })
      .map(({ unit, at }) => ({ unit, at: at - 496 })),
    audioUnits(tracks[1], random, { seconds: 3.7, samplesPerFrame: 1024 })
      .map(({ unit: { track, pts, ntp, payload }, at }) => ({
        unit: Unit.fromPayload(track, pts + 500 * 48000, ntp, payload!),
        at: at + 3.7,
      })),
  ));
  let picture = 0;
  let sounds = 0;
  for (const { track, dts } of written) {
    if (track === 0) picture = dts;
    else sounds++;
    ok(Math.abs(dts - picture) < 90_000, `sound at ${dts}, picture at ${picture}`);
  }
  ok(sounds > 250, `${sounds} frames of sound`);
});
