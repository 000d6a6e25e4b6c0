/** Configuration records, against those that FFmpeg writes into MP4 files. */
import { parseAv1Config, serializeAv1Config } from "../../src/codecs/av1/av1c.ts";
import { parseAvcConfig, serializeAvcConfig } from "../../src/codecs/h264/avcc.ts";
import { parseHevcConfig, serializeHevcConfig } from "../../src/codecs/h265/hvcc.ts";
import { parseVpConfig, serializeVpConfig, vp9LevelOfSize } from "../../src/codecs/vp9/vpcc.ts";
import { equal, fromHex, hex, throws } from "../support/assert.ts";
import { fuzz } from "../support/fuzz.ts";

const avcConfigs = [
  // High 4:2:2, 10 bits.
  "017a000dffe1001b677a000db6cd941519e222f0110000030001000003003c0f14299601000668eae3cb22c0fefafa00",
  "0142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8",
];

const hevcConfig =
  "0104080000009d08000000003cf002fffefafa00001303200001001b40010c02ffff0408000003009d0800000300003c" +
  "00009594aca04821000100404201020408000003009d0800000300003c0000b00a880c1c445b659594aca949c2f0168080000003008000" +
  "000f300a4b370007a12000f425c001e848003d091022000100064401c073c189";

const av1Config = "81054c000a0b0000002d4cffb3cfbf9404";

Deno.test("avcC", () => {
  for (const record of avcConfigs) {
    const config = parseAvcConfig(fromHex(record));
    equal([config.lengthSize, config.sps.length, config.pps.length], [4, 1, 1]);
    equal(hex(serializeAvcConfig(config)), record);
  }
  // Written by encoders that leave out the chroma fields.
  equal(parseAvcConfig(fromHex(avcConfigs[0].slice(0, -8))).sps.length, 1);
  throws(() => parseAvcConfig(fromHex("00")), /configurationVersion/);
  throws(() => parseAvcConfig(fromHex("0142c028fe")), /lengthSizeMinusOne/);
  throws(() => parseAvcConfig(fromHex("0142c028ffe1ffff")), /SPS/);
  throws(() => serializeAvcConfig({ lengthSize: 4, sps: [], pps: [] }), RangeError);
  fuzz("avcC", avcConfigs.map(fromHex), (bytes) => void parseAvcConfig(bytes));
});

Deno.test("hvcC", () => {
  const config = parseHevcConfig(fromHex(hevcConfig));
  equal([config.lengthSize, config.vps.length, config.sps.length, config.pps.length], [4, 1, 1, 1]);
  equal([config.vps, config.sps, config.pps].map(([unit]) => unit[0] >> 1), [32, 33, 34]);
  // FFmpeg also looks up the smallest spatial segment and the kind of parallelism; we leave them unknown.
  equal(hex(serializeHevcConfig(config)), hevcConfig.replace("3cf002ff", "3cf000fc"));
  throws(() => parseHevcConfig(fromHex("02")), /configurationVersion/);
  throws(() => parseHevcConfig(fromHex(hevcConfig.slice(0, 80))), /nalUnit/);
  throws(() => serializeHevcConfig({ ...config, sps: [] }), RangeError);
  fuzz("hvcC", [fromHex(hevcConfig)], (bytes) => void parseHevcConfig(bytes));
});

Deno.test("av1C", () => {
  const header = parseAv1Config(fromHex(av1Config))!;
  equal(hex(header), "080000002d4cffb3cfbf9404");
  equal(hex(serializeAv1Config(header)), av1Config);
  equal(parseAv1Config(fromHex("81054c00")), undefined);
  throws(() => parseAv1Config(fromHex("81054c")), /av1C/);
  throws(() => parseAv1Config(fromHex("82054c00")), /version/);
  fuzz("av1C", [fromHex(av1Config)], (bytes) => void parseAv1Config(bytes));
});

Deno.test("vpcC", () => {
  const record = "010a840202020000";
  const config = parseVpConfig(fromHex(record));
  equal(config, {
    profile: 1,
    level: vp9LevelOfSize(160, 90),
    bitDepth: 8,
    chromaSubsampling: 2,
    fullRange: false,
    colourPrimaries: 2,
    transferCharacteristics: 2,
    matrixCoefficients: 2,
  });
  equal(hex(serializeVpConfig(config)), record);
  equal([vp9LevelOfSize(1920, 1080), vp9LevelOfSize(3840, 2160), vp9LevelOfSize(65_536, 65_536)], [
    40,
    50,
    0,
  ]);
  throws(() => parseVpConfig(fromHex("010a84")), /colourPrimaries/);
  fuzz("vpcC", [fromHex(record)], (bytes) => void parseVpConfig(bytes));
});
