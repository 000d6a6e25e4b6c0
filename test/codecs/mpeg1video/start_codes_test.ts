import { hasSequenceOrGroup, parsePictureHeader } from "../../../src/codecs/mpeg1video/start_codes.ts";
import { equal, fromHex } from "../../support/assert.ts";

Deno.test("picture headers", () => {
  const none = { fullPelForward: false, forwardCode: 0, fullPelBackward: false, backwardCode: 0 };
  const cases: [header: string, temporalReference: number, codingType: number, motion: typeof none][] = [
    ["00000100 000ffff8 80", 0, 1, none],
    ["00000100 ffcffff8 80", 1023, 1, none],
    ["00000100 0057fffb 80", 1, 2, { ...none, forwardCode: 7 }],
    ["00000100 015fffff b0", 5, 3, {
      fullPelForward: true,
      forwardCode: 7,
      fullPelBackward: false,
      backwardCode: 6,
    }],
  ];
  for (const [header, temporalReference, codingType, motion] of cases) {
    equal(parsePictureHeader(fromHex(header), 0), { temporalReference, codingType, ...motion }, header);
  }
  equal(parsePictureHeader(fromHex("00000100 000fff"), 0), null);
});

Deno.test("where decoding can start", () => {
  equal(hasSequenceOrGroup(fromHex("000001b3 04 00000100")), true);
  equal(hasSequenceOrGroup(fromHex("000001b8 04 00000100")), true);
  equal(hasSequenceOrGroup(fromHex("00000100 04 00000101")), false);
  equal(hasSequenceOrGroup(fromHex("000001")), false);
});
