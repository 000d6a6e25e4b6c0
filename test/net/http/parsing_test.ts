import { AllowedOrigins } from "../../../src/net/http/allowed_origins.ts";
import { byteAnswer } from "../../../src/net/http/byte_answer.ts";
import { clientAddress } from "../../../src/net/http/client_address.ts";
import { httpCredentials } from "../../../src/net/http/credentials.ts";
import { headDump, requestLine } from "../../../src/net/http/debug_dump.ts";
import { parseNetwork } from "../../../src/net/networks.ts";
import { equal, ok } from "../../support/assert.ts";

Deno.test("origins: listed ones are given back, the star is the last resort", () => {
  const cases: readonly [readonly string[], string | null, string | null][] = [
    [["*"], null, "*"],
    [["*"], "https://a.example", "*"],
    [[], "https://a.example", null],
    [["https://a.example"], "https://a.example", "https://a.example"],
    [["https://a.example"], "https://A.Example", "https://A.Example"],
    [["https://a.example"], "https://a.example:443", "https://a.example:443"],
    [["https://a.example:443/"], "https://a.example", "https://a.example"],
    [["https://a.example"], "http://a.example", null],
    [["https://a.example"], "https://a.example:8443", null],
    [["https://a.example"], "https://a.example.evil", null],
    [["https://a.example"], null, null],
    [["https://a.example", "*"], "https://a.example", "https://a.example"],
    [["https://a.example", "*"], "https://b.example", "*"],
    [["https://*.example.com"], "https://x.example.com", "https://x.example.com"],
    [["https://*.example.com"], "https://x.y.example.com", "https://x.y.example.com"],
    [["https://*.example.com"], "https://example.com", "https://example.com"],
    [["https://*.example.com"], "https://evilexample.com", null],
    [["https://*.example.com"], "https://example.com.evil", null],
    [["https://*.example.com"], "https://xexample-com", null],
    [["http://*.example.com:8080"], "https://x.example.com:8080", "https://x.example.com:8080"],
    [["http://*.example.com:8080"], "http://x.example.com", null],
    [["http://cam*.lan"], "http://cam12.lan", "http://cam12.lan"],
    [["http://cam*.lan"], "http://cam.1.lan", "http://cam.1.lan"],
    [["http://[fd00::1]:80"], "http://[fd00::1]", "http://[fd00::1]"],
    [["https://a.example"], "null", null],
    [["https://a.example"], "https://a.example/evil", null],
    [["https://a.example"], "https://user@a.example", null],
    [["https://*"], `https://${"a".repeat(600)}`, null],
  ];
  for (const [entries, origin, expected] of cases) {
    equal(new AllowedOrigins(entries).header(origin), expected, `${entries} for ${origin}`);
  }
  ok(!new AllowedOrigins(["*"]).varies);
  ok(new AllowedOrigins(["https://a.example", "*"]).varies);
});

Deno.test("the client's address: proxies are believed only when they are trusted", () => {
  const trusted = ["10.0.0.0/8", "fd00::/8"].map(parseNetwork);
  const cases: readonly [string, Record<string, string>, string][] = [
    ["192.0.2.1", { "x-forwarded-for": "198.51.100.1" }, "192.0.2.1"],
    ["10.0.0.1", {}, "10.0.0.1"],
    ["10.0.0.1", { "x-forwarded-for": "198.51.100.1" }, "198.51.100.1"],
    ["10.0.0.1", { "x-forwarded-for": "6.6.6.6, 198.51.100.1" }, "198.51.100.1"],
    ["10.0.0.1", { "x-forwarded-for": "6.6.6.6, 198.51.100.1, 10.1.1.1" }, "198.51.100.1"],
    ["10.0.0.1", { "x-forwarded-for": "10.2.2.2, 10.1.1.1" }, "10.2.2.2"],
    ["10.0.0.1", { "x-forwarded-for": "198.51.100.1, unknown" }, "10.0.0.1"],
    ["10.0.0.1", { "x-forwarded-for": "unknown", "x-real-ip": "198.51.100.7" }, "198.51.100.7"],
    ["10.0.0.1", { "x-real-ip": "::ffff:198.51.100.7" }, "198.51.100.7"],
    ["10.0.0.1", { "x-real-ip": "nonsense" }, "10.0.0.1"],
    ["fd00::1", { "x-forwarded-for": "2001:db8::5" }, "2001:db8::5"],
    ["10.0.0.1", { "x-forwarded-for": "10.1.1.1,".repeat(1000) + "10.1.1.1" }, "10.0.0.1"],
  ];
  for (const [peer, headers, expected] of cases) {
    const address = clientAddress({ ip: peer, port: 99 }, new Headers(headers), trusted);
    equal(address, { ip: expected, port: 99 }, JSON.stringify(headers));
  }
  const headers = new Headers({ "x-forwarded-for": "198.51.100.1" });
  equal(clientAddress({ ip: "10.0.0.1", port: 1 }, headers, []).ip, "10.0.0.1");
});

