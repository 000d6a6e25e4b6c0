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
  // Profile 1, 4:4:4, BT.709: color_space 2, full range 0, subsampling 00, reserved 0.
  const profile1 = parseVp9Header(fromHex("a2 498342 40 04ff 02cf 0"));
  equal([profile1.profile, profile1.key!.subsamplingX, profile1.key!.colorSpace], [1, false, 2]);
  equal([profile1.key!.width, profile1.key!.height], [160, 90]);
  equal(parseVp9Header(fromHex("8a")), { profile: 0, showExistingFrame: true, keyFrame: false, key: null });
  throws(() => parseVp9Header(fromHex("42")), /frame_marker/);
  throws(() => parseVp9Header(fromHex("82 498343 0000000000")), /frame_sync_code/);
  equal(isVp9KeyFrame(new Uint8Array()), false);
  equal([vp9Props({ name: "VP9" }), vp9Props({ name: "VP9", profileId: 2 })], [{ profile: 0 }, {
    profile: 2,
  }]);
});
