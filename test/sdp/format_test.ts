import type { Codec, MediaKind } from "../../src/codecs/codec.ts";
import { readFormat, writeFormat } from "../../src/sdp/format.ts";
import { equal, fromHex } from "../support/assert.ts";
import { formatSummary } from "./summary.ts";

interface Case {
  readonly kind: MediaKind;
  readonly clockRate: number;
  readonly codec: Codec;
  readonly rtpmap: string;
  readonly fmtp: string;
  /** 96 when left out. */
  readonly payloadType?: number;
}

const aacLc = {
  objectType: 2,
  sampleRate: 48000,
  channelCount: 2,
  frameLengthFlag: false,
  dependsOnCoreCoder: false,
  coreCoderDelay: 0,
};
const sps = fromHex("674d401feca02802dd80880000030008000003019078c18cb0");
const pps = fromHex("68ebe3cb20");

/** Both ways: the codec is written like this, and this is read as the codec. */
const cases: readonly Case[] = [
  {
    kind: "video",
    clockRate: 90000,
    codec: { name: "H264", sps, pps, packetizationMode: 1 },
    rtpmap: "H264/90000",
    fmtp: "packetization-mode=1; profile-level-id=4D401F; " +
      "sprop-parameter-sets=Z01AH+ygKALdgIgAAAMACAAAAwGQeMGMsA==,aOvjyyA=",
  },
  {
    kind: "video",
    clockRate: 90000,
    codec: { name: "H264", packetizationMode: 0 },
    rtpmap: "H264/90000",
    fmtp: "",
  },
  {
    kind: "video",
    clockRate: 90000,
    codec: {
      name: "H265",
      vps: fromHex("40010c01"),
      sps: fromHex("42010101"),
      pps: fromHex("4401c172"),
      maxDonDiff: 2,
    },
    rtpmap: "H265/90000",
    fmtp: "sprop-max-don-diff=2; sprop-pps=RAHBcg==; sprop-sps=QgEBAQ==; sprop-vps=QAEMAQ==",
  },
  { kind: "video", clockRate: 90000, codec: { name: "H265" }, rtpmap: "H265/90000", fmtp: "" },
  {
    kind: "video",
    clockRate: 90000,
    codec: { name: "AV1", levelIdx: 8, profile: 2, tier: 1 },
    rtpmap: "AV1/90000",
    fmtp: "level-idx=8; profile=2; tier=1",
  },
  {
    kind: "video",
    clockRate: 90000,
    codec: { name: "VP9", maxFrameRate: 123, maxFrameSize: 456, profileId: 0 },
    rtpmap: "VP9/90000",
    fmtp: "max-fr=123; max-fs=456; profile-id=0",
  },
  {
    kind: "video",
    clockRate: 90000,
    codec: { name: "VP8", maxFrameRate: 30, maxFrameSize: 3600 },
    rtpmap: "VP8/90000",
    fmtp: "max-fr=30; max-fs=3600",
  },
  {
    kind: "video",
    clockRate: 90000,
    codec: { name: "MPEG-4 Video", profileLevelId: 1, config: fromHex("000001b001000001b589") },
    rtpmap: "MP4V-ES/90000",
    fmtp: "config=000001B001000001B589; profile-level-id=1",
  },
  {
    kind: "video",
    payloadType: 32,
    clockRate: 90000,
    codec: { name: "MPEG-1/2 Video" },
    rtpmap: "MPV/90000",
    fmtp: "",
  },
  {
    kind: "video",
    payloadType: 26,
    clockRate: 90000,
    codec: { name: "M-JPEG" },
    rtpmap: "JPEG/90000",
    fmtp: "",
  },
  {
    kind: "audio",
    clockRate: 48000,
    codec: { name: "Opus", channelCount: 1 },
    rtpmap: "opus/48000/2",
    fmtp: "sprop-stereo=0",
  },
  {
    kind: "audio",
    clockRate: 48000,
    codec: { name: "Opus", channelCount: 2 },
    rtpmap: "opus/48000/2",
    fmtp: "sprop-stereo=1",
  },
  {
    kind: "audio",
    clockRate: 48000,
    codec: { name: "Opus", channelCount: 6 },
    rtpmap: "multiopus/48000/6",
    fmtp: "channel_mapping=0,4,1,2,3,5; coupled_streams=2; num_streams=4; sprop-maxcapturerate=48000",
  },
  {
    kind: "audio",
    clockRate: 48000,
    codec: {
      name: "MPEG-4 Audio",
      config: aacLc,
      sizeLength: 13,
      indexLength: 3,
      indexDeltaLength: 3,
      profileLevelId: 1,
    },
    rtpmap: "mpeg4-generic/48000/2",
    fmtp:
      "config=1190; indexdeltalength=3; indexlength=3; mode=AAC-hbr; profile-level-id=1; sizelength=13; streamtype=5",
  },
  {
    kind: "audio",
    clockRate: 48000,
    codec: {
      name: "MPEG-4 Audio",
      config: aacLc,
      sizeLength: 6,
      indexLength: 2,
      indexDeltaLength: 2,
      profileLevelId: 14,
    },
    rtpmap: "mpeg4-generic/48000/2",
    fmtp:
      "config=1190; indexdeltalength=2; indexlength=2; mode=AAC-lbr; profile-level-id=14; sizelength=6; streamtype=5",
  },
  {
    kind: "audio",
    clockRate: 48000,
    codec: {
      name: "MPEG-4 Audio LATM",
      profileLevelId: 41,
      bitrate: 64000,
      configInBand: false,
      streamMuxConfig: fromHex("400023203fc0"),
      config: aacLc,
    },
    rtpmap: "MP4A-LATM/48000/2",
    fmtp: "bitrate=64000; config=400023203fc0; cpresent=0; object=2; profile-level-id=41",
  },
  {
    kind: "audio",
    clockRate: 90000,
    codec: { name: "MPEG-4 Audio LATM", profileLevelId: 30, configInBand: true },
    rtpmap: "MP4A-LATM/90000/1",
    fmtp: "cpresent=1; profile-level-id=30",
  },
  {
    kind: "audio",
    payloadType: 14,
    clockRate: 90000,
    codec: { name: "MPEG-1/2 Audio" },
    rtpmap: "MPA/90000",
    fmtp: "",
  },
  {
    kind: "audio",
    clockRate: 44100,
    codec: { name: "AC3", sampleRate: 44100, channelCount: 2 },
    rtpmap: "AC3/44100/2",
    fmtp: "",
  },
  {
    kind: "audio",
    payloadType: 0,
    clockRate: 8000,
    codec: { name: "G711", muLaw: true, sampleRate: 8000, channelCount: 1 },
    rtpmap: "PCMU/8000",
    fmtp: "",
  },
  {
    kind: "audio",
    clockRate: 16000,
    codec: { name: "G711", muLaw: false, sampleRate: 16000, channelCount: 2 },
    rtpmap: "PCMA/16000/2",
    fmtp: "",
  },
  { kind: "audio", payloadType: 9, clockRate: 8000, codec: { name: "G722" }, rtpmap: "G722/8000", fmtp: "" },
  {
    kind: "audio",
    payloadType: 10,
    clockRate: 44100,
    codec: { name: "LPCM", bitDepth: 16, sampleRate: 44100, channelCount: 2 },
    rtpmap: "L16/44100/2",
    fmtp: "",
  },
  {
    kind: "audio",
    clockRate: 96000,
    codec: { name: "LPCM", bitDepth: 24, sampleRate: 96000, channelCount: 1 },
    rtpmap: "L24/96000/1",
    fmtp: "",
  },
  { kind: "application", clockRate: 90000, codec: { name: "KLV" }, rtpmap: "SMPTE336M/90000", fmtp: "" },
  {
    kind: "video",
    payloadType: 33,
    clockRate: 90000,
    codec: { name: "MPEG-TS", rtpmap: "MP2T/90000", fmtp: "" },
    rtpmap: "MP2T/90000",
    fmtp: "",
  },
  {
    kind: "audio",
    clockRate: 44100,
    codec: { name: "Vorbis", rtpmap: "VORBIS/44100/2", fmtp: "configuration=AQIDBA==" },
    rtpmap: "VORBIS/44100/2",
    fmtp: "configuration=AQIDBA==",
  },
  {
    kind: "audio",
    clockRate: 8000,
    codec: { name: "G726", rtpmap: "G726-40/8000", fmtp: "" },
    rtpmap: "G726-40/8000",
    fmtp: "",
  },
  {
    kind: "application",
    clockRate: 90000,
    codec: { name: "Generic", rtpmap: "vnd.onvif.metadata/90000", fmtp: "DecoderTag=h3c-v3 RTCP=0" },
    rtpmap: "vnd.onvif.metadata/90000",
    fmtp: "DecoderTag=h3c-v3 RTCP=0",
  },
];