Deno.test("credentials: Basic, Bearer, and Bearer with user and password", () => {
  const none = { user: "", pass: "", token: "" };
  const basic = (text: string) => `Basic ${btoa(text)}`;
  const cases: readonly [string | null, typeof none][] = [
    [null, none],
    [basic("a:b"), { user: "a", pass: "b", token: "" }],
    [basic("a:b:c"), { user: "a", pass: "b:c", token: "" }],
    [basic("a:"), { user: "a", pass: "", token: "" }],
    [`bASIC  ${btoa("a:b")}`, { user: "a", pass: "b", token: "" }],
    [basic("nocolon"), none],
    ["Basic !!!", none],
    ["Basic", none],
    ["Bearer abc.def", { user: "", pass: "", token: "abc.def" }],
    ["Bearer a:b", { user: "a", pass: "b", token: "" }],
    ["Bearer a:b:c", { user: "", pass: "", token: "a:b:c" }],
    [`${basic("a:b")}, Bearer t`, { user: "", pass: "", token: "t" }],
    ["Digest username=x", none],
  ];
  for (const [header, expected] of cases) {
    const headers = new Headers(header === null ? {} : { authorization: header });
    equal(httpCredentials(headers), expected, header ?? "none");
  }
  const utf8 = new TextEncoder().encode("jürgen:größe").toBase64();
  equal(httpCredentials(new Headers({ authorization: `Basic ${utf8}` })), {
    user: "jürgen",
    pass: "größe",
    token: "",
  });
});

Deno.test("ranges: one is honoured, what makes no sense is ignored, what is outside is refused", async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7 >> 3);
  const cases: readonly [string | null, readonly [number, number] | 416 | null][] = [
    [null, null],
    ["bytes=0-", [0, 300_000]],
    ["bytes=0-0", [0, 1]],
    ["bytes=10-19", [10, 20]],
    ["bytes=299999-", [299_999, 300_000]],
    ["bytes=100-999999", [100, 300_000]],
    ["bytes=-1", [299_999, 300_000]],
    ["bytes=-400000", [0, 300_000]],
    ["BYTES=5-5", [5, 6]],
    ["bytes=300000-", 416],
    ["bytes=-0", 416],
    ["bytes=20-10", null],
    ["bytes=0-1,5-6", null],
    ["bytes=a-b", null],
    ["bytes=--1", null],
    ["items=0-1", null],
    ["bytes=99999999999999999999-", null],
  ];
  for (const [range, expected] of cases) {
    for (const method of ["GET", "HEAD"]) {
      const request = new Request("http://h/", { method, headers: range === null ? {} : { range } });
      const { response, size } = byteAnswer(request, bytes, { "content-type": "video/mp4" });
      const body = new Uint8Array(await response.arrayBuffer());
      if (expected === 416) {
        equal([response.status, response.headers.get("content-range"), size], [416, "bytes */300000", 0]);
        continue;
      }
      const [start, end] = expected ?? [0, 300_000];
      equal(response.status, expected === null ? 200 : 206, `${method} ${range}`);
      equal(response.headers.get("content-length"), String(end - start));
      equal(response.headers.get("content-range"), expected && `bytes ${start}-${end - 1}/300000`);
      equal(response.headers.get("content-type"), "video/mp4");
      equal(size, method === "HEAD" ? 0 : end - start);
      equal(body, method === "HEAD" ? new Uint8Array() : bytes.slice(start, end));
    }
  }
  const conditional = new Request("http://h/", { headers: { range: "bytes=0-1", "if-range": '"x"' } });
  equal(byteAnswer(conditional, bytes, {}).response.status, 200);
});

Deno.test("the debug log shows no secrets", () => {
  const headers = new Headers({
    authorization: "Basic c2VjcmV0",
    cookie: "secret",
    referer: "http://h/x?token=secret",
    location: "/a/whip/secret?token=secret",
    link: '<turn:t>; rel="ice-server"; username="u"; credential="sec\\"ret"; credential-type="password"',
    accept: "*/*",
  });
  const text = headDump(requestLine("PATCH", "/a/whep/secret"), headers);
  ok(!/secret|c2Vj/.test(text), text);
  ok(text.startsWith("PATCH /a/whep/<redacted>\n"));
  ok(text.includes("accept: */*"));
});
