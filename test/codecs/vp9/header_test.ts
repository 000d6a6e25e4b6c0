import { isVp9KeyFrame, parseVp9Header } from "../../../src/codecs/vp9/header.ts";
import { vp9Props } from "../../../src/codecs/vp9/props.ts";
import { equal, fromHex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { ivfFrames } from "../../rtp/payload/video_support.ts";

Deno.test("frames of libvpx", () => {
  const frames = ivfFrames("vp9.ivf");
  const keys = frames.map((frame) => parseVp9Header(frame).keyFrame);
  equal(keys, [true, false, false, false, false, true, false]);
  equal(frames.map(isVp9KeyFrame), keys);
  equal(parseVp9Header(frames[0]).key, {
    bitDepth: 8,
    colorSpace: 0,
    fullRange: false,
    subsamplingX: true,
    subsamplingY: true,
    width: 64,
    height: 48,
  });
  fuzz("VP9 header", frames.map((frame) => frame.subarray(0, 20)), (bytes) => void parseVp9Header(bytes));
});

Deno.test("other profiles, broken headers", () => {
  // libvpx: 4:2:2 of 8 bits, 4:4:4 of 10 bits.
  const common = { colorSpace: 0, fullRange: false, subsamplingY: false };
  equal(parseVp9Header(fromHex("a249834208013e00b2c207048383")), {
    profile: 1,
    showExistingFrame: false,
    keyFrame: true,
    key: { ...common, bitDepth: 8, subsamplingX: true, width: 160, height: 90 },
  });
  equal(parseVp9Header(fromHex("b124c1a10000a0805ab041c120e0")), {
    profile: 3,
    showExistingFrame: false,
    keyFrame: true,
    key: { ...common, bitDepth: 10, subsamplingX: false, width: 322, height: 182 },
  });
  equal(parseVp9Header(fromHex("8a")), { profile: 0, showExistingFrame: true, keyFrame: false, key: null });
  throws(() => parseVp9Header(fromHex("42")), /frame_marker/);
  throws(() => parseVp9Header(fromHex("82 498343 0000000000")), /frame_sync_code/);
  equal(isVp9KeyFrame(new Uint8Array()), false);
  equal([vp9Props({ name: "VP9" }), vp9Props({ name: "VP9", profileId: 2 })], [{ profile: 0 }, {
    profile: 2,
  }]);
});
