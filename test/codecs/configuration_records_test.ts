import { ParseError } from "../../src/base/errors.ts";
import {
  parseAv1ConfigurationRecord,
  serializeAv1ConfigurationRecord,
} from "../../src/codecs/av1/configuration_record.ts";
import {
  av1CodecString,
  avcCodecString,
  hevcCodecString,
  mpeg4AudioCodecString,
  vp9CodecString,
} from "../../src/codecs/codec_string.ts";
import { isFlacFrame, parseFlacStreamInfo } from "../../src/codecs/flac/stream_info.ts";
import {
  parseAvcConfigurationRecord,
  serializeAvcConfigurationRecord,
} from "../../src/codecs/h264/configuration_record.ts";
import {
  parseHevcConfigurationRecord,
  serializeHevcConfigurationRecord,
} from "../../src/codecs/h265/configuration_record.ts";
import { parseAudioSpecificConfig } from "../../src/codecs/mpeg4audio/audio_specific_config.ts";
import {
  parseVpConfigurationRecord,
  serializeVpConfigurationRecord,
} from "../../src/codecs/vp9/configuration_record.ts";
import { vp9Level } from "../../src/codecs/vp9/level.ts";
import { readFixture } from "../containers/fmp4/support.ts";
import { equal, fromHex, hex, throws } from "../support/assert.ts";
import { fuzz } from "../support/fuzz.ts";

/** x264, High profile, and the record that FFmpeg makes of it. */
const avcSps = "6764000aacd9447b011000000300100000030320f1225960";
const avcPps = "68ebe3cb22c0";
const avcRecord = `0164000affe10018${avcSps}010006${avcPps}fdf8f800`;
/** Constrained Baseline has no chroma fields. */
const baselineSps = "6742c01fd900780227e5c044000003000400000300f03c60c920";

const h265 = readFixture("h265").track.codec;
const av1 = readFixture("av1").track.codec;
const vp9 = readFixture("vp9").track.codec;
if (h265.name !== "H265" || av1.name !== "AV1" || vp9.name !== "VP9") throw new Error("fixtures");

Deno.test("avcC", () => {
  const sets = { sps: [fromHex(avcSps)], pps: [fromHex(avcPps)] };
  equal(hex(serializeAvcConfigurationRecord(sets.sps, sets.pps)), avcRecord);
  equal(parseAvcConfigurationRecord(fromHex(avcRecord)), {
    profileIdc: 100,
    constraints: 0,
    levelIdc: 10,
    lengthSize: 4,
    ...sets,
  });
});

Deno.test("avcC of a profile without chroma fields, two picture parameter sets", () => {
  const sps = [fromHex(baselineSps)];
  const pps = [fromHex("68cb83cb"), fromHex("685b83cb")];
  const record = serializeAvcConfigurationRecord(sps, pps);
  equal(hex(record), `0142c01fffe1001a${baselineSps}02000468cb83cb0004685b83cb`);
  equal(parseAvcConfigurationRecord(record).pps, pps);
});

Deno.test("records that are wrong name the field", () => {
  const table: [name: string, run: () => void, field: string][] = [
    ["version", () => parseAvcConfigurationRecord(fromHex("02")), "configurationVersion"],
    ["length of three", () => parseAvcConfigurationRecord(fromHex("0164000afee000")), "lengthSizeMinusOne"],
    [
      "cut off",
      () => parseAvcConfigurationRecord(fromHex("0164000affe10018")),
      "sequenceParameterSetNALUnit",
    ],
    ["no SPS", () => serializeAvcConfigurationRecord([], []), "sequence parameter sets"],
    ["large SPS", () => parseAvcConfigurationRecord(fromHex("0164000affe1ffff")), "sequenceParameterSet"],
    ["AV1 marker", () => parseAv1ConfigurationRecord(fromHex("01000000")), "marker and version"],
    [
      "VP9 data",
      () => parseVpConfigurationRecord(fromHex("000a82020202ffff")),
      "codecInitializationDataSize",
    ],
    ["FLAC size", () => void parseFlacStreamInfo(new Uint8Array(33)), "STREAMINFO"],
    ["FLAC block size", () => void parseFlacStreamInfo(new Uint8Array(34)), "block size"],
  ];
  for (const [name, run, field] of table) {
    throws(run, (error: unknown) => error instanceof ParseError && error.field === field, name);
  }
});

