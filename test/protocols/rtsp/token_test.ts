/** Tokens and the HTTP callback, as RTSP clients meet them. */
import { equal, match } from "../../support/assert.ts";
import { guarded } from "../../support/guarded.ts";
import { Issuer, signingKey, token } from "../../auth/issuer.ts";
import { RtspClient } from "./support/client.ts";
import { audioOnly, prepare, read, sdpType } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

/** Seconds since 1970; what has to be done by then takes no time on a machine that is not busy. */
const soon = () => Math.floor(Date.now() / 1000) + 10;

async function withTokens() {
  const key = await signingKey("ES256", "first");
  const issuer = new Issuer([key]);
  const globals = { authMethod: "jwt", authJWTJWKS: issuer.url } as const;
  const server = await TestServer.start({ globals });
  return { key, issuer, server };
}

/** Publishes with a token in the query. */
async function announce(server: TestServer, url: string): Promise<RtspClient> {
  const client = await RtspClient.connect(server);
  await client.expect("ANNOUNCE", url, sdpType, audioOnly);
  await client.setup(`${url}/streamid=0`, "RTP/AVP/TCP;unicast;mode=record");
  await client.expect("RECORD", url);
  return client;
}

Deno.test("a live reader is closed when its token expires, the publisher is not", async () => {
  const { key, issuer, server } = await withTokens();
  await using _issuer = issuer;
  await using _server = server;
  const url = `${server.url("cam")}?token=${await token(key)}`;
  await using publisher = await announce(server, url);
  const exp = soon();
  await using short = await read(server, `cam?token=${await token(key, { exp, sub: "short" })}`, [0]);
  await using long = await read(server, `cam?jwt=${await token(key, { sub: "long" })}`, [0]);
  equal(server.sessions.map(({ user }) => user), ["pat", "short", "long"]);
  await guarded("the reader to be closed", short.closed());
  equal(Date.now() >= exp * 1000, true);
  await server.line(/destroyed: token has expired/);
  equal(server.sessions.map(({ user }) => user), ["pat", "long"]);
  await long.expect("GET_PARAMETER", server.url("cam"));
  await publisher.expect("GET_PARAMETER", server.url("cam"));
});

Deno.test("a live publisher is closed when its token expires", async () => {
  const { key, issuer, server } = await withTokens();
  await using _issuer = issuer;
  await using _server = server;
  const exp = soon();
  const url = `${server.url("cam")}?token=${await token(key, { exp })}`;
  await using publisher = await announce(server, url);
  await using reader = await read(server, `cam?token=${await token(key)}`, [0]);
  await guarded("the publisher to be closed", publisher.closed());
  await guarded("the reader to be closed", reader.closed());
  await server.line(/destroyed: token has expired/);
  await server.line(/destroyed: stream is closed/);
});

Deno.test("a token as the password, no token, and wrong ones", async () => {
  const { key, issuer, server } = await withTokens();
  await using _issuer = issuer;
  await using _server = server;
  const good = await token(key);
  await using publisher = await RtspClient.connect(server);
  const url = server.url("cam");
  equal((await publisher.request("ANNOUNCE", url, sdpType, audioOnly)).status, 401);
  publisher.headers = { Authorization: `Basic ${btoa(`x:${good}`)}` };
  await publisher.expect("ANNOUNCE", url, sdpType, audioOnly);
  const stranger = await token(await signingKey("ES256", "first"));
  await using wrong = await RtspClient.connect(server);
  equal((await wrong.request("DESCRIBE", `${url}?token=${stranger}`)).status, 401);
  await wrong.closed();
  const line = await server.line(/failed to authenticate/);
  match(line, /failed to authenticate: signature of the token is wrong$/);
  equal(server.lines(/eyJ/), []);
});

Deno.test("the HTTP callback is asked without credentials first, then with", async () => {
  const seen: string[] = [];
  const callback = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { user, password, action, protocol, path, query } = await request.json();
    seen.push([action, protocol, path, query, user, password].join());
    return new Response(null, { status: password === "right" ? 200 : 401 });
  });
  try {
    const authHTTPAddress = `http://127.0.0.1:${callback.addr.port}/`;
    await using server = await TestServer.start({ globals: { authMethod: "http", authHTTPAddress } });
    const url = `${server.url("cam")}?a=1`;
    await using publisher = await RtspClient.connect(server);
    equal((await publisher.request("ANNOUNCE", url, sdpType, audioOnly)).status, 401);
    publisher.headers = { Authorization: `Basic ${btoa("pat:right")}` };
    await publisher.expect("ANNOUNCE", url, sdpType, audioOnly);
    await using reader = await RtspClient.connect(server);
    reader.headers = { Authorization: `Basic ${btoa("pat:wrong")}` };
    equal((await reader.request("DESCRIBE", url)).status, 401);
    await reader.closed();
    await server.line(/failed to authenticate: server replied with code 401/);
    equal(seen, [
      "publish,rtsp,cam,a=1,,",
      "publish,rtsp,cam,a=1,pat,right",
      "read,rtsp,cam,a=1,pat,wrong",
    ]);
  } finally {
    await callback.shutdown();
  }
});

Deno.test("a reader that leaves before its token expires leaves nothing behind", async () => {
  const { key, issuer, server } = await withTokens();
  await using _issuer = issuer;
  await using _server = server;
  await using _publisher = await announce(server, `${server.url("cam")}?token=${await token(key)}`);
  await using reader = await prepare(server, `cam?token=${await token(key, { exp: 2 ** 33 })}`, [0]);
  await reader.expect("TEARDOWN", server.url("cam"));
  await server.until("one session", () => server.sessions.length === 1);
});
