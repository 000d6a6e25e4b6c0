import type { SourceHost } from "../../../src/paths/path.ts";
import { TestPublisher } from "../../paths/support.ts";
import { ask, get as getRequest, RawClient } from "../../net/http/support.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { parseMediaPlaylist } from "./support/media_playlist.ts";
import { HlsTest, Publishing, speechOnly, uris, videoAndAudio } from "./support/server.ts";
import { PlaylistValidator } from "./support/validator.ts";

const token = /session=([\w-]{43})/;

/** The playlist of the first rendition and what it lists. */
async function openStream(test: HlsTest, query = "") {
  const multivariant = await test.text(`/cam/index.m3u8${query}`);
  const media = uris(multivariant).find((uri) => uri.startsWith("video") || uri.startsWith("main"))!;
  const text = await test.text(`/cam/${media}`);
  return { multivariant, media, text, files: uris(text).filter((uri) => uri !== "gap.mp4") };
}

Deno.test("pages, scripts and what is not there", async () => {
  await using test = new HlsTest({ entries: { cam: {} } });
  const cases: readonly [string, string, number, string | null][] = [
    ["GET", "/", 404, null],
    ["GET", "/favicon.ico", 404, null],
    ["GET", "/cam", 302, "/cam/"],
    ["GET", "/cam?a=1&b", 302, "/cam/?a=1&b"],
    ["GET", "/a b", 302, "/a%20b/"],
    ["GET", "/cam/", 200, null],
    ["HEAD", "/cam/", 200, null],
    ["GET", "/cam/?muted=no", 200, null],
    ["GET", "/cam/hls.min.js", 200, null],
    ["GET", "/cam/player.js", 200, null],
    ["GET", "/cam/hls.min.js.map", 404, null],
    ["POST", "/cam/", 404, null],
    ["DELETE", "/cam/index.m3u8", 404, null],
    ["OPTIONS", "/cam/", 404, null],
    ["GET", "/unknown/", 500, null],
    ["GET", "/cam/index.m3u8", 404, null],
    ["GET", "/cam/video1_stream.m3u8", 401, null],
    ["GET", "/cam/x_seg1.mp4", 401, null],
    ["GET", `/cam/index.m3u8?${"a".repeat(3000)}`, 414, null],
  ];
  for (const [method, path, status, location] of cases) {
    const response = await test.get(path, { method });
    await response.body?.cancel();
    equal([response.status, response.headers.get("location")], [status, location], `${method} ${path}`);
    equal(response.headers.get("access-control-allow-origin"), "*");
  }
  for (
    const path of ["//evil.example", "/cam/../../etc/passwd", "/cam/%2e%2e/%2e%2e/x.mp4", "/..%5c..%5cx.ts"]
  ) {
    match(await ask(test.port, getRequest(path)), /^HTTP\/1.1 404 /, path);
  }
  const error = await test.get("/cam/index.m3u8");
  equal(await error.json(), { status: "error", error: "no stream is available on path 'cam'" });
  const preflight = await ask(
    test.port,
    "OPTIONS /cam/index.m3u8 HTTP/1.1\r\nHost: h\r\nOrigin: http://a\r\nAccess-Control-Request-Method: GET\r\n\r\n",
  );
  match(preflight, /^HTTP\/1.1 204[^]*access-control-allow-headers: Authorization, Range/i);
});

