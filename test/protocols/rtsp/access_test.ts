/** Who may do what: credentials, redirects, requests that wait, proxies. */
import type { InternalUser } from "../../../src/auth/mod.ts";
import type { SourceHost } from "../../../src/paths/mod.ts";
import {
  type Authorization,
  serializeAuthorization,
} from "../../../src/protocols/rtsp/wire/authorization.ts";
import { type Challenge, parseChallenges } from "../../../src/protocols/rtsp/wire/challenge.ts";
import { answerChallenge } from "../../../src/protocols/rtsp/wire/digest.ts";
import type { RtspResponse } from "../../../src/protocols/rtsp/wire/response.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { medias, TestPublisher } from "../../paths/support.ts";
import { dial, RtspClient } from "./support/client.ts";
import { audioOnly, prepare, publish, sdpType, settled } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const users: InternalUser[] = [
  { user: "pat", pass: "secret", ips: [], permissions: [{ action: "read", path: "cam" }] },
  {
    user: "quinn",
    pass: "word:with:colons",
    ips: [],
    permissions: [{ action: "publish", path: "cam" }, { action: "read", path: "other" }],
  },
];
const quinn = { user: "quinn", password: "word:with:colons" };

function guarded(methods: ("basic" | "digest")[]) {
  return TestServer.start({ globals: { authInternalUsers: users, rtspAuthMethods: methods } });
}

function challenges(response: RtspResponse): Challenge[] {
  return response.headers.all("WWW-Authenticate").flatMap(parseChallenges);
}

function basic(user: string, password: string): { Authorization: string } {
  return { Authorization: serializeAuthorization({ scheme: "Basic", user, password }) };
}

function answer(
  response: RtspResponse,
  credentials: { user: string; password: string },
  method: string,
  uri: string,
): { Authorization: string } {
  const request = { method, uri, clientNonce: "00", count: 1 };
  const authorization: Authorization = answerChallenge(challenges(response), credentials, request)!;
  return { Authorization: serializeAuthorization(authorization) };
}

for (const method of ["basic", "digest"] as const) {
  Deno.test(`${method}: a challenge, then the right credentials, to publish and to read`, async () => {
    await using server = await guarded([method]);
    const url = server.url("cam");
    await using publisher = await RtspClient.connect(server);
    const asked = await publisher.request("ANNOUNCE", url, sdpType, audioOnly);
    equal([asked.status, challenges(asked).map(({ scheme }) => scheme.toLowerCase())], [401, [method]]);
    const announce = answer(asked, quinn, "ANNOUNCE", url);
    await publisher.expect("ANNOUNCE", url, { ...sdpType, ...announce }, audioOnly);
    await publisher.setup(`${url}/streamid=0`, "RTP/AVP/TCP");
    await publisher.expect("RECORD", url);

    await using reader = await RtspClient.connect(server);
    const describe = await reader.request("DESCRIBE", url);
    equal(describe.status, 401);
    const pat = { user: "pat", password: "secret" };
    await reader.expect("DESCRIBE", url, answer(describe, pat, "DESCRIBE", url));
    const track = `${url}/trackID=0`;
    const challenged = await reader.request("SETUP", track, { Transport: "RTP/AVP/TCP" });
    equal(challenged.status, 401);
    await reader.setup(track, "RTP/AVP/TCP", answer(challenged, pat, "SETUP", track));
    await reader.expect("PLAY", url);
    equal(server.sessions.map(({ user }) => user), ["quinn", "pat"]);
    equal(server.lines(/failed to authenticate/), [], "a challenge is no failure");
  });
}

Deno.test("both methods are offered, the stronger one first", async () => {
  await using server = await guarded(["basic", "digest"]);
  await using client = await RtspClient.connect(server);
  const response = await client.request("DESCRIBE", server.url("cam"));
  equal(challenges(response).map(({ scheme, realm }) => [scheme, realm]), [["Digest", "ipcam"], [
    "Basic",
    "ipcam",
  ]]);
});

