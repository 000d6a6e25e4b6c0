import { AuthManager } from "../../../../src/auth/mod.ts";
import { UserError } from "../../../../src/base/errors.ts";
import { createLogger, silentLogger } from "../../../../src/base/logger.ts";
import type { GlobalValues } from "../../../../src/conf/mod.ts";
import { NoStreamError } from "../../../../src/paths/contracts.ts";
import { LivePaths } from "../../../../src/paths/manager.ts";
import type {
  Created,
  LiveSession,
  SessionHost,
  SessionRequest,
} from "../../../../src/protocols/webrtc/http/contracts.ts";
import { allowHeaders, allowMethods, createRoutes } from "../../../../src/protocols/webrtc/http/routes.ts";
import {
  NotAcceptableError,
  type TrickleFragment,
} from "../../../../src/protocols/webrtc/negotiation/mod.ts";
import { ParseError } from "../../../../src/base/errors.ts";
import { ask, TestServer } from "../../../net/http/support.ts";
import { confOf, type Entries } from "../../../paths/support.ts";
import { equal, match, ok } from "../../../support/assert.ts";

/** A host whose sessions do nothing but remember. */
class FakeSessions implements SessionHost {
  readonly requests: SessionRequest[] = [];
  readonly patches: TrickleFragment[] = [];
  readonly closes: string[] = [];
  created: () => Created = () => ({ kind: "session", secret: "s3cret", answer: "v=0\r\n", etag: '"tag"' });
  restart: string | null = null;

  create(request: SessionRequest): Promise<Created> {
    this.requests.push(request);
    return Promise.resolve().then(() => this.created());
  }

  find(endpoint: string, path: string, secret: string): LiveSession | null {
    if (endpoint !== "whip" || path !== "a/b" || secret !== "s3cret") return null;
    return {
      etag: '"tag"',
      patch: (fragment) => {
        this.patches.push(fragment);
        return Promise.resolve(this.restart);
      },
      close: (reason) => void this.closes.push(reason),
    };
  }
}

class RoutesTest implements AsyncDisposable {
  readonly sessions = new FakeSessions();
  readonly lines: string[] = [];
  readonly #server: TestServer;
  readonly #paths: LivePaths;
  readonly #auth: AuthManager;

  constructor(entries: Entries = { all_others: {} }, globals: Partial<GlobalValues> = {}) {
    const conf = confOf(entries, globals);
    const logger = createLogger((level, text) => void this.lines.push(`${level} ${text}`), () => true);
    this.#auth = new AuthManager(conf, silentLogger, () => 0);
    this.#paths = new LivePaths({ conf, auth: this.#auth, logger: silentLogger });
    const handle = createRoutes({
      conf: () => conf,
      logger,
      pathManager: this.#paths,
      sessions: this.sessions,
    });
    this.#server = new TestServer(handle, { allowMethods, allowHeaders });
  }

  get port(): number {
    return this.#server.port;
  }

