/** FFmpeg decodes what the HLS muxer made of real media of every codec, frame by frame and without a complaint. */
import type { Codec } from "../../src/codecs/codec.ts";
import { parseObuStream } from "../../src/codecs/av1/obu.ts";
import { parseLengthPrefixed } from "../../src/codecs/nal/length_prefixed.ts";
import type { Fmp4Codec, ReadSample } from "../../src/containers/fmp4/mod.ts";
import { concat } from "../../src/base/bytes.ts";
import { Track } from "../../src/stream/track.ts";
import { Unit } from "../../src/stream/unit.ts";
import { readFixture } from "../containers/fmp4/support.ts";
import { createMuxer, fetchFrom, playlist } from "../protocols/hls/engine/support.ts";
import { parseMediaPlaylist } from "../protocols/hls/support/media_playlist.ts";
import { PlaylistValidator } from "../protocols/hls/support/validator.ts";
import { equal, hex, ok } from "../support/assert.ts";

function streamCodec(codec: Fmp4Codec): { codec: Codec; clockRate: number } {
  switch (codec.name) {
    case "H264":
      return {
        codec: { name: "H264", sps: codec.sps[0], pps: codec.pps[0], packetizationMode: 1 },
        clockRate: 90000,
      };
    case "H265":
      return {
        codec: { name: "H265", vps: codec.vps[0], sps: codec.sps[0], pps: codec.pps[0] },
        clockRate: 90000,
      };
    case "AV1":
    case "VP9":
      return { codec: { name: codec.name }, clockRate: 90000 };
    case "Opus":
      return { codec: { name: "Opus", channelCount: codec.channelCount }, clockRate: 48000 };
    case "FLAC": {
      const fmtp = `streaminfo=${hex(codec.streamInfo)}`;
      return { codec: { name: "FLAC", rtpmap: "flac/48000", fmtp }, clockRate: 48000 };
    }
    case "MPEG-4 Audio": {
      const { config } = codec;
      return {
        codec: {
          name: "MPEG-4 Audio",
          config,
          sizeLength: 13,
          indexLength: 3,
          indexDeltaLength: 3,
          profileLevelId: 1,
        },
        clockRate: 48000,
      };
    }
    default:
      throw new Error(`no HLS for ${codec.name}`);
  }
}

function payload(codec: Fmp4Codec, sample: ReadSample): Uint8Array[] {
  if (codec.name === "H264" || codec.name === "H265") return parseLengthPrefixed(sample.data);
  return codec.name === "AV1" ? parseObuStream(sample.data) : [sample.data];
}

/** The fixture's samples over and over. */
function repeated(name: string, track: Track, seconds: number): Unit[] {
  const { track: { codec, timescale }, fragments } = readFixture(name);
  const units: Unit[] = [];
  for (let start = 0; start < seconds;) {
    let length = 0;
    for (const { tracks: [{ samples }] } of fragments) {
      for (const sample of samples) {
        const at = start + (length + sample.compositionOffset) / timescale;
        units.push(
          Unit.fromPayload(
            track,
            Math.round(at * track.clockRate),
            1.7e12 + at * 1000,
            payload(codec, sample),
          ),
        );
        length += sample.duration;
      }
    }
    start += length / timescale;
  }
  return units;
}

async function probe(file: string): Promise<{ frames: number; codec: string; complaints: string }> {
  const command = new Deno.Command("ffprobe", {
    args: [
      "-v",
      "warning",
      "-count_frames",
      "-show_entries",
      "stream=codec_name,nb_read_frames",
      "-of",
      "csv=p=0",
      file,
    ],
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const [codec, frames] = decoder.decode(stdout).trim().split(",");
  return { frames: Number(frames), codec, complaints: decoder.decode(stderr) };
}

const cases = [
  ["h264", "video", "h264"],
  ["h265", "video", "hevc"],
  ["av1", "video", "av1"],
  ["vp9", "video", "vp9"],
  ["aac", "audio", "aac"],
  ["opus", "audio", "opus"],
  ["flac", "audio", "flac"],
] as const;

for (const [name, kind, ffmpegName] of cases) {
  Deno.test(`HLS media of ${name} in FFmpeg`, async () => {
    const { codec, clockRate } = streamCodec(readFixture(name).track.codec);
    const track = new Track(0, 0, kind, codec, 96, clockRate, 1400);
    const errors: string[] = [];
    track.reportError = (text) => void errors.push(text);
    const muxer = createMuxer([track]);
    muxer.write(repeated(name, track, 6));
    equal(errors, []);
    const playlistName = `${kind}1_stream.m3u8`;
    const text = playlist(muxer, playlistName)!;
    const validator = new PlaylistValidator({
      fetchFile: fetchFrom(muxer),
      video: kind === "video",
      regular: false,
    });
    await validator.check(text);
    equal(validator.problems, []);
    const segments = parseMediaPlaylist(text).segments.filter(({ gap }) => !gap);
    ok(segments.length >= 4);
    const file = await Deno.makeTempFile({ suffix: ".mp4" });
    try {
      const fetch = fetchFrom(muxer);
      await Deno.writeFile(
        file,
        concat([fetch(segments[0].map!)!, ...segments.map(({ uri }) => fetch(uri)!)]),
      );
      const { frames, codec: found, complaints } = await probe(file);
      equal([found, complaints], [ffmpegName, ""]);
      ok(frames > 0);
      equal(frames, validator.samples - await openSamples(muxer, text));
    } finally {
      await Deno.remove(file);
    }
  });
}

/** Samples in the parts of the segment that is not complete. */
async function openSamples(muxer: ReturnType<typeof createMuxer>, text: string): Promise<number> {
  const counter = new PlaylistValidator({ fetchFile: fetchFrom(muxer), video: false, regular: false });
  const lines = text.split("\n");
  const lastSegment = lines.findLastIndex((line) => /_seg\d+\.mp4$/.test(line));
  const isMedia = (line: string) => /^#EXT-X-(PART:|GAP|PROGRAM|DISCONT)|^#EXTINF|^[^#]/.test(line);
  const head = lines.slice(0, lastSegment + 1).filter((line) => !isMedia(line));
  await counter.check([...head, ...lines.slice(lastSegment + 1)].join("\n"));
  return counter.samples;
}