Deno.test("hvcC, av1C, vpcC round trip", () => {
  const record = parseHevcConfigurationRecord(serializeHevcConfigurationRecord(h265.vps, h265.sps, h265.pps));
  equal([record.vps, record.sps, record.pps], [h265.vps, h265.sps, h265.pps]);
  equal([record.profile.profileIdc, record.profile.levelIdc, record.lengthSize], [1, 30, 4]);
  const { profile, levelIdx, tier, sequenceHeader } = parseAv1ConfigurationRecord(
    serializeAv1ConfigurationRecord(av1.sequenceHeader),
  );
  equal([profile, levelIdx, tier, hex(sequenceHeader!)], [0, 0, 0, hex(av1.sequenceHeader)]);
  equal(parseVpConfigurationRecord(serializeVpConfigurationRecord(vp9.record)), vp9.record);
});

Deno.test("codec strings", () => {
  const aac = (config: string) => mpeg4AudioCodecString(parseAudioSpecificConfig(fromHex(config)));
  const table: [found: string, expected: string][] = [
    [avcCodecString(fromHex(avcSps)), "avc1.64000a"],
    [avcCodecString(fromHex(baselineSps)), "avc1.42c01f"],
    [hevcCodecString(h265.sps[0]), "hvc1.1.6.L30.90"],
    [av1CodecString(av1.sequenceHeader), "av01.0.00M.08"],
    [vp9CodecString(vp9.record), "vp09.00.10.08"],
    [vp9CodecString({ ...vp9.record, profile: 2, level: 51, bitDepth: 10 }), "vp09.02.51.10"],
    // AAC-LC 48 kHz stereo; HE-AAC and HE-AAC v2 with explicit signalling.
    [aac("1190"), "mp4a.40.2"],
    [aac("2b098800"), "mp4a.40.5"],
    [aac("eb098800"), "mp4a.40.29"],
  ];
  equal(table.map(([found]) => found), table.map(([, expected]) => expected));
});

Deno.test("VP9 levels of common sizes", () => {
  const table: [width: number, height: number, rate: number | null, level: number][] = [
    [64, 48, 25, 10],
    [640, 360, 30, 21],
    [1280, 720, null, 31],
    [1920, 1080, 30, 40],
    [1920, 1080, 60, 41],
    [3840, 2160, 60, 51],
    [16384, 8704, 120, 62],
  ];
  for (const [width, height, rate, level] of table) {
    equal(vp9Level(width, height, rate), level, `${width}x${height}`);
  }
});

Deno.test("FLAC stream info of FFmpeg", () => {
  const codec = readFixture("flac").track.codec;
  equal(codec.name === "FLAC" && parseFlacStreamInfo(codec.streamInfo), {
    minBlockSize: 4608,
    maxBlockSize: 4608,
    sampleRate: 48000,
    channelCount: 1,
    bitDepth: 16,
  });
  const { fragments } = readFixture("flac");
  for (const { data } of fragments[0].tracks[0].samples) equal(isFlacFrame(data), true);
  equal(isFlacFrame(fromHex("fff15080127ffc")), false, "ADTS");
});

Deno.test("fuzz: configuration records", () => {
  fuzz("avcC", [fromHex(avcRecord)], parseAvcConfigurationRecord);
  fuzz(
    "hvcC",
    [serializeHevcConfigurationRecord(h265.vps, h265.sps, h265.pps)],
    parseHevcConfigurationRecord,
  );
  fuzz("av1C", [serializeAv1ConfigurationRecord(av1.sequenceHeader)], parseAv1ConfigurationRecord);
  fuzz("vpcC", [serializeVpConfigurationRecord(vp9.record)], parseVpConfigurationRecord);
  fuzz("hvc1", [h265.sps[0]], hevcCodecString);
  fuzz("avc1", [fromHex(avcSps)], avcCodecString);
  fuzz("STREAMINFO", [fromHex("10001000000000000000000bb800f0" + "00".repeat(19))], parseFlacStreamInfo);
});