  async ask(method: string, path: string, init: RequestInit = {}) {
    const response = await fetch(this.#server.url(path), { method, redirect: "manual", ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  post(path: string, body = "v=0", headers: Record<string, string> = {}) {
    return this.ask("POST", path, { body, headers: { "content-type": "application/sdp", ...headers } });
  }

  patch(path: string, body: string, headers: Record<string, string> = {}) {
    const type = "application/trickle-ice-sdpfrag";
    return this.ask("PATCH", path, { body, headers: { "content-type": type, ...headers } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#paths.close();
    await this.#auth.close();
  }
}

const candidate = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n";

Deno.test("pages, scripts and what is not there", async () => {
  await using test = new RoutesTest();
  const cases: readonly (readonly [string, string, number, string | null])[] = [
    ["GET", "/", 404, null],
    ["GET", "/favicon.ico", 404, null],
    ["GET", "/cam", 302, "/cam/"],
    ["GET", "/a/b?x=1&y", 302, "/a/b/?x=1&y"],
    ["GET", "/a b", 302, "/a%20b/"],
    ["GET", "/cam/", 200, null],
    ["HEAD", "/cam/", 200, null],
    ["GET", "/a/b/?controls=false", 200, null],
    ["GET", "/cam/publish", 200, null],
    ["GET", "/cam/reader.js", 200, null],
    ["GET", "/a/b/publisher.js", 200, null],
    ["POST", "/cam/", 404, null],
    ["GET", "/a/b/whip", 405, null],
    ["HEAD", "/a/b/whep", 405, null],
    ["PUT", "/a/b/whip", 405, null],
    ["GET", "/a/b/whip/s3cret", 405, null],
    ["PUT", "/a/b/whip/s3cret", 405, null],
    ["POST", "/a/b/whip/s3cret", 405, null],
    ["DELETE", "/a/b/whip/guess", 404, null],
    ["DELETE", "/a/b/whep/s3cret", 404, null],
    ["DELETE", "/a/whip/s3cret", 404, null],
  ];
  for (const [method, path, status, location] of cases) {
    const { status: found, headers } = await test.ask(method, path);
    equal([found, headers.get("location")], [status, location], `${method} ${path}`);
    equal(headers.get("access-control-allow-origin"), "*");
  }
  for (
    const path of ["//evil.example/", "/cam/../../etc/", "/cam/%2e%2e/x/whip", "/..%5c..%5c/whip", "/%00/"]
  ) {
    match(await ask(test.port, `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`), /^HTTP\/1.1 (404|405) /, path);
    const head =
      `POST ${path}/whip HTTP/1.1\r\nHost: h\r\nContent-Type: application/sdp\r\nContent-Length: 0\r\n\r\n`;
    match(await ask(test.port, head), /^HTTP\/1.1 404 /, path);
  }
  equal(test.sessions.requests, []);
});

Deno.test("a session begins", async () => {
  await using test = new RoutesTest({ all_others: {} }, {
    webrtcICEServers2: [{ url: "turn:s:1", username: "u\r\nx: 1", password: "ü", clientOnly: true }],
  });
  const { status, headers, text } = await test.post("/a%2fb/whip?x=1", "v=0 offer", {
    authorization: "Bearer user:pass",
    "user-agent": "encoder",
  });
  equal([status, text], [201, "v=0\r\n"]);
  const [{ endpoint, access, offer, client }] = test.sessions.requests;
  equal([endpoint, access.name, access.query, access.protocol, access.userAgent, offer], [
    "whip",
    "a/b",
    "x=1",
    "webrtc",
    "encoder",
    "v=0 offer",
  ]);
  equal(access.credentials, { user: "user", pass: "pass", token: "" });
  equal(client.ip, "127.0.0.1");
  equal(
    ["content-type", "location", "etag", "id", "accept-patch", "link", "access-control-expose-headers"].map((
      name,
    ) => headers.get(name)),
    [
      "application/sdp",
      "/a/b/whip/s3cret?x=1",
      '"tag"',
      access.id,
      "application/trickle-ice-sdpfrag",
      '<turn:s:1>; rel="ice-server"; username="ux: 1"; credential=""; credential-type="password"',
      "ETag, ID, Accept-Patch, Link, Location",
    ],
  );
});

const failures: readonly (readonly [string, Error, number, RegExp])[] = [
  ["no stream", new NoStreamError("cam"), 404, /no stream is available on path 'cam'/],
  ["a bad offer", new ParseError("a=fingerprint", "missing"), 400, /a=fingerprint: missing/],
  ["no codec in common", new NotAcceptableError("the stream has H265"), 406, /the stream has H265/],
  ["a path that is full", new UserError("too many readers"), 400, /too many readers/],
];

for (const [name, error, status, text] of failures) {
  Deno.test(`a session is refused: ${name}`, async () => {
    await using test = new RoutesTest();
    test.sessions.created = () => {
      throw error;
    };
    const answer = await test.post("/cam/whep");
    equal(answer.status, status);
    equal(JSON.parse(answer.text).status, "error");
    match(JSON.parse(answer.text).error, text);
  });
}

Deno.test("content types, and how long an offer may be", async () => {
  await using test = new RoutesTest();
  equal((await test.ask("POST", "/cam/whip", { body: "v=0" })).status, 400);
  equal((await test.post("/cam/whip", "x", { "content-type": "application/json" })).status, 400);
  equal(
    (await test.post("/cam/whip", "x", { "content-type": "Application/SDP; charset=utf-8" })).status,
    201,
  );
  equal((await test.post("/cam/whip", "x".repeat(128 * 1024 + 1))).status, 413);
  equal(test.sessions.requests.length, 1);
});

Deno.test("redirected paths: the offer is sent again", async () => {
  await using test = new RoutesTest();
  for (
    const [to, status, location] of [
      ["/other cam", 307, "/other%20cam/whep?x=1"],
      ["https://other.example/cam/whep", 307, "https://other.example/cam/whep"],
      ["rtsp://other.example/cam", 404, null],
    ] as const
  ) {
    test.sessions.created = () => ({ kind: "redirect", to });
    const { status: found, headers } = await test.post("/cam/whep?x=1");
    equal([found, headers.get("location")], [status, location]);
  }
});

Deno.test("candidates, a restart, and the end", async () => {
  await using test = new RoutesTest();
  const url = "/a/b/whip/s3cret?x=1";
  const statuses: readonly (readonly [Record<string, string>, number])[] = [
    [{}, 204],
    [{ "if-match": "*" }, 204],
    [{ "if-match": '"tag"' }, 204],
    [{ "if-match": '"other", "tag"' }, 204],
    [{ "if-match": '"other"' }, 412],
    [{ "content-type": "application/sdp" }, 400],
  ];
  for (const [headers, status] of statuses) {
    equal((await test.patch(url, candidate, headers)).status, status, JSON.stringify(headers));
  }
  equal((await test.patch(url, "nonsense")).status, 400);
  equal((await test.patch("/a/b/whip/guess", candidate)).status, 404);
  equal(test.sessions.patches.length, 4);
  equal(test.sessions.patches[0].candidates[0].host, "192.0.2.1");
  test.sessions.restart = "a=ice-ufrag:new\r\n";
  const restart = await test.patch(url, candidate);
  equal([restart.status, restart.text, restart.headers.get("etag")], [200, "a=ice-ufrag:new\r\n", '"tag"']);
  equal(restart.headers.get("content-type"), "application/trickle-ice-sdpfrag");
  const end = await test.ask("DELETE", url);
  equal([end.status, JSON.parse(end.text)], [200, { status: "ok" }]);
  equal(test.sessions.closes, ["deleted by the client"]);
});

Deno.test("OPTIONS: a preflight is anybody's, a question is for who may", async () => {
  await using test = new RoutesTest({ cam: {} }, {
    authInternalUsers: [{
      user: "u",
      pass: "p",
      ips: [],
      permissions: [{ action: "publish", path: "" }],
    }],
    webrtcICEServers2: [{ url: "turn:t:1", username: "x", password: "y", clientOnly: false }],
  });
  const preflight = await ask(
    test.port,
    "OPTIONS /cam/whip HTTP/1.1\r\nHost: h\r\nOrigin: http://a\r\nAccess-Control-Request-Method: PATCH\r\n\r\n",
  );
  match(preflight, /^HTTP\/1.1 204[^]*access-control-allow-methods: OPTIONS, GET, POST, PATCH, DELETE/i);
  match(preflight, /access-control-allow-headers: Authorization, Content-Type, If-Match/i);
  ok(!/turn:/.test(preflight));
  const asked = await test.ask("OPTIONS", "/cam/whip");
  equal([asked.status, asked.headers.get("www-authenticate")], [401, 'Basic realm="mediamtx"']);
  equal(asked.headers.get("link"), null);
  const basic = { authorization: `Basic ${btoa("u:p")}` };
  const told = await test.ask("OPTIONS", "/cam/whip", { headers: basic });
  equal([told.status, told.headers.get("accept-post"), told.headers.get("access-control-expose-headers")], [
    204,
    "application/sdp",
    "Accept-Post, Link",
  ]);
  match(told.headers.get("link")!, /^<turn:t:1>; rel="ice-server"; username="x"; credential="y"/);
  const denied = await test.ask("OPTIONS", "/cam/whep", { headers: basic });
  equal([denied.status, denied.headers.get("www-authenticate")], [401, null]);
  match(test.lines.at(-1)!, /^warn \[conn 127\.0\.0\.1:\d+\] failed to authenticate: authentication failed$/);
  equal((await test.ask("GET", "/cam/")).status, 401);
  equal((await test.ask("GET", "/cam/publish", { headers: basic })).status, 200);
  equal((await test.ask("GET", "/cam/reader.js")).status, 200);
  equal((await test.ask("GET", "/unknown/", { headers: basic })).status, 400);
});