Deno.test("a stream is played: playlists and files, whole, in ranges, and their headers only", async () => {
  await using test = new HlsTest();
  const cam = await test.publish("cam");
  const first = test.get("/cam/index.m3u8?user=x");
  await test.line(/is converting into HLS, 2 tracks \(H264, MPEG-4 Audio\)$/);
  cam.write(3.5);
  const response = await first;
  equal(response.headers.get("content-type"), "application/vnd.apple.mpegurl");
  equal(response.headers.get("cache-control"), "private, no-cache");
  const [audio, video] = uris(await response.text());
  match(audio, /^audio2_stream\.m3u8\?user=x&session=[\w-]{43}$/);
  match(video, /^video1_stream\.m3u8\?user=x&session=[\w-]{43}$/);
  const playlist = parseMediaPlaylist(await test.text(`/cam/${video}`));
  const { uri, map } = playlist.segments.at(-1)!;
  match(map!, /^[0-9a-f]{12}_video1_init\.mp4\?user=x&session=/);
  const whole = await test.get(`/cam/${uri}`);
  const bytes = new Uint8Array(await whole.arrayBuffer());
  equal(whole.headers.get("content-type"), "video/mp4");
  equal(whole.headers.get("content-length"), String(bytes.length));
  const range = await test.get(`/cam/${uri}`, { headers: { range: "bytes=8-19" } });
  equal([range.status, range.headers.get("content-range")], [206, `bytes 8-19/${bytes.length}`]);
  equal(new Uint8Array(await range.arrayBuffer()), bytes.slice(8, 20));
  const head = await test.get(`/cam/${uri}`, { method: "HEAD" });
  equal([head.status, head.headers.get("content-length")], [200, String(bytes.length)]);
  equal(await test.status(`/cam/${uri.replace(".mp4", ".mp")}`), 200);
  equal(await test.status(`/cam/${uri.replace("seg", "segx")}`), 404);
  const heard = await test.get(
    `/cam/${parseMediaPlaylist(await test.text(`/cam/${audio}`)).segments.at(-1)!.uri}`,
  );
  await heard.body?.cancel();
  equal(heard.headers.get("content-type"), "audio/mp4");
  const [session] = test.server.sessions;
  equal([session.path, session.query, session.isCDN], ["cam", "user=x", false]);
  ok(session.outboundBytes > bytes.length && test.server.muxers[0].outboundBytes === session.outboundBytes);
  equal(test.paths.get("cam")!.readers, [{ type: "hlsSession", id: session.id }]);
});

