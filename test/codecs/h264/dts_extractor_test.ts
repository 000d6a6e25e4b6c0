import { BitWriter } from "../../../src/base/bits.ts";
import { H264DtsExtractor } from "../../../src/codecs/h264/dts_extractor.ts";
import { parseH264SliceStart } from "../../../src/codecs/h264/slice_header.ts";
import { parseH264Sps } from "../../../src/codecs/h264/sps.ts";
import { addEmulation } from "../nal/add_emulation.ts";
import { splitAnnexB } from "../../../src/codecs/nal/annexb.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { mutate } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";

function ue(bits: BitWriter, value: number): BitWriter {
  const size = Math.floor(Math.log2(value + 1));
  return bits.bits(size, 0).bits(size + 1, value + 1);
}

/** Main profile, 16×16 pixels, no VUI, 6 bits of picture order count: what cheap cameras send. */
function bareSps(): Uint8Array {
  const bits = new BitWriter().bits(8, 0x67).bits(8, 77).bits(8, 0).bits(8, 30);
  ue(bits, 0); // id
  ue(bits, 0); // 4 bits of frame_num
  ue(bits, 0); // POC type
  ue(bits, 2); // 6 bits
  ue(bits, 4); // reference frames
  bits.flag(false);
  ue(bits, 0);
  ue(bits, 0);
  // frame_mbs_only, direct_8x8, no cropping, no VUI, stop bit
  return addEmulation(bits.bits(5, 0b11001).finish());
}

function slice(type: number, poc: number, isReference: boolean): Uint8Array {
  const bits = new BitWriter().bits(8, (isReference ? 0x60 : 0) | type);
  ue(bits, 0);
  ue(bits, 7);
  ue(bits, 0);
  bits.bits(4, 0);
  if (type === 5) ue(bits, 0);
  return addEmulation(bits.bits(6, poc & 63).bits(8, 0xaa).finish());
}

/** Presents the pictures in the order of `display` numbers, given in decoding order. */
function run(display: readonly number[], pocStep: number, lost: readonly number[] = []) {
  const extractor = new H264DtsExtractor(90_000, bareSps());
  return display.flatMap((position, i) => {
    if (lost.includes(i)) return [];
    const unit = [slice(i === 0 ? 5 : 1, position * pocStep, position % 2 === 0)];
    const pts = 90_000 + position * 3600;
    return [{ pts, ...extractor.extract(unit, pts) }];
  });
}

function checkValid(results: readonly { pts: number; dts: number | null }[]): void {
  let last = -Infinity;
  for (const { pts, dts } of results) {
    ok(dts !== null && dts <= pts && dts > last, `${dts} after ${last}, presented at ${pts}`);
    last = dts;
  }
}

Deno.test("slice start", () => {
  const sps = parseH264Sps(bareSps());
  equal(sps.vui, null);
  equal(parseH264SliceStart(slice(5, 0, true), sps), { firstMb: 0, sliceType: 7, pocLsb: 0 });
  equal(parseH264SliceStart(slice(1, 42, true), sps), { firstMb: 0, sliceType: 7, pocLsb: 42 });
});

Deno.test("without VUI the depth is learned from picture order counts, from the first pictures on", () => {
  const pyramid = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15, 20, 18, 17, 19];
  const results = run(pyramid, 2);
  checkValid(results);
  // Once learned, the distance is constant: two frames.
  equal(
    results.slice(5).map((result) => result.dts),
    pyramid.slice(5).map((_, i) => 90_000 + (i + 3) * 3600),
  );
});

Deno.test("one B picture between others", () => {
  checkValid(run([0, 2, 1, 4, 3, 6, 5, 8, 7], 2));
});

Deno.test("picture order counts that rise by 1: the first B picture shows it, and is lost", () => {
  const results = run([0, 2, 1, 4, 3, 6, 5, 8, 7], 1);
  equal(results[2].dts, null);
  match(results[2].warning!, /behind decoding time/);
  checkValid(results.toSpliced(2, 1));
});

Deno.test("no reordering: lost pictures do not shift the decoding times for good", () => {
  const display = Array.from({ length: 60 }, (_, i) => i);
  const results = run(display, 2, [10, 11, 30]);
  checkValid(results);
  const shifted = results.filter((result) => result.dts !== result.pts);
  equal(shifted.length, 2, "only the pictures right after a gap");
});

Deno.test("VUI of x264: constant distance from the first picture on", () => {
  const stream = splitAnnexB(Deno.readFileSync(new URL("../../fixtures/video/h264.bin", import.meta.url)));
  const units: Uint8Array[][] = [];
  for (const nal of stream) {
    if ((nal[0] & 0x1f) === 9) units.push([]);
    else units[units.length - 1].push(nal);
  }
  // I P B B P, I P in decoding order, by ffprobe.
  const display = [0, 3, 1, 2, 4, 5, 6];
  const extractor = new H264DtsExtractor(90_000);
  equal(units.length, display.length);
  const results = units.map((unit, i) => extractor.extract(unit, display[i] * 3600));
  const depth = parseH264Sps(units[0][0]).vui!.maxNumReorderFrames!;
  equal(results.map((result) => result.dts), display.map((_, i) => (i - depth) * 3600));
  ok(results.every((result) => result.warning === null));
});

Deno.test("broken parameter sets and slices give warnings, never exceptions", () => {
  const extractor = new H264DtsExtractor(90_000, Uint8Array.of(0x67, 1));
  const first = extractor.extract([Uint8Array.of(0x67, 2), Uint8Array.of(0x65)], 0);
  match(first.warning!, /SPS/);
  equal(first.dts, 0);
  const random = new Random(1);
  for (let i = 0; i < 2000; i++) {
    extractor.extract([mutate(random, bareSps()), mutate(random, slice(1, 4, true))], i * 3600);
  }
});

Deno.test("units without a picture have no decoding time, and disturb no other", () => {
  const extractor = new H264DtsExtractor(90_000);
  const sei = Uint8Array.of(0x06, 0x05, 0x01, 0x00, 0x80);
  const results: ReturnType<H264DtsExtractor["extract"]>[] = [];
  for (const [i, position] of [0, 3, 1, 2, 6, 4, 5].entries()) {
    const pts = 90_000 + position * 3600;
    // Sets and messages with the time of the picture, as cameras send them that mark every NAL unit.
    for (const unit of [[bareSps()], [sei], []]) {
      equal(extractor.extract(unit, pts), { dts: null, warning: null });
    }
    const picture = [slice(i === 0 ? 5 : 1, 2 * position, position % 3 === 0)];
    results.push(extractor.extract(picture, pts));
  }
  const plain = new H264DtsExtractor(90_000, bareSps());
  const expected = [0, 3, 1, 2, 6, 4, 5].map((position, i) =>
    plain.extract([slice(i === 0 ? 5 : 1, 2 * position, position % 3 === 0)], 90_000 + position * 3600)
  );
  equal(results, expected);
});
