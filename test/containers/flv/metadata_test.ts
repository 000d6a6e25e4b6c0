import { amf0EcmaArray, amf0Object } from "../../../src/containers/flv/amf0/value.ts";
import { readMetadata, writeMetadata } from "../../../src/containers/flv/metadata.ts";
import { parseScriptData, serializeScriptData } from "../../../src/containers/flv/script_data.ts";
import { equal, fromHex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

const nothing = {
  video: null,
  audio: null,
  width: null,
  height: null,
  frameRate: null,
  audioSampleRate: null,
  stereo: null,
  videoTracks: new Map(),
  audioTracks: new Map(),
};

Deno.test("metadata: numbers of FLV, as FFmpeg and OBS write them", () => {
  const value = amf0EcmaArray({
    duration: 0,
    width: 1280,
    height: 720,
    videodatarate: 2500,
    framerate: 30,
    videocodecid: 7,
    audiodatarate: 160,
    audiosamplerate: 48000,
    audiosamplesize: 16,
    stereo: true,
    audiocodecid: 10,
    encoder: "obs-output module",
  });
  equal(readMetadata(value), {
    ...nothing,
    video: 7,
    audio: 10,
    width: 1280,
    height: 720,
    frameRate: 30,
    audioSampleRate: 48000,
    stereo: true,
  });
});

Deno.test("metadata: FourCCs as numbers, names as text, nonsense", () => {
  equal(readMetadata(amf0Object({ videocodecid: 0x68766331, audiocodecid: 0x4f707573 })), {
    ...nothing,
    video: "hvc1",
    audio: "Opus",
  });
  equal(readMetadata(amf0Object({ videocodecid: "avc1", audiocodecid: "mp4a" })), {
    ...nothing,
    video: "avc1",
    audio: "mp4a",
  });
  equal(readMetadata(amf0Object({ videocodecid: "H264", audiocodecid: "aac" })), {
    ...nothing,
    video: 7,
    audio: 10,
  });
  equal(readMetadata(amf0Object({ videocodecid: 0, width: -3, framerate: NaN, stereo: 1, fps: 25 })), {
    ...nothing,
    frameRate: 25,
  });
  equal(readMetadata("text"), nothing);
  equal(readMetadata(amf0Object({ videocodecid: "toString" })), nothing);
});

Deno.test("metadata: tracks, written and read", () => {
  const metadata = {
    video: 7,
    audio: 10,
    videoTracks: new Map([[1, "av01"]]),
    audioTracks: new Map([[1, "mp4a"], [2, "Opus"]]),
  };
  equal(readMetadata(writeMetadata(metadata)), { ...nothing, ...metadata });
  equal(readMetadata(writeMetadata({ ...nothing, video: "hvc1" })), { ...nothing, video: "hvc1" });
  const odd = amf0Object({
    audioTrackIdInfoMap: amf0Object({ "x": amf0Object({}), "300": null, "3": null }),
  });
  equal(readMetadata(odd).audioTracks, new Map([[3, null]]));
});

Deno.test("script data: with and without the wish to keep it", () => {
  for (const keep of [true, false]) {
    const data = { name: "onMetaData", values: [amf0EcmaArray({ width: 2 })], keep };
    equal(parseScriptData(serializeScriptData(data)), data);
  }
  throws(() => parseScriptData(fromHex("05")), /script data/);
  throws(() => parseScriptData(new Uint8Array(0)), /script data/);
  fuzz("script data", [
    serializeScriptData({ name: "onMetaData", values: [amf0Object({ a: 1 })], keep: true }),
  ], (b) => void readMetadata(parseScriptData(b).values[0]));
});
