import { isVp8KeyFrame, parseVp8Header } from "../../../src/codecs/vp8/header.ts";
import { equal, fromHex, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { ivfFrames } from "../../rtp/payload/video_support.ts";

Deno.test("frames of libvpx", () => {
  const frames = ivfFrames("vp8.ivf");
  const headers = frames.map(parseVp8Header);
  equal(headers.map((header) => header.keyFrame), [true, false, false, false, false, true, false]);
  equal(frames.map(isVp8KeyFrame), headers.map((header) => header.keyFrame));
  equal([headers[0].width, headers[0].height, headers[0].showFrame], [64, 48, true]);
  equal([headers[1].width, headers[1].height], [0, 0]);
  fuzz("VP8 header", frames.map((frame) => frame.subarray(0, 12)), (bytes) => void parseVp8Header(bytes));
});

Deno.test("broken frames", () => {
  throws(() => parseVp8Header(fromHex("1002")), /needs 10 bytes/);
  throws(() => parseVp8Header(fromHex("100200 9d012b 4000 3000")), /start code/);
});
