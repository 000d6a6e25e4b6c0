/** From units to samples. */
import type { Codec } from "../../../../src/codecs/codec.ts";
import { serializeAudioMuxElement } from "../../../../src/codecs/latm/audio_mux_element.ts";
import {
  serializeStreamMuxConfig,
  streamMuxConfigFromAac,
} from "../../../../src/codecs/latm/stream_mux_config.ts";
import { selectTracks } from "../../../../src/protocols/hls/engine/input/select.ts";
import { Track } from "../../../../src/stream/track.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal, fromHex, hex } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { parseMediaPlaylist } from "../support/media_playlist.ts";
import {
  aacConfig,
  aacTrack,
  audioTrack,
  audioUnits,
  h264Track,
  interleave,
  pps,
  sps,
  spsWithLevel,
  videoUnits,
} from "../support/synthetic.ts";
import { createMuxer, playlist, validate } from "./support.ts";

function inputOf(track: Track) {
  return selectTracks([track], "lowLatency").selected[0].input;
}

function read(track: Track, units: readonly (readonly Uint8Array[])[]) {
  const input = inputOf(track);
  return {
    input,
    samples: units.map((payload, i) => input.read(Unit.fromPayload(track, i * 3600, i * 40, payload))),
  };
}

const idr = fromHex("658884");
const slice = fromHex("419a01");
const delimiter = fromHex("09f0");
/** pic_parameter_set_id 1. */
const secondPps = fromHex("685b83cb");

Deno.test("H264: described parameter sets, delimiters and sets of the init segment left out", () => {
  const { input, samples } = read(h264Track(0), [[slice], [delimiter, sps, pps, idr], [slice], [delimiter]]);
  equal(samples.map((of) => of.map(({ payload }) => payload.map(hex))), [[], [["658884"]], [["419a01"]], []]);
  equal(samples.map((of) => of[0]?.randomAccess), [undefined, true, false, undefined]);
  equal(input.codecString, "avc1.64000a");
  equal(input.codec, { name: "H264", width: 64, height: 48, sps: [sps], pps: [pps] });
});

Deno.test("H264: a second picture parameter set is kept where it stands until a key frame has it", () => {
  const { input, samples } = read(h264Track(0), [
    [sps, pps, idr],
    [secondPps, slice],
    [sps, pps, idr],
    [sps, pps, secondPps, idr],
    [slice],
  ]);
  equal(samples.map(([{ payload }]) => payload.map(hex)), [
    ["658884"],
    ["685b83cb", "419a01"],
    ["658884"],
    ["658884"],
    ["419a01"],
  ]);
  equal(input.codec?.name === "H264" && input.codec.pps.map(hex), [hex(pps), hex(secondPps)]);
});

Deno.test("H264: the same parameters again are no change, others are", () => {
  const track = h264Track(0);
  const input = inputOf(track);
  const codecs = [sps, sps, spsWithLevel(11)].map((set, i) => {
    input.read(Unit.fromPayload(track, i * 3600, 0, [set, pps, idr]));
    return input.codec;
  });
  equal([codecs[0] === codecs[1], codecs[1] === codecs[2]], [true, false]);
  equal(input.codecString, "avc1.64000b");
});

Deno.test("H264: parameter sets in units of their own belong to the next picture", () => {
  const track = h264Track(0);
  const errors: string[] = [];
  track.reportError = (text) => errors.push(text);
  const input = inputOf(track);
  const changed = spsWithLevel(11);
  // Cameras exist that set the marker on every NAL unit; all have the time of the key frame.
  const groups = [[[sps], [pps], [idr]], [[slice]], [[changed], [pps], [idr]], [[secondPps], [slice]], [[
    slice,
  ]]];
  const samples = groups.flatMap((units, i) =>
    units.flatMap((payload) => input.read(Unit.fromPayload(track, i * 3600, i * 40, payload)))
  );
  equal(samples.map(({ payload }) => payload.map(hex)), [
    ["658884"],
    ["419a01"],
    ["658884"],
    ["685b83cb", "419a01"],
    ["419a01"],
  ]);
  equal(samples.map(({ pts }) => pts), [0, 3600, 7200, 10800, 14400]);
  equal(input.codecString, "avc1.64000b");
  equal(input.codec, { name: "H264", width: 64, height: 48, sps: [changed], pps: [pps] });
  equal(errors, []);
});