Deno.test("wrong credentials are refused, logged, and end the connection", async () => {
  await using server = await guarded(["basic", "digest"]);
  const url = server.url("cam");
  const wrong: ((response: RtspResponse) => { Authorization: string })[] = [
    () => basic("pat", "wrong"),
    () => basic("nobody", "secret"),
    () => basic("quinn", quinn.password),
    (response) => answer(response, { user: "pat", password: "wrong" }, "DESCRIBE", url),
    (response) => answer(response, { user: "pat", password: "secret" }, "PLAY", url),
    (response) => answer(response, { user: "pat", password: "secret" }, "DESCRIBE", server.url("x")),
  ];
  for (const [i, credentials] of wrong.entries()) {
    await using client = await RtspClient.connect(server);
    const challenge = await client.request("DESCRIBE", url);
    const response = await client.request("DESCRIBE", url, credentials(challenge));
    equal([response.status, challenges(response).length], [401, 0], `attempt ${i}`);
    await client.closed();
    const { length } = wrong.slice(0, i + 1);
    const closed = /closed: failed to authenticate: authentication failed/;
    await server.until("the reason", () => server.lines(closed).length === length);
    equal(server.lines(/^warn .*\[conn .*\] failed to authenticate: authentication failed/).length, length);
  }
});

Deno.test("sessions log their refusals themselves", async () => {
  await using server = await guarded(["basic"]);
  await using client = await RtspClient.connect(server);
  const headers = { ...sdpType, ...basic("pat", "secret") };
  equal((await client.request("ANNOUNCE", server.url("cam"), headers, audioOnly)).status, 401);
  await server.line(/^warn .*\[session \w{8}\] failed to authenticate: authentication failed/);
  await server.line(/\[session \w{8}\] destroyed: not in use/);
});

Deno.test("a digest for another connection is challenged anew, as stale", async () => {
  await using server = await guarded(["digest"]);
  const url = server.url("cam");
  await using first = await RtspClient.connect(server);
  const challenge = await first.request("DESCRIBE", url);
  await using second = await RtspClient.connect(server);
  const pat = { user: "pat", password: "secret" };
  const stale = await second.request("DESCRIBE", url, answer(challenge, pat, "DESCRIBE", url));
  equal(stale.status, 401);
  ok(challenges(stale).every((one) => one.scheme === "Digest" && one.stale === true));
  const found = await second.request("DESCRIBE", url, answer(stale, pat, "DESCRIBE", url));
  equal(found.status, 404, "no stream, but let in");
});

Deno.test("an Authorization header that cannot be read counts as none", async () => {
  await using server = await guarded(["basic"]);
  await using client = await RtspClient.connect(server);
  for (const text of ["Bearer x", "Basic ===", "Digest username=pat", ""]) {
    const answer = await client.request("DESCRIBE", server.url("cam"), { Authorization: text });
    equal(answer.status, 401, text);
    equal(challenges(answer).length, 1);
  }
  await using open = await TestServer.start({ entries: { cam: {} } });
  await using anybody = await RtspClient.connect(open);
  const found = await anybody.request("DESCRIBE", open.url("cam"), { Authorization: "Bearer x" });
  equal(found.status, 404, "no stream, but let in");
});

Deno.test("a path that moved redirects, with or without host", async () => {
  await using server = await TestServer.start({
    entries: {
      moved: { source: "redirect", sourceRedirect: "/cam" },
      gone: { source: "redirect", sourceRedirect: "rtsp://elsewhere:8554/cam" },
      spare: { fallback: "/cam" },
      cam: {},
    },
  });
  await using client = await RtspClient.connect(server);
  for (
    const [path, to] of [
      ["moved", server.url("cam")],
      ["gone", "rtsp://elsewhere:8554/cam"],
      ["spare", server.url("cam")],
    ]
  ) {
    const response = await client.request("DESCRIBE", `${server.url(path)}?token=1`);
    equal([response.status, response.headers.get("Location")], [302, to]);
  }
  await using _spare = await publish(server, "spare", audioOnly);
  await client.expect("DESCRIBE", server.url("spare"));
});

