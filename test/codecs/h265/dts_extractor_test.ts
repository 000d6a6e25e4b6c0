import { H265DtsExtractor } from "../../../src/codecs/h265/dts_extractor.ts";
import { equal, fromHex } from "../../support/assert.ts";

Deno.test("units without a picture have no decoding time, and disturb no other", () => {
  const extractor = new H265DtsExtractor(90_000);
  const pictures = [fromHex("2601af"), fromHex("0201d0"), fromHex("0201d1"), fromHex("2601ae")];
  const dts = pictures.map((picture, i) => {
    const pts = i * 3600;
    // A prefix SEI and an access unit delimiter.
    for (const unit of [[fromHex("4e0105")], [fromHex("460110")], []]) {
      equal(extractor.extract(unit, pts), { dts: null, warning: null });
    }
    return extractor.extract([picture], pts);
  });
  equal(dts, [0, 3600, 7200, 10800].map((dts) => ({ dts, warning: null })));
});
