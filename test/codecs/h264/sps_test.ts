import { h264Props } from "../../../src/codecs/h264/props.ts";
import { parseH264Sps } from "../../../src/codecs/h264/sps.ts";
import { equal, fromHex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";

/** SPS of x264, with what ffprobe says about the streams. */
const cases = [
  {
    sps: "6742c028da01e0089f970110000003001000000303c0f1832a",
    props: { width: 1920, height: 1080, profile: "Baseline", level: "4" },
    fields: { chromaFormat: 1, pocType: 2, log2MaxPocLsb: 0, frameMbsOnly: true, bitDepthLuma: 8 },
    vui: { frameRate: 30, maxNumReorderFrames: 0 },
  },
  {
    // Interlaced: map units of two macroblocks.
    sps: "67640028acd94078044fde0220000003002000000783e2c5b2c0",
    props: { width: 1920, height: 1080, profile: "High", level: "4" },
    fields: { chromaFormat: 1, pocType: 0, log2MaxPocLsb: 6, frameMbsOnly: false, bitDepthLuma: 8 },
    vui: { frameRate: 30, maxNumReorderFrames: 2 },
  },
  {
    sps: "677a000db6cd941519e222f0110000030001000003003c0f142996",
    props: { width: 322, height: 182, profile: "High 4:2:2", level: "1.3" },
    fields: { chromaFormat: 2, pocType: 0, log2MaxPocLsb: 6, frameMbsOnly: true, bitDepthLuma: 10 },
    vui: { frameRate: 30, maxNumReorderFrames: 2 },
  },
  {
    // Scaling matrices and HRD parameters.
    sps: "67f4000d919b282a33c211980880000003008000001e3020007a12000f427261803c50a658",
    props: { width: 321, height: 181, profile: "High 4:4:4 Predictive", level: "1.3" },
    fields: { chromaFormat: 3, pocType: 0, log2MaxPocLsb: 6, frameMbsOnly: true, bitDepthLuma: 8 },
    vui: { frameRate: 30, maxNumReorderFrames: 2 },
  },
];

Deno.test("SPS of real encoders", () => {
  for (const { sps, props, fields, vui } of cases) {
    const parsed = parseH264Sps(fromHex(sps));
    const { chromaFormat, pocType, log2MaxPocLsb, frameMbsOnly, bitDepthLuma } = parsed;
    equal({ chromaFormat, pocType, log2MaxPocLsb, frameMbsOnly, bitDepthLuma }, fields);
    equal(parsed.vui, vui);
    equal(h264Props({ name: "H264", packetizationMode: 1, sps: fromHex(sps) }), props);
  }
});

Deno.test("a missing or broken SPS leaves the properties empty", () => {
  const nothing = { width: 0, height: 0, profile: "", level: "" };
  equal(h264Props({ name: "H264", packetizationMode: 1 }), nothing);
  equal(h264Props({ name: "H264", packetizationMode: 1, sps: fromHex("6742c0") }), nothing);
  throws(() => parseH264Sps(fromHex("68ce3c80")), /nal_unit_type: is 8|nal_unit_type at offset 0: is 8/);
  throws(() => parseH264Sps(fromHex(cases[0].sps).subarray(0, 8)), /needs/);
});

Deno.test("SPS: fuzz", () => {
  fuzz("SPS", cases.map(({ sps }) => fromHex(sps)), (bytes) => void parseH264Sps(bytes));
});
