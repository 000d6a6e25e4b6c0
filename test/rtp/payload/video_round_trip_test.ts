/** What every video payload format must do: round trips, survival of loss, survival of nonsense. */
import type { Codec } from "../../../src/codecs/codec.ts";
import { splitAnnexB } from "../../../src/codecs/nal/annexb.ts";
import { parseObuStream } from "../../../src/codecs/av1/obu.ts";
import { av1Format } from "../../../src/rtp/payload/av1.ts";
import { h264Format } from "../../../src/rtp/payload/h264.ts";
import { h265Format } from "../../../src/rtp/payload/h265.ts";
import { mjpegFormat } from "../../../src/rtp/payload/mjpeg.ts";
import { mpeg1VideoFormat } from "../../../src/rtp/payload/mpeg1_video.ts";
import { mpeg4VideoFormat } from "../../../src/rtp/payload/mpeg4_video.ts";
import type { PayloadFormat } from "../../../src/rtp/payload/payload.ts";
import { vp8Format } from "../../../src/rtp/payload/vp8.ts";
import { vp9Format } from "../../../src/rtp/payload/vp9.ts";
import { ok } from "../../support/assert.ts";
import { fuzzRuns, mutate } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";
import {
  capturedUnits,
  checkHostile,
  checkLoss,
  checkRoundTrip,
  fixture,
  ivfFrames,
  packetsOf,
  randomBytes,
  toPackets,
} from "./video_support.ts";

/** Erases the codec type: every case is used with its own codec only. */
class Case<C extends Codec = Codec> {
  constructor(
    readonly name: string,
    readonly format: PayloadFormat<C>,
    readonly codec: C,
    /** A random payload. */
    readonly make: (random: Random) => Uint8Array[],
    /** Payloads of real packets, to mutate. */
    readonly seeds: Uint8Array[],
  ) {}

  register(): void {
    Deno.test(`${this.name}: packetize, then depacketize`, () => this.#roundTrip());
    Deno.test(`${this.name}: lost, doubled and swapped packets`, () => this.#loss());
    Deno.test(`${this.name}: fuzz`, () => this.#fuzz());
  }

  #roundTrip(): void {
    const random = new Random(1);
    for (let run = 0; run < 150; run++) {
      checkRoundTrip(this.format, this.codec, this.make(random), 160 + random.int(1400));
    }
  }

  #loss(): void {
    const random = new Random(2);
    for (let run = 0; run < 8; run++) {
      checkLoss(this.format, this.codec, this.make(random), 160 + random.int(300));
    }
  }

  #fuzz(): void {
    const random = new Random(3);
    for (let run = 0; run < fuzzRuns; run++) {
      const count = random.int(6);
      const payloads = Array.from({ length: count }, () => mutate(random, random.pick(this.seeds)));
      checkHostile(this.format, this.codec, packetsOf(...payloads));
    }
  }
}

function captured(name: string): Uint8Array[] {
  return capturedUnits(name).flat().map((packet) => packet.payload);
}

/** Frames behind a fixed beginning, without start codes inside. */
function frame(start: number[]): (random: Random) => Uint8Array[] {
  return (random) => [Uint8Array.of(...start, ...randomBytes(random, 1 + random.int(4000)))];
}

function nalUnits(headers: number[][]): (random: Random) => Uint8Array[] {
  return (random) =>
    Array.from({ length: 1 + random.int(8) }, () => {
      const size = random.int(4) === 0 ? random.int(5000) : random.int(80);
      return Uint8Array.of(...random.pick(headers), ...randomBytes(random, 1 + size));
    });
}

const h264Headers = [[0x67], [0x68], [0x65], [0x41], [0x06], [0x01]];
const h265Headers = [[0x40, 1], [0x42, 1], [0x44, 1], [0x28, 1], [0x02, 1], [0x4e, 1]];
const av1Headers = [[0x08], [0x10 | 0x20], [0x34, 0x20], [0x18], [0x20], [0x28]];

/** Slices behind a sequence header and a picture header. */
function mpegFrame(random: Random): Uint8Array[] {
  const parts = [
    Uint8Array.of(0, 0, 1, 0xb3, 4, 0, 0x30, 0x23),
    Uint8Array.of(0, 0, 1, 0, 0x10, 0x0f, 0xff, 0xf8),
  ];
  const slices = 1 + random.int(12);
  for (let i = 1; i <= slices; i++) {
    parts.push(Uint8Array.of(0, 0, 1, i), randomBytes(random, 1 + random.int(400)));
  }
  return [Uint8Array.from(parts.flatMap((part) => Array.from(part)))];
}

