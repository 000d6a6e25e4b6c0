import { passedOn, sessionInCookie, sessionInQuery, withSession } from "../../../src/protocols/hls/query.ts";
import { parseRoute, pathUrl } from "../../../src/protocols/hls/routes.ts";
import { SessionTokens } from "../../../src/protocols/hls/tokens.ts";
import { Waiters } from "../../../src/protocols/hls/waiters.ts";
import { equal, ok } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";

Deno.test("what URLs ask for", () => {
  const cases: readonly [string, string][] = [
    ["/", "notFound"],
    ["/favicon.ico", "notFound"],
    ["/cam/hls.min.js.map", "notFound"],
    ["/cam/hls.min.js", "library"],
    ["/cam/player.js", "module"],
    ["/cam", "directory cam"],
    ["/a/b", "directory a/b"],
    ["/cam/", "page cam"],
    ["/a/b/", "page a/b"],
    ["/cam/index.m3u8", "multivariant cam"],
    ["/a/b/index.m3u8", "multivariant a/b"],
    ["/cam/video1_stream.m3u8", "media cam video1_stream.m3u8"],
    ["/cam/abc_video1_seg7.mp4", "file cam abc_video1_seg7.mp4"],
    ["/cam/abc_main_seg7.ts", "file cam abc_main_seg7.ts"],
    ["/cam/abc_video1_part7.mp", "file cam abc_video1_part7.mp4"],
    ["/c%61m/index.m3u8", "multivariant cam"],
    ["/index.m3u8", "notFound"],
    ["/seg.mp4", "notFound"],
    ["/../cam/", "notFound"],
    ["/cam/../../etc/passwd", "notFound"],
    ["/cam/%2e%2e/%2e%2e/etc/passwd.mp4", "notFound"],
    ["/cam/..%2f..%2fetc/passwd.ts", "notFound"],
    ["/cam/..\\..\\x.mp4", "notFound"],
    ["/cam/%00.mp4", "notFound"],
    ["/cam/%0d%0aSet-Cookie:x/", "notFound"],
    ["/cam/%ff/", "notFound"],
    ["/cam/%/", "notFound"],
    ["//evil.example/", "notFound"],
    ["//evil.example", "notFound"],
    ["/cam//x.mp4", "notFound"],
    ["/./cam/", "notFound"],
    [`/${"a".repeat(3000)}/`, "notFound"],
  ];
  for (const [url, expected] of cases) {
    const route = parseRoute(url);
    const text = [route.kind, "path" in route ? route.path : "", "name" in route ? route.name : ""];
    equal(text.filter((part) => part !== "").join(" "), expected, url);
  }
  equal(pathUrl("a b/c?d", "index.m3u8"), "/a%20b/c%3Fd/index.m3u8");
});

Deno.test("no URL leads out of its path", () => {
  const seeds = ["/cam/index.m3u8", "/a/%2e%2e/b/x.mp4", "/../a/", "/a%2f..%5c/x.ts"].map((text) =>
    new TextEncoder().encode(text)
  );
  fuzz("route", seeds, (bytes) => {
    const route = parseRoute(`/${String.fromCharCode(...bytes)}`);
    if (!("path" in route)) return;
    const name = "name" in route ? route.name : "";
    ok(!`${route.path}/${name}`.split("/").slice(0, -1).some((part) => /^(\.\.?)?$|\\/.test(part)));
    ok(!/[\/\\]/.test(name));
  });
});

Deno.test("the client's own query comes back with every URI, what is ours does not", () => {
  const cases: readonly [string, string][] = [
    ["", ""],
    ["a=1&b=2", "a=1&b=2"],
    ["token=x.y-z&_HLS_msn=3&_HLS_part=1&_HLS_skip=YES", "token=x.y-z"],
    ["cookieCheck=1&session=abc&a", "a"],
    ["sessions=1&cookieChecks=2", "sessions=1&cookieChecks=2"],
    ['a="b"&c=<\n>', "a=%22b%22&c=%3C%0A%3E"],
    ["a=%22&b=ü", "a=%22&b=%C3%BC"],
    ["&&a=1&", "a=1"],
    ["x=\ud800", "x="],
  ];
  for (const [query, expected] of cases) equal(passedOn(query), expected, query);
  equal(withSession("", "T"), "session=T");
  equal(withSession("a=1", "T"), "a=1&session=T");
  const random = new Random(7);
  for (let i = 0; i < 2000; i++) {
    const text = String.fromCharCode(...Array.from({ length: 20 }, () => random.int(400)));
    ok(/^[\x21\x23-\x7e]*$/.test(passedOn(text)), JSON.stringify(text));
  }
});

Deno.test("sessions are found in queries and cookies", () => {
  const queries: readonly [string, string | null][] = [
    ["session=abc", "abc"],
    ["a=1&session=a-_b&c", "a-_b"],
    ["xsession=abc", null],
    ["session=", null],
    ["", null],
  ];
  for (const [query, expected] of queries) equal(sessionInQuery(query), expected, query);
  const cookies: readonly [string | null, string | null][] = [
    [null, null],
    ["hlsSession=abc", "abc"],
    ["a=b; hlsSession=abc; c=d", "abc"],
    ["xhlsSession=abc", null],
  ];
  for (const [header, expected] of cookies) equal(sessionInCookie(header), expected, String(header));
});

Deno.test("tokens are good for their path and their server, and cannot be invented", () => {
  const tokens = new SessionTokens();
  const token = tokens.issue("cam");
  ok(/^[\w-]{43}$/.test(token));
  ok(tokens.isOurs(token, "cam"));
  ok(!tokens.isOurs(token, "cam2"));
  ok(!new SessionTokens().isOurs(token, "cam"));
  const random = new Random(3);
  const bytes = Uint8Array.fromBase64(token, { alphabet: "base64url" });
  for (let i = 0; i < bytes.length * 8; i++) {
    const changed = bytes.slice();
    changed[i >> 3] ^= 1 << (i & 7);
    ok(!tokens.isOurs(changed.toBase64({ alphabet: "base64url", omitPadding: true }), "cam"));
  }
  for (const wrong of ["", "x", token.slice(1), `${token}A`, "*".repeat(43), random.bytes(32).toHex()]) {
    ok(!tokens.isOurs(wrong, "cam"), wrong);
  }
});

Deno.test("a wait ends with a change, with its client, or when time is up, and leaves nothing behind", async () => {
  const waiters = new Waiters();
  const client = new AbortController();
  const waits = [
    waiters.wait(new AbortController().signal, 1),
    waiters.wait(client.signal, 60_000),
    waiters.wait(AbortSignal.abort(), 60_000),
  ];
  equal(waiters.size, 2);
  equal(await waits[0], "late");
  client.abort();
  equal(await waits[1], "gone");
  equal(await waits[2], "gone");
  equal(waiters.size, 0);
  const third = waiters.wait(new AbortController().signal, 60_000);
  waiters.wake();
  equal(await third, "changed");
  equal(waiters.size, 0);
});
