import {
  configProfileLevel,
  splitConfig,
  startsWithIntra,
} from "../../../src/codecs/mpeg4video/start_codes.ts";
import { equal, fromHex, hex } from "../../support/assert.ts";

Deno.test("configuration at the start of a frame", () => {
  const cases: [frame: string, config: string, rest: string][] = [
    [
      "000001b0f5 000001b509 00000100 0000012000 000001b2aa 000001b3 00 000001b600",
      "000001b0f5000001b509000001000000012000000001b2aa",
      "000001b300000001b600",
    ],
    ["000001b0f5 000001b600", "000001b0f5", "000001b600"],
    ["000001b600", "", "000001b600"],
    ["000001b2aa 000001b600", "", "000001b2aa000001b600"],
    ["000001b0f5", "000001b0f5", ""],
    ["aa000001b0f5", "", "aa000001b0f5"],
    ["0000", "", "0000"],
  ];
  for (const [frame, config, rest] of cases) {
    const split = splitConfig(fromHex(frame));
    equal([hex(split.config), hex(split.rest)], [config, rest], frame);
  }
  equal(configProfileLevel(fromHex("000001b0f5")), 0xf5);
  equal(configProfileLevel(fromHex("0000012000")), undefined);
});

Deno.test("type of the first VOP", () => {
  equal(startsWithIntra(fromHex("000001b610")), true);
  equal(startsWithIntra(fromHex("000001b650")), false);
  equal(startsWithIntra(fromHex("000001b300000001b6d0")), false);
  equal(startsWithIntra(fromHex("000001b300")), null);
  equal(startsWithIntra(fromHex("000001b6")), null);
});