Deno.test("each version of a low-latency playlist keeps the rules, with blocking reloads", async () => {
  await using test = new HlsTest();
  const cam = await test.publish("cam");
  const multivariant = test.text("/cam/index.m3u8");
  await test.line(/is converting/);
  cam.write(2.2);
  const media = uris(await multivariant).find((uri) => uri.startsWith("video"))!;
  const validator = new PlaylistValidator({
    video: true,
    regular: true,
    fetchFile: async (uri) => {
      const response = await test.get(`/cam/${uri}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.status === 200 ? bytes : null;
    },
  });
  let playlist = await validator.check(await test.text(`/cam/${media}`));
  for (let i = 0; i < 40; i++) {
    const msn = playlist.segments.at(-1)!.msn + 1;
    const part = playlist.open.parts.length;
    const next = test.text(`/cam/${media}&_HLS_msn=${msn}&_HLS_part=${part}`);
    const hinted = test.get(`/cam/${playlist.preloadHint}`);
    await test.holds(2);
    equal(await test.status(`/cam/${media}&_HLS_msn=${msn + 5}`), 400);
    cam.write(0.25);
    const file = await hinted;
    equal(file.status, 200);
    await file.body?.cancel();
    playlist = await validator.check(await next);
  }
  equal(validator.problems, []);
  for (const bad of ["_HLS_msn=x", "_HLS_part=1", "_HLS_msn=-1"]) {
    equal(await test.status(`/cam/${media}&${bad}`), 400, bad);
  }
  equal(await test.status(`/cam/${media}&_HLS_msn=0`), 200);
  match(await test.text(`/cam/${media}&_HLS_skip=YES`), /#EXTM3U/);
});

Deno.test("the other variants: fMP4 and MPEG-TS", async () => {
  for (const [variant, type, start] of [["fmp4", "video/mp4", 0], ["mpegts", "video/mp2t", 0x47]] as const) {
    await using test = new HlsTest({ globals: { hlsVariant: variant } });
    const cam = await test.publish("cam");
    const multivariant = test.text("/cam/index.m3u8");
    await test.line(/is converting/);
    cam.write(4.5);
    match(await multivariant, variant === "fmp4" ? /VERSION:10/ : /VERSION:3\n/);
    const { text, files } = await openStream(test);
    ok(!text.includes("EXT-X-PART"));
    const segment = await test.get(`/cam/${files.at(-1)}`);
    equal(segment.headers.get("content-type"), type);
    const bytes = new Uint8Array(await segment.arrayBuffer());
    equal(bytes[0], start);
    if (variant === "mpegts") {
      equal(bytes.length % 188, 0);
      for (let at = 0; at < bytes.length; at += 188) equal(bytes[at], 0x47);
    }
  }
});

Deno.test("a session is named by the URLs, or by the cookie once it has come back", async () => {
  await using test = new HlsTest();
  const cam = await test.publish("cam");
  await test.publish("other");
  const waiting = test.get("/cam/index.m3u8");
  await test.line(/is converting/);
  cam.write(2.5);
  const first = await waiting;
  const cookie = first.headers.get("set-cookie")!;
  match(cookie, /^hlsSession=[\w-]{43}; HttpOnly; Secure; SameSite=None; Partitioned$/);
  const [, name] = token.exec(await first.text())!;
  const headers = { cookie: cookie.split(";")[0] };

  const second = await test.text("/cam/index.m3u8?a=1", { headers });
  ok(!token.test(second), second);
  const media = uris(second).at(-1)!;
  equal(media, "video1_stream.m3u8?a=1");
  const { segments } = parseMediaPlaylist(await test.text(`/cam/${media}`, { headers }));
  equal(await test.status(`/cam/${segments.at(-1)!.uri}`, { headers }), 200);
  equal(test.server.sessions.length, 1);

  equal(await test.status(`/cam/${media}`), 401);
  equal(await test.status(`/cam/${media}&session=${"A".repeat(43)}`), 401);
  equal(await test.status(`/other/${media}&session=${name}`), 401);
  equal(await test.status("/cam/index.m3u8"), 200);
  equal(test.server.sessions.length, 2);
  ok(test.server.kickSession(test.server.sessions[0].id));
  ok(!test.server.kickSession("unknown"));
  equal(await test.status(`/cam/video1_stream.m3u8?session=${name}`), 404);
  equal(test.server.sessions.length, 1);
  await test.line(/closed: kicked/);
});

Deno.test("sessions end without requests, muxers without sessions", async () => {
  await using test = new HlsTest({ globals: { hlsMuxerCloseAfter: 60_000 } });
  const cam = await test.publish("cam");
  const waiting = test.text("/cam/index.m3u8");
  await test.line(/is converting/);
  cam.write(2.5);
  const media = uris(await waiting).at(-1)!;
  const now = Date.now();
  test.server.check(now + 25_000);
  equal(await test.status(`/cam/${media}`), 200);
  equal(test.paths.get("cam")!.readers.length, 1);
  test.server.check(now + 40_000);
  equal(test.paths.get("cam")!.readers.length, 0);
  equal(await test.status(`/cam/${media}`), 404);
  test.server.check(now + 59_000);
  equal(test.server.muxers.length, 1);
  test.server.check(now + 70_000);
  equal(test.server.muxers.length, 0);
  equal(test.story, [
    `info [HLS] started with listener on A (TCP/HTTP)`,
    "info [HLS] [session S] created by A",
    "info [HLS] [muxer cam] created (requested by A)",
    "info [HLS] [muxer cam] is converting into HLS, 2 tracks (H264, MPEG-4 Audio)",
    "info [HLS] [session S] is reading from muxer 'cam'",
    "info [HLS] [session S] closed: inactive",
    "info [HLS] [muxer cam] destroyed: not used anymore",
  ]);
});

Deno.test("credentials: asked for, refused, accepted", async () => {
  const user = {
    user: "anna",
    pass: "secret",
    ips: [],
    permissions: [{ action: "read" as const, path: "cam" }, { action: "publish" as const, path: "cam" }],
  };
  const publisher = {
    user: "any",
    pass: "",
    ips: [],
    permissions: [{ action: "publish" as const, path: "" }],
  };
  await using test = new HlsTest({ globals: { authInternalUsers: [user, publisher] } });
  const cam = await test.publish("cam");
  for (const path of ["/cam/", "/cam/index.m3u8"]) {
    const asked = await test.get(path);
    equal([asked.status, asked.headers.get("www-authenticate")], [401, 'Basic realm="mediamtx"']);
    equal(await asked.json(), { status: "error", error: "authentication error" });
    equal(test.lines.filter((line) => line.startsWith("warn")), []);
    const refused = await test.get(path, { headers: { authorization: `Basic ${btoa("anna:wrong")}` } });
    await refused.body?.cancel();
    equal([refused.status, refused.headers.get("www-authenticate")], [401, null]);
    match(
      test.lines.pop()!,
      /^warn \[HLS\] \[conn 127\.0\.0\.1:\d+\] failed to authenticate: authentication failed$/,
    );
  }
  equal(test.server.sessions, []);
  const playing = test.text("/cam/index.m3u8", { headers: { authorization: "Bearer anna:secret" } });
  await test.line(/is converting/);
  cam.write(2.5);
  // The token is enough from here on.
  equal(await test.status(`/cam/${uris(await playing).at(-1)}`), 200);
  equal(test.server.sessions.map(({ user }) => user), ["anna"]);
});

Deno.test("content delivery networks share one session and may keep what they get", async () => {
  await using test = new HlsTest({
    globals: { hlsCDNSecret: "cdn-secret", hlsVariant: "fmp4", authInternalUsers: [] },
    entries: { cam: {} },
  });
  const conf = test.paths.get("cam");
  ok(conf !== null);
  await using open = new HlsTest({ globals: { hlsCDNSecret: "cdn-secret", hlsVariant: "fmp4" } });
  const cam = await open.publish("cam");
  const headers = { authorization: "Bearer cdn-secret" };
  const waiting = open.get("/cam/index.m3u8?q=1", { headers });
  await open.line(/created by 127\.0\.0\.1:\d+ \(CDN\)/);
  await open.line(/is converting/);
  cam.write(4.5);
  const first = await waiting;
  equal(first.headers.get("cache-control"), "public, max-age=30");
  equal(first.headers.get("set-cookie"), null);
  const media = uris(await first.text()).at(-1)!;
  equal(media, "video1_stream.m3u8?q=1");
  const playlist = await open.get(`/cam/${media}`, { headers });
  equal(playlist.headers.get("cache-control"), "public, max-age=1");
  const segment = await open.get(`/cam/${uris(await playlist.text()).at(-1)}`, { headers });
  await segment.body?.cancel();
  equal(segment.headers.get("cache-control"), "public, max-age=3600");
  // A 404 without a word would be kept for minutes, and the file may be there a moment later.
  const missing = await open.get("/cam/0123456789ab_video1_seg99.mp4", { headers });
  await missing.body?.cancel();
  equal([missing.status, missing.headers.get("cache-control")], [404, "no-store"]);
  equal(await open.status("/cam/index.m3u8", { headers }), 200);
  equal(open.server.sessions.map(({ isCDN }) => isCDN), [true]);
  equal(await open.status(`/cam/${media}`), 401);
  // It answers out of its cache for long; then its session has to begin anew.
  open.server.check(Date.now() + 40_000);
  equal(open.server.sessions, []);
  equal(await open.status(`/cam/${media}`, { headers }), 200);
  equal(open.server.sessions.length, 1);
  // Nobody else gets in that way: the first server has no users at all.
  equal(await test.status("/cam/index.m3u8", { headers: { authorization: "Bearer cdn-secreT" } }), 401);
  equal(await test.status("/cam/index.m3u8", { headers }), 404);
});

Deno.test("the end of a stream wakes who waits; the next publisher is played after a reload", async () => {
  await using test = new HlsTest();
  const cam = await test.publish("cam");
  const waiting = test.text("/cam/index.m3u8");
  await test.line(/is converting/);
  cam.write(2.5);
  const media = uris(await waiting).at(-1)!;
  const playlist = parseMediaPlaylist(await test.text(`/cam/${media}`));
  const held = test.get(`/cam/${media}&_HLS_msn=${playlist.segments.at(-1)!.msn + 1}&_HLS_part=4`);
  const hinted = test.get(`/cam/${playlist.preloadHint}`);
  equal(await test.status(`/cam/nothing_stream.m3u8?${token.exec(media)![0]}`), 404);
  await test.holds(2);
  cam.leave();
  equal(await (await held).json(), { status: "error", error: "no stream is available on path 'cam'" });
  equal((await hinted).status, 404);
  await (await hinted).body?.cancel();
  equal([test.server.muxers, test.server.sessions], [[], []]);
  ok(test.story.includes("info [HLS] [muxer cam] destroyed: stream is closed"));
  ok(test.story.includes("info [HLS] [session S] closed: muxer destroyed"));
  equal(await test.status(`/cam/${media}`), 404);
  equal(await test.status("/cam/index.m3u8"), 404);
  const again = await test.publish("cam");
  const next = test.text("/cam/index.m3u8");
  await test.holds(1);
  again.write(3);
  equal(await test.status(`/cam/${uris(await next).at(-1)}`), 200);
});

Deno.test("a muxer whose first segment takes long is in use by those who wait for it", async () => {
  await using test = new HlsTest({ globals: { hlsMuxerCloseAfter: 5000 } });
  const cam = await test.publish("cam");
  const waiting = test.text("/cam/index.m3u8");
  await test.holds(1);
  test.server.check(Date.now() + 6000);
  cam.write(3);
  match(await waiting, /^#EXTM3U/);
  test.server.check(Date.now() + 10_900);
  test.server.check(Date.now() + 16_000);
  equal(test.server.muxers, []);
});

Deno.test("a stream without key frames: the log tells once what is waited for", async () => {
  await using test = new HlsTest({ globals: { hlsAlwaysRemux: true } });
  const cam = await test.publish("cam");
  await test.line(/is converting into HLS/);
  const told = () => test.story.filter((line) => line.includes("waiting for a key frame"));
  test.server.check(Date.now() + 9000);
  equal(told(), []);
  for (const ms of [11_000, 25_000]) test.server.check(Date.now() + ms);
  equal(told(), [
    "warn [HLS] [muxer cam] is waiting for a key frame of the publisher: no segment can begin without",
  ]);
  cam.write(3);
  equal(await test.status("/cam/index.m3u8"), 200);
});

Deno.test("muxers of the same path have no file name in common, so that caches never mix them up", async () => {
  await using test = new HlsTest({ globals: { hlsCDNSecret: "cdn-secret", hlsVariant: "fmp4" } });
  const headers = { authorization: "Bearer cdn-secret" };
  const seen = new Set<string>();
  for (let run = 0; run < 2; run++) {
    const cam = await test.publish("cam");
    const waiting = test.text("/cam/index.m3u8", { headers });
    await test.holds(1);
    cam.write(4.5);
    for (const playlist of uris(await waiting)) {
      const files = new Set(uris(await test.text(`/cam/${playlist}`, { headers })));
      ok(files.size >= 3);
      for (const file of files) {
        ok(!seen.has(file), file);
        seen.add(file);
      }
    }
    cam.leave();
  }
});

Deno.test("a client that goes away gives its place up", async () => {
  await using test = new HlsTest();
  await test.publish("cam");
  const client = new AbortController();
  const waiting = test.get("/cam/index.m3u8", { signal: client.signal }).catch(() => "aborted");
  await test.line(/is reading from muxer/);
  await test.holds(1);
  client.abort();
  equal(await waiting, "aborted");
  await test.holds(0);
  test.server.check(Date.now() + 40_000);
  equal(test.server.sessions, []);
});

Deno.test("a stream that HLS cannot carry, and a path that is full, are told as what they are", async () => {
  await using test = new HlsTest({ entries: { all_others: {}, small: { maxReaders: 1 } } });
  await test.publish("speech", speechOnly);
  const refused = await test.get("/speech/index.m3u8");
  equal(refused.status, 500);
  match((await refused.json()).error, /no codec that HLS carries/);
  equal([test.server.sessions, test.server.muxers], [[], []]);
  equal(test.paths.get("speech")!.readers, []);
  const small = await test.publish("small");
  const playing = test.text("/small/index.m3u8");
  await test.line(/is converting/);
  small.write(2.5);
  await playing;
  const full = await test.get("/small/index.m3u8");
  equal([full.status, (await full.json()).error], [500, "maximum reader count reached"]);
});

Deno.test("a path that is a redirection sends players on, when they can follow", async () => {
  await using test = new HlsTest({
    entries: {
      there: { source: "redirect", sourceRedirect: "/cam" },
      away: { source: "redirect", sourceRedirect: "https://other.example/x/index.m3u8" },
      camera: { source: "redirect", sourceRedirect: "rtsp://other.example/x" },
    },
  });
  const location = async (path: string) => {
    const response = await test.get(path);
    await response.body?.cancel();
    return response.headers.get("location");
  };
  equal(await location("/there/index.m3u8?a=1"), "/cam/index.m3u8?a=1");
  equal(await location("/away/index.m3u8"), "https://other.example/x/index.m3u8");
  equal(await test.status("/camera/index.m3u8"), 404);
});

Deno.test("a source on demand is started by the first viewer and needed as long as the muxer lives", async () => {
  const started = Promise.withResolvers<SourceHost>();
  const stopped: string[] = [];
  await using test = new HlsTest({
    entries: { pulled: { source: "rtsp://host/x", sourceOnDemand: true } },
    globals: { hlsAlwaysRemux: true },
    createSource: (host) => ({
      type: "rtspSource",
      status: { state: "running", lastError: null, lastErrorAt: null, attempts: 1 },
      start: () => started.resolve(host),
      stop: (reason) => {
        stopped.push(reason);
        return Promise.resolve();
      },
    }),
  });
  const waiting = test.text("/pulled/index.m3u8");
  const seat = (await started.promise).attach(new TestPublisher("", "rtspSource"), videoAndAudio);
  await test.line(/\[muxer pulled\] created \(requested by/);
  await test.line(/is reading from muxer/);
  new Publishing(seat, new TestPublisher(), 100).write(2.5);
  match(await waiting, /video1_stream/);
  const now = Date.now();
  test.server.check(now + 40_000);
  equal([test.server.sessions.length, test.server.muxers.length], [0, 1]);
  test.server.check(now + 70_000);
  equal(test.server.muxers.length, 0);
  equal(stopped, []);
  seat.leave();
});

Deno.test("always ready: made with the stream, and anew some time after a crash", async () => {
  await using test = new HlsTest({ globals: { hlsAlwaysRemux: true, hlsSegmentMaxSize: 30_000 } });
  const cam = await test.publish("cam");
  await test.line(/\[muxer cam\] created automatically/);
  await test.line(/is converting/);
  cam.write(2.5);
  const media = uris(await test.text("/cam/index.m3u8")).at(-1)!;
  test.server.check(Date.now() + 3_600_000);
  equal(test.server.muxers.length, 1);
  cam.leave();
  equal(test.server.muxers.length, 0);
  equal(await test.status(`/cam/${media}`), 404);
  const heavy = await test.publish("cam", undefined, 20_000);
  await test.line(/\[muxer cam\] created automatically/);
  const held = test.get("/cam/index.m3u8");
  await test.line(/\[muxer cam\] is converting[^]*/);
  heavy.write(2);
  await test.line(/^error \[HLS\] \[muxer cam\] muxer instance crashed: a segment is larger than/);
  const response = await held;
  await response.body?.cancel();
  equal(response.status, 404);
  const count = () => test.lines.filter((line) => line.includes("is converting")).length;
  const before = count();
  test.server.check(Date.now() + 2_000);
  equal(count(), before);
  test.server.check(Date.now() + 11_000);
  equal(count(), before + 1);
});

Deno.test("a directory holds what the playlists list, and is gone with the muxer", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using test = new HlsTest({
      globals: { hlsVariant: "fmp4", hlsDirectory: folder, hlsSegmentCount: 3 },
    });
    const cam = await test.publish("a/cam");
    const waiting = test.status("/a/cam/index.m3u8");
    await test.line(/is converting/);
    for (let i = 0; i < 8; i++) cam.write(1);
    equal(await waiting, 200);
    const listed = async (name: string) => uris(await Deno.readTextFile(`${folder}/a/cam/${name}`));
    const video = "video1_stream.m3u8";
    const limit = Date.now() + 60_000;
    while ((await listed(video).catch(() => [])).length < 4) {
      ok(Date.now() < limit, "no playlist was written");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const playlists = await listed("index.m3u8");
    equal(playlists, ["audio2_stream.m3u8", video]);
    for (const playlist of playlists) {
      for (const file of await listed(playlist)) {
        ok((await Deno.stat(`${folder}/a/cam/${file}`)).size > 0, file);
      }
    }
    cam.leave();
    await test.server.close();
    equal([...Deno.readDirSync(`${folder}/a`)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("clients that do not read, and idle ones, do not keep others from playing", async () => {
  await using test = new HlsTest();
  const cam = await test.publish("cam", undefined, 60_000);
  const waiting = test.text("/cam/index.m3u8");
  await test.line(/is converting/);
  cam.write(3.5);
  const media = uris(await waiting).at(-1)!;
  const segment = parseMediaPlaylist(await test.text(`/cam/${media}`)).segments.at(-1)!.uri;
  const clients = await Promise.all(Array.from({ length: 500 }, () => RawClient.connect(test.port)));
  for (const client of clients.slice(0, 50)) await client.send(getRequest(`/cam/${segment}`));
  for (let i = 0; i < 20; i++) {
    cam.write(0.2);
    equal(await test.status(`/cam/${media}`), 200);
  }
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("closing answers who waits and leaves nothing behind", async () => {
  const test = new HlsTest();
  const cam = await test.publish("cam");
  const waiting = test.text("/cam/index.m3u8");
  await test.line(/is converting/);
  cam.write(2.5);
  const media = uris(await waiting).at(-1)!;
  const playlist = parseMediaPlaylist(await test.text(`/cam/${media}`));
  const held = test.status(`/cam/${media}&_HLS_msn=${playlist.segments.at(-1)!.msn + 2}`);
  await test.holds(1);
  using idle = await RawClient.connect(test.port);
  equal(await test.status("/cam/"), 200);
  await test.server.close();
  equal(await held, 404);
  equal(await idle.readAll(), "<end>");
  ok(test.story.includes("info [HLS] [muxer cam] destroyed: terminated"));
  equal(test.paths.get("cam")!.readers, []);
  await test[Symbol.asyncDispose]();
});

Deno.test("over HTTPS with HTTP/2", async () => {
  await using test = new HlsTest({ secure: true });
  await test.line(/started with listener on 127\.0\.0\.1:\d+ \(TCP\/HTTPS\)/);
  const cam = await test.publish("cam");
  using client = Deno.createHttpClient({ caCerts: [test.certificate], http1: false, http2: true });
  const url = `https://127.0.0.1:${test.port}/cam`;
  const waiting = fetch(`${url}/index.m3u8`, { client });
  await test.line(/is converting/);
  cam.write(2.5);
  const media = uris(await (await waiting).text()).at(-1)!;
  const texts = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`${url}/${media}`, { client })).text()),
  );
  equal(new Set(texts).size, 1);
});
