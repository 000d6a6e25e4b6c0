/** RTP of GStreamer and FFmpeg gives the elementary streams that they were made from. */
import { concat } from "../../../src/base/bytes.ts";
import type { Codec, H264Codec, H265Codec } from "../../../src/codecs/codec.ts";
import { splitAnnexB } from "../../../src/codecs/nal/annexb.ts";
import { parseJpeg } from "../../../src/codecs/mjpeg/jpeg.ts";
import { splitConfig } from "../../../src/codecs/mpeg4video/start_codes.ts";
import { h264Format } from "../../../src/rtp/payload/h264.ts";
import { h265Format } from "../../../src/rtp/payload/h265.ts";
import { mjpegFormat } from "../../../src/rtp/payload/mjpeg.ts";
import { mpeg1VideoFormat } from "../../../src/rtp/payload/mpeg1_video.ts";
import { mpeg4VideoFormat } from "../../../src/rtp/payload/mpeg4_video.ts";
import type { PayloadFormat } from "../../../src/rtp/payload/payload.ts";
import { vp8Format } from "../../../src/rtp/payload/vp8.ts";
import { vp9Format } from "../../../src/rtp/payload/vp9.ts";
import { equal, hex, ok } from "../../support/assert.ts";
import { capturedUnits, fixture, hexAll, ivfFrames } from "./video_support.ts";

/** Payloads of all units, and which of them are random access points by packets; both looks must agree. */
function depacketizeAll<C extends Codec>(format: PayloadFormat<C>, codec: C, name: string) {
  const payloads: Uint8Array[][] = [];
  const keys: number[] = [];
  for (const unit of capturedUnits(name)) {
    const { payload, errors } = format.depacketize(unit, codec);
    equal(errors, []);
    ok(payload !== null);
    equal(unit.map(format.endsUnit), unit.map((_, i) => i === unit.length - 1));
    if (format.isRandomAccess?.(unit)) keys.push(payloads.length);
    equal(format.isRandomAccess?.(unit), format.isRandomAccessPayload?.(payload));
    equal(format.updateCodecFromPackets?.(unit, codec), format.updateCodec?.(payload, codec));
    payloads.push(payload);
  }
  return { payloads, keys };
}

const h264: H264Codec = { name: "H264", packetizationMode: 1 };
const h265: H265Codec = { name: "H265" };

for (const sender of ["gst", "ff"]) {
  Deno.test(`H264 from ${sender}`, () => {
    const expected = splitAnnexB(fixture("h264.bin")).filter((unit) => (unit[0] & 0x1f) !== 9);
    const { payloads, keys } = depacketizeAll(h264Format, h264, `h264_${sender}.rtp`);
    equal(hexAll(payloads.flat()), hexAll(expected));
    equal(keys, [0, 5]);
  });

  Deno.test(`H265 from ${sender}`, () => {
    const expected = splitAnnexB(fixture("h265.bin"));
    const { payloads, keys } = depacketizeAll(h265Format, h265, `h265_${sender}.rtp`);
    equal(hexAll(payloads.flat()), hexAll(expected));
    equal(keys, [0, 3]);
  });

  Deno.test(`VP8 from ${sender}`, () => {
    const { payloads, keys } = depacketizeAll(vp8Format, { name: "VP8" }, `vp8_${sender}.rtp`);
    equal(hexAll(payloads.flat()), hexAll(ivfFrames("vp8.ivf")));
    equal(keys, [0, 5]);
  });

  Deno.test(`VP9 from ${sender}`, () => {
    const { payloads, keys } = depacketizeAll(vp9Format, { name: "VP9" }, `vp9_${sender}.rtp`);
    equal(hexAll(payloads.flat()), hexAll(ivfFrames("vp9.ivf")));
    equal(keys, [0, 5]);
  });

  Deno.test(`MPEG-4 Video from ${sender}`, () => {
    const { payloads, keys } = depacketizeAll(
      mpeg4VideoFormat,
      { name: "MPEG-4 Video" },
      `mpeg4_${sender}.rtp`,
    );
    const expected = hex(fixture("mpeg4.bin"));
    if (sender === "ff") {
      equal(payloads.flat().map(hex).join(""), expected);
      equal(keys, [0, 5]);
    } else {
      // Told to leave out the configuration; and several small frames share a packet.
      const config = hex(splitConfig(fixture("mpeg4.bin")).config);
      equal(payloads.flat().map(hex).join(""), expected.replaceAll(config, ""));
      equal(keys, [0, 2]);
    }
  });

  Deno.test(`M-JPEG from ${sender}`, () => {
    const { payloads } = depacketizeAll(mjpegFormat, { name: "M-JPEG" }, `mjpeg_${sender}.rtp`);
    const source = fixture("mjpeg.bin");
    const second = source.findIndex((_, i) => i > 2 && source[i] === 0xff && source[i + 1] === 0xd8);
    const images = [source.subarray(0, second), source.subarray(second)];
    equal(payloads.length, 2);
    payloads.forEach(([payload], i) => {
      const actual = parseJpeg(payload);
      const expected = parseJpeg(images[i]);
      equal(hex(actual.scan), hex(expected.scan));
      equal([actual.width, actual.height, actual.restartInterval], [64, 48, 0]);
      equal(actual.components.map(({ horizontal, vertical }) => [horizontal, vertical]), [[2, 2], [1, 1], [
        1,
        1,
      ]]);
      equal(hex(actual.quantizationTables[0].values), hex(expected.quantizationTables[0].values));
      equal(hex(payload.slice(-2)), "ffd9");
    });
  });
}

Deno.test("MPEG-1 video from FFmpeg, MPEG-2 video from GStreamer", () => {
  // GStreamer writes all-zero headers, and several small frames share a packet.
  const cases = [["mpeg1_ff.rtp", "mpeg1.bin", [0, 5]], ["mpeg2_gst.rtp", "mpeg2.bin", [0, 2]]] as const;
  for (const [capture, source, expectedKeys] of cases) {
    const { payloads, keys } = depacketizeAll(mpeg1VideoFormat, { name: "MPEG-1/2 Video" }, capture);
    equal(hex(concat(payloads.flat())), hex(fixture(source)));
    equal(keys, expectedKeys);
  }
});