/** A real image with other entropy-coded data. */
function jpegImage(random: Random): Uint8Array[] {
  const image = jpegs[0];
  const start = image.length - jpegScanSize;
  const scan = randomBytes(random, 1 + random.int(6000)).map((byte) => byte === 0xff ? 0xfe : byte);
  return [Uint8Array.of(...image.subarray(0, start), ...scan, 0xff, 0xd9)];
}
/** In the form that a round trip keeps: own headers, two quantisation tables. */
const jpegs = capturedUnits("mjpeg_ff.rtp").map((unit) => {
  const codec = { name: "M-JPEG" } as const;
  const { payload } = mjpegFormat.depacketize(unit, codec);
  return mjpegFormat.depacketize(toPackets(mjpegFormat.packetize(payload!, codec, 300)), codec).payload![0];
});
const jpegScanSize = jpegs[0].length -
  (jpegs[0].findIndex((_, i) => jpegs[0][i] === 0xff && jpegs[0][i + 1] === 0xda) + 14);

const av1Seeds = ivfFrames("av1.ivf")
  .flatMap((unit) => toPackets(av1Format.packetize(parseObuStream(unit), { name: "AV1" }, 200)))
  .map((packet) => packet.payload);

new Case(
  "H264",
  h264Format,
  { name: "H264", packetizationMode: 1 },
  nalUnits(h264Headers),
  captured("h264_gst.rtp"),
)
  .register();
new Case(
  "H264 mode 0",
  h264Format,
  { name: "H264", packetizationMode: 0 },
  nalUnits(h264Headers),
  captured("h264_ff.rtp"),
)
  .register();
new Case("H265", h265Format, { name: "H265" }, nalUnits(h265Headers), captured("h265_gst.rtp")).register();
new Case(
  "H265 with DON",
  h265Format,
  { name: "H265", maxDonDiff: 2 },
  nalUnits(h265Headers),
  captured("h265_ff.rtp"),
)
  .register();
new Case("AV1", av1Format, { name: "AV1" }, nalUnits(av1Headers), av1Seeds).register();
new Case(
  "VP8",
  vp8Format,
  { name: "VP8" },
  frame([0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 0, 0x30, 0]),
  captured("vp8_gst.rtp"),
)
  .register();
new Case(
  "VP9 key frame",
  vp9Format,
  { name: "VP9" },
  frame([0x82, 0x49, 0x83, 0x42, 0, 3, 0xf0, 2, 0xf0]),
  captured("vp9_gst.rtp"),
)
  .register();
new Case("VP9 inter frame", vp9Format, { name: "VP9" }, frame([0x86]), captured("vp9_ff.rtp")).register();
new Case("M-JPEG", mjpegFormat, { name: "M-JPEG" }, jpegImage, captured("mjpeg_gst.rtp")).register();
new Case(
  "MPEG-4 Video",
  mpeg4VideoFormat,
  { name: "MPEG-4 Video" },
  frame([0, 0, 1, 0xb6]),
  captured("mpeg4_ff.rtp"),
)
  .register();
new Case("MPEG-1/2 Video", mpeg1VideoFormat, { name: "MPEG-1/2 Video" }, mpegFrame, captured("mpeg1_ff.rtp"))
  .register();

Deno.test("real streams survive a round trip", () => {
  const h264 = splitAnnexB(fixture("h264.bin")).filter((unit) => (unit[0] & 0x1f) !== 9);
  checkRoundTrip(h264Format, { name: "H264", packetizationMode: 1 }, h264, 150);
  checkRoundTrip(h265Format, { name: "H265" }, splitAnnexB(fixture("h265.bin")), 150);
  checkRoundTrip(mpeg1VideoFormat, { name: "MPEG-1/2 Video" }, [fixture("mpeg2.bin")], 150);
  checkRoundTrip(mpeg4VideoFormat, { name: "MPEG-4 Video" }, [fixture("mpeg4.bin")], 150);
  for (const unit of ivfFrames("vp8.ivf")) checkRoundTrip(vp8Format, { name: "VP8" }, [unit], 150);
  for (const unit of ivfFrames("vp9.ivf")) checkRoundTrip(vp9Format, { name: "VP9" }, [unit], 150);
  for (const unit of ivfFrames("av1.ivf")) {
    checkRoundTrip(av1Format, { name: "AV1" }, parseObuStream(unit), 150);
  }
  ok(jpegs.length === 2);
  for (const image of jpegs) checkRoundTrip(mjpegFormat, { name: "M-JPEG" }, [image], 300);
});
