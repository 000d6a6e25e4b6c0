import {
  answerAsset,
  type Asset,
  assetResponse,
  lazyAsset,
  pageHeaders,
} from "../../../src/net/http/assets.ts";
import { equal, rejects } from "../../support/assert.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const fresh = { acceptEncoding: null, ifNoneMatch: null };

Deno.test("asset: is read once, also by calls at the same time; a failure is not kept", async () => {
  const results = [Promise.reject(new Error("disk")), Promise.resolve("hello"), Promise.resolve("not read")];
  results[0].catch(() => {});
  let reads = 0;
  const load = lazyAsset(() => results[reads++], { "content-type": "text/plain" });
  equal(reads, 0);
  await rejects(load(), /disk/);
  const [first, second] = await Promise.all([load(), load()]);
  equal(first, second);
  equal(text((await load()).body), "hello");
  equal(reads, 2);
});

const asset: Asset = {
  body: new TextEncoder().encode("plain"),
  gzipped: new TextEncoder().encode("zip"),
  headers: {
    "content-type": "text/plain",
    "cache-control": "no-cache",
    etag: 'W/"a1"',
    vary: "accept-encoding",
  },
};

const encodings: readonly (readonly [acceptEncoding: string | null, gzipped: boolean])[] = [
  [null, false],
  ["", false],
  ["gzip", true],
  ["deflate, GZIP;q=0.5, br", true],
  ["*", true],
  ["br", false],
  ["gzip;q=0", false],
  ["gzip; q=0.000", false],
  ["xgzip", false],
];
for (const [acceptEncoding, gzipped] of encodings) {
  Deno.test(`asset: accept-encoding ${acceptEncoding} gives ${gzipped ? "the compressed" : "the plain"} form`, () => {
    const { status, headers, body } = answerAsset(asset, { ...fresh, acceptEncoding });
    equal(status, 200);
    equal(headers, {
      ...asset.headers,
      ...gzipped ? { "content-encoding": "gzip" } : {},
      "content-length": gzipped ? "3" : "5",
    });
    equal(body, gzipped ? asset.gzipped : asset.body);
  });
}

const tags: readonly (readonly [ifNoneMatch: string | null, status: number])[] = [
  [null, 200],
  ['W/"a1"', 304],
  ['"a1"', 304],
  ['"x", W/"a1"', 304],
  ["*", 304],
  ['"a2"', 200],
  ["a1", 200],
];
for (const [ifNoneMatch, expected] of tags) {
  Deno.test(`asset: if-none-match ${ifNoneMatch} gives ${expected}`, () => {
    const { status, headers, body } = answerAsset(asset, { ...fresh, ifNoneMatch });
    equal(status, expected);
    if (expected === 200) return;
    equal(body, null);
    equal(headers, { "cache-control": "no-cache", etag: 'W/"a1"', vary: "accept-encoding" });
  });
}

Deno.test("asset: GET gives the body, HEAD only the headers, a known tag neither", async () => {
  const ask = (method: string, headers: Record<string, string> = {}) =>
    assetResponse(new Request("http://server/x", { method, headers }), asset);
  const whole = ask("GET");
  equal([whole.status, await whole.text(), whole.headers.get("etag")], [200, "plain", 'W/"a1"']);
  const head = ask("HEAD");
  equal([head.status, await head.text(), head.headers.get("content-length")], [200, "", "5"]);
  const known = ask("GET", { "if-none-match": 'W/"a1"' });
  equal([known.status, await known.text()], [304, ""]);
});

Deno.test("asset: the policy of a page is one header", () => {
  equal(
    pageHeaders({ "default-src": "'none'", "img-src": "data:" })["content-security-policy"],
    "default-src 'none'; img-src data:",
  );
});
