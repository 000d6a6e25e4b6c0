import { ParseError } from "../../../../src/base/errors.ts";
import { HeaderMap } from "../../../../src/protocols/rtsp/wire/header_map.ts";
import { equal, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";
import {
  authorizations,
  challenges,
  type HeaderTable,
  ranges,
  rtpInfos,
  sessions,
  transports,
  urls,
} from "./header_cases.ts";

/** A written form that is parsed again may lose what is never written (credentials, tunnels). */
function testTable<T>(table: HeaderTable<T>, losesSome = false): void {
  const { name, parse, serialize } = table;
  for (const [text, value, written = text] of table.cases) {
    Deno.test(`${name}: ${text}`, () => {
      equal(parse(text), value);
      equal(serialize(value), written);
      if (losesSome || written === "") equal(serialize(parse(text)), written);
      else equal(parse(written), value);
    });
  }
  for (const [text, field] of table.refused) {
    Deno.test(`${name} refused: ${text.slice(0, 60)}`, () => {
      throws(() => parse(text), (error) => error instanceof ParseError && error.field === field);
    });
  }
  Deno.test(`${name} fuzz: only ParseError, and what is written is read as the same`, () => {
    const encoder = new TextEncoder();
    const decoder = new TextDecoder();
    fuzz(name, table.cases.map(([text]) => encoder.encode(text)), (bytes) => {
      const written = serialize(parse(decoder.decode(bytes)));
      if (written !== "") equal(serialize(parse(written)), written);
    });
  });
}

testTable(transports);
testTable(sessions);
testTable(rtpInfos);
testTable(ranges);
testTable(challenges);
testTable(authorizations);
testTable(urls, true);

Deno.test("HeaderMap: any case, order and repetitions kept", () => {
  const headers = new HeaderMap([["CSeq", "1"], ["WWW-Authenticate", "a"], ["Www-authenticate", "b"], [
    "X",
    "",
  ]]);
  equal(headers.get("cseq"), "1");
  equal(headers.all("WWW-AUTHENTICATE"), ["a", "b"]);
  equal(headers.get("missing"), undefined);
  equal([headers.has("x"), headers.has("y"), headers.size], [true, false, 4]);
  headers.set("www-authenticate", "c").add("Y", "2");
  equal([...headers], [["CSeq", "1"], ["www-authenticate", "c"], ["X", ""], ["Y", "2"]]);
  headers.delete("cSEQ");
  equal([...headers][0], ["www-authenticate", "c"]);
  equal(headers.extendLast("3"), true);
  equal(headers.get("Y"), "2 3");
  equal(new HeaderMap().extendLast("x"), false);
});