Deno.test("H264: a broken parameter set is reported and changes nothing", () => {
  const track = h264Track(0);
  const errors: string[] = [];
  track.reportError = (text) => void errors.push(text);
  const { samples, input } = read(track, [[sps, pps, idr], [fromHex("67"), pps, idr]]);
  equal(errors.length > 0, true);
  equal([samples[1].length, input.codecString], [1, "avc1.64000a"]);
});

Deno.test("LATM becomes AAC, with the config described or in band", () => {
  const mux = streamMuxConfigFromAac(aacConfig);
  for (const configInBand of [false, true]) {
    const codec: Codec = {
      name: "MPEG-4 Audio LATM",
      profileLevelId: 1,
      configInBand,
      ...configInBand ? {} : { streamMuxConfig: serializeStreamMuxConfig(mux), config: aacConfig },
    };
    const track = audioTrack(0, codec, 48000);
    const input = inputOf(track);
    const frames = [fromHex("010203"), fromHex("0405")];
    const payload = frames.map((frame) => serializeAudioMuxElement([frame], mux, configInBand));
    const samples = input.read(Unit.fromPayload(track, 100, 5, payload));
    equal(samples.map(({ payload, dts }) => [hex(payload[0]), dts]), [["010203", 100], ["0405", 1124]]);
    equal([input.codecString, input.sampleDuration], ["mp4a.40.2", 1024]);
  }
});

Deno.test("Opus packets in one unit follow each other by their own durations", () => {
  const track = audioTrack(0, { name: "Opus", channelCount: 2 }, 48000);
  const [ten, twenty, broken] = [fromHex("7001"), fromHex("7801"), fromHex("03")];
  const samples = inputOf(track).read(Unit.fromPayload(track, 0, 0, [ten, twenty, broken, ten]));
  equal(samples.map(({ dts, ntp }) => [dts, ntp]), [[0, 0], [480, 10], [1440, 30]]);
});

Deno.test("the better video is taken, all audio that HLS knows", () => {
  const video = (id: number, name: "AV1" | "VP9") => new Track(id, id, "video", { name }, 96, 90000, 1400);
  const flac = (fmtp: string) => audioTrack(3, { name: "FLAC", rtpmap: "flac/48000", fmtp }, 48000);
  const info = `streaminfo=${"10001000".padEnd(68, "0")}`;
  const tracks = [h264Track(0), video(1, "VP9"), aacTrack(2), flac(info), flac(""), video(5, "AV1")];
  const { selected, skipped } = selectTracks(tracks, "fmp4");
  equal(selected.map(({ track }) => track.codec.name), ["AV1", "MPEG-4 Audio", "FLAC"]);
  equal(skipped.length, 3);
});

Deno.test("audio that changes its parameters: a discontinuity in all renditions, and a new init segment", async () => {
  const tracks = [h264Track(0), aacTrack(1)];
  const muxer = createMuxer(tracks, { segmentCount: 12 });
  const random = new Random(5);
  const before = audioUnits(tracks[1], random, { seconds: 4.5, samplesPerFrame: 1024 });
  const after = audioUnits(tracks[1], random, { seconds: 10, samplesPerFrame: 1024, silence: [0, 4.5] });
  const video = videoUnits(tracks[0], random, { frames: 250, frameRate: 25, keyInterval: 25 });
  const early = interleave(video.filter(({ at }) => at < 4.5), before);
  const late = interleave(video.filter(({ at }) => at >= 4.5), after);
  const names = { video: "video1_stream.m3u8", audio: "audio2_stream.m3u8" };
  const options = {
    [names.video]: { video: true, regular: true },
    [names.audio]: { video: false, regular: false },
  };
  equal((await validate(muxer, early, options))[names.audio].problems, []);
  tracks[1].codec = aacTrack(1, { ...aacConfig, channelCount: 1 }).codec;
  const validators = await validate(muxer, late, options);
  equal([validators[names.video].problems, validators[names.audio].problems], [[], []]);
  const discontinuities = Object.values(names).map((name) =>
    parseMediaPlaylist(playlist(muxer, name)!).segments.filter((one) => one.discontinuity).map((
      { msn, map },
    ) => [msn, map])
  );
  equal(discontinuities, [
    [[12, "0123456789ab_video1_init.mp4"]],
    [[12, "0123456789ab_audio2_init1.mp4"]],
  ]);
});