for (const { kind, payloadType = 96, clockRate, codec, rtpmap, fmtp } of cases) {
  Deno.test(`${rtpmap} ${fmtp}`, () => {
    equal(writeFormat({ payloadType, clockRate, codec }), { rtpmap, fmtp });
    equal(readFormat(kind, payloadType, rtpmap, fmtp), { payloadType, clockRate, codec });
  });
}

/** Read leniently; the expected summary, not written back. */
const lenient: readonly [
  kind: MediaKind,
  payloadType: number,
  rtpmap: string,
  fmtp: string,
  expected: string,
][] = [
  ["audio", 0, "", "", "0 G711@8000 muLaw=true sampleRate=8000 channelCount=1"],
  ["audio", 8, "PCMA/16000", "", "8 G711@8000 muLaw=false sampleRate=8000 channelCount=1"],
  ["audio", 9, "G722/16000", "", "9 G722@8000"],
  ["audio", 97, "G722/8000/1", "", "97 G722@8000"],
  ["audio", 14, "", "", "14 MPEG-1/2 Audio@90000"],
  ["audio", 14, "mp3/90000", "", "14 MPEG-1/2 Audio@90000"],
  ["video", 26, "MJPEG/90000", "", "26 M-JPEG@90000"],
  ["video", 32, "", "", "32 MPEG-1/2 Video@90000"],
  ["video", 33, "", "", "33 MPEG-TS@90000 rtpmap=MP2T/90000"],
  ["audio", 18, "", "", "18 Generic@8000"],
  ["audio", 6, "", "", "6 Generic@16000"],
  ["audio", 96, "multiopus/48000", "", "96 Generic@48000 rtpmap=multiopus/48000"],
  ["audio", 96, "multiopus/48000/9", "", "96 Generic@48000 rtpmap=multiopus/48000/9"],
  [
    "video",
    96,
    "mpeg4-generic/90000",
    "streamtype=4",
    "96 Generic@90000 rtpmap=mpeg4-generic/90000 fmtp=streamtype=4",
  ],
  [
    "audio",
    96,
    "mpeg4-generic/8000",
    "mode=CELP-cbr",
    "96 Generic@8000 rtpmap=mpeg4-generic/8000 fmtp=mode=CELP-cbr",
  ],
  ["video", 96, "H264/", "profile-level-id=1", "96 H264@90000 packetizationMode=0"],
  ["video", 96, "", "sprop-vps=QAEMAQ==", "96 H265@90000 vps=4:4001"],
  ["video", 96, "MP4V-ES/90000", "config=123", "96 MPEG-4 Video@90000 profileLevelId=1"],
  ["video", 96, "X/99999999999", "", "96 Generic@90000 rtpmap=X/99999999999"],
  ["audio", 96, "AC3/48000/0", "", "96 AC3@48000 sampleRate=48000 channelCount=6"],
];
for (const [kind, payloadType, rtpmap, fmtp, expected] of lenient) {
  Deno.test(`lenient: ${payloadType} ${rtpmap} ${fmtp}`, () => {
    equal(formatSummary(readFormat(kind, payloadType, rtpmap, fmtp)), expected);
  });
}
