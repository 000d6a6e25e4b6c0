import { h265Props } from "../../../src/codecs/h265/props.ts";
import { H265DtsExtractor } from "../../../src/codecs/h265/dts_extractor.ts";
import { parseH265Sps } from "../../../src/codecs/h265/sps.ts";
import { splitAnnexB } from "../../../src/codecs/nal/annexb.ts";
import { equal, fromHex, match, ok, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

/** SPS of x265, with what ffprobe says about the streams. */
const cases = [
  {
    sps: "420101016000000300900000030000030078a003c0801107cb965654a4c2f0168080000003008000000f04",
    props: { width: 1920, height: 1080, profile: "Main", level: "4" },
    fields: { chromaFormat: 1, bitDepthLuma: 8, maxNumReorderPics: 2, frameRate: 30, maxSubLayers: 1 },
  },
  {
    // Two temporal sub-layers, scaling lists, HRD parameters.
    sps:
      "4201020408000003009d0800000300003c0000b00a880c1c445b659594aca949c2f0168080000003008000000f300a4b3700" +
      "07a12000f425c001e848003d0910",
    props: { width: 322, height: 182, profile: "Range Extensions", level: "2" },
    fields: { chromaFormat: 2, bitDepthLuma: 10, maxNumReorderPics: 2, frameRate: 30, maxSubLayers: 2 },
  },
  {
    sps: "42010102200000030090000003000003005da00280802d1365959a4932bc05a020000003002000000303c1",
    props: { width: 1280, height: 720, profile: "Main 10", level: "3.1" },
    fields: { chromaFormat: 1, bitDepthLuma: 10, maxNumReorderPics: 2, frameRate: 30, maxSubLayers: 1 },
  },
];

Deno.test("SPS of real encoders", () => {
  for (const { sps, props, fields } of cases) {
    const { chromaFormat, bitDepthLuma, maxNumReorderPics, frameRate, maxSubLayers } = parseH265Sps(
      fromHex(sps),
    );
    equal({ chromaFormat, bitDepthLuma, maxNumReorderPics, frameRate, maxSubLayers }, fields);
    equal(h265Props({ name: "H265", sps: fromHex(sps) }), props);
  }
});

Deno.test("a missing or broken SPS leaves the properties empty", () => {
  const nothing = { width: 0, height: 0, profile: "", level: "" };
  equal(h265Props({ name: "H265" }), nothing);
  equal(h265Props({ name: "H265", sps: fromHex("420101") }), nothing);
  throws(() => parseH265Sps(fromHex("44010203")), /nal_unit_type at offset 0: is 34/);
});

Deno.test("SPS: fuzz", () => {
  fuzz("SPS", cases.map(({ sps }) => fromHex(sps)), (bytes) => void parseH265Sps(bytes));
});

Deno.test("decoding times of x265 with a B pyramid", () => {
  const stream = splitAnnexB(Deno.readFileSync(new URL("../../fixtures/video/h265.bin", import.meta.url)));
  const units: Uint8Array[][] = [[]];
  for (const nal of stream) {
    units[units.length - 1].push(nal);
    if ((nal[0] >> 1 & 0x3f) < 32) units.push([]);
  }
  units.pop();
  const display = [0, 2, 1, 5, 4, 3, 6];
  const extractor = new H265DtsExtractor(90_000);
  equal(units.length, display.length);
  const results = units.map((unit, i) => extractor.extract(unit, display[i] * 3600));
  equal(results.map((result) => result.warning), display.map(() => null));
  equal(results.map((result) => result.dts), display.map((_, i) => (i - 2) * 3600));
});

Deno.test("a broken SPS in band is a warning", () => {
  const result = new H265DtsExtractor(90_000).extract([fromHex("4201"), fromHex("26010203")], 900);
  match(result.warning!, /SPS/);
  ok(result.dts === 900);
});