Deno.test("requests wait for a source on demand, unless the client goes", async () => {
  let host: SourceHost | undefined;
  const never = 3_600_000;
  const started: string[] = [];
  await using server = await TestServer.start({
    entries: {
      cam: {
        runOnDemand: "x",
        runOnDemandStartTimeout: never,
        runOnDemandCloseAfter: never,
      },
    },
    createOnDemandSource: (given) => ({
      start: (query) => {
        host = given;
        started.push(query);
        given.logger.info("source is wanted");
      },
      stop: () => {},
    }),
  });
  const url = server.url("cam");
  await using waiting = await RtspClient.connect(server);
  await waiting.send("DESCRIBE", `${url}?a=1`);
  await using impatient = await RtspClient.connect(server);
  await impatient.send("SETUP", `${url}/trackID=0`, { Transport: "RTP/AVP/TCP" });
  await using pipelined = await RtspClient.connect(server);
  await pipelined.send("SETUP", `${url}/trackID=0`, { Transport: "RTP/AVP/TCP" });
  await pipelined.send("PLAY", url);
  await server.line(/source is wanted/);
  await server.until("two sessions", () => server.sessions.length === 2);
  await impatient.close();
  await server.line(/closed: (client has gone away|EOF)/);
  await server.until("one session", () => server.sessions.length === 1);
  // Waiting is no idleness.
  server.checkAfter(120_000);
  const publisher = new TestPublisher();
  const seat = host!.attach(publisher, medias);
  equal((await waiting.answer()).status, 200);
  equal((await pipelined.answer()).status, 200);
  equal((await pipelined.answer()).status, 200);
  equal(started, ["a=1"]);
  equal(server.paths.get("cam")!.readers.length, 1);
  seat.leave();
  await pipelined.closed();
});

const version1 = new TextEncoder().encode("PROXY TCP4 198.51.100.7 127.0.0.1 5555 554\r\n");
const version2 = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0, 12],
  ...[198, 51, 100, 7, 127, 0, 0, 1, 0x15, 0xb3, 2, 0x2a],
);

/** A connection that a proxy on this machine has made for somebody else. */
async function proxied(server: TestServer, header: Uint8Array): Promise<RtspClient> {
  const stream = await dial(server);
  await stream.write(header);
  return new RtspClient(server, stream);
}

Deno.test("the address of a client behind a trusted proxy is the one that the proxy tells", async () => {
  await using server = await TestServer.start({ globals: { rtspTrustedProxies: ["127.0.0.1/32"] } });
  for (const header of [version1, version2]) {
    await using client = await proxied(server, header);
    await settled(client, server.url("cam"));
  }
  equal(server.lines(/\[conn 198\.51\.100\.7:5555\] opened/).length, 2);
});

Deno.test("other proxies are not believed", async () => {
  await using server = await TestServer.start({ globals: { rtspTrustedProxies: ["192.0.2.0/24"] } });
  await using client = await proxied(server, version1);
  await settled(client, server.url("cam"));
  match(await server.line(/\] opened/), /\[conn 127\.0\.0\.1:\d+\] opened/);
});

Deno.test("a session cannot be used from another address", async () => {
  await using server = await TestServer.start({ globals: { rtspTrustedProxies: ["127.0.0.1/32"] } });
  await using _publisher = await publish(server, "cam", audioOnly);
  await using reader = await prepare(server, "cam", [0]);
  await using thief = await proxied(server, version1);
  thief.session = reader.session;
  equal((await thief.request("TEARDOWN", server.url("cam"))).status, 400);
  await server.line(/a session can be used only from the address that created it/);
  await reader.expect("PLAY", server.url("cam"));
});
