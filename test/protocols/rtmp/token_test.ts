/** Tokens, as RTMP clients meet them. */
import { Issuer, signingKey, token } from "../../auth/issuer.ts";
import { equal, match } from "../../support/assert.ts";
import { TestClient } from "./support/client.ts";
import { play, publish } from "./support/publisher.ts";
import { TestServer } from "./support/server.ts";

Deno.test("RTMP server: tokens in the query, and the end of one", async () => {
  const key = await signingKey("ES256", "first");
  await using issuer = new Issuer([key]);
  const globals = { authMethod: "jwt", authJWTJWKS: issuer.url } as const;
  await using server = new TestServer({ globals });
  await using _from = await publish(server, `live?token=${await token(key, { sub: "cam" })}`);
  const exp = Math.floor(Date.now() / 1000) + 10;
  await using short = await play(server, `live?jwt=${await token(key, { exp, sub: "short" })}`);
  await using _long = await play(server, `live?user=x&pass=${await token(key, { sub: "long" })}`);
  equal(server.conns.map(({ user }) => user), ["cam", "short", "long"]);
  await short.ended();
  await server.line(/closed: token has expired/);
  equal(server.conns.map(({ user }) => user), ["cam", "long"]);
  await using wrong = await TestClient.connect(
    server.port,
    "play",
    `live?token=${await token(key, { exp })}`,
  );
  match(await wrong.ended(), /NetStream\.Play\.Failed: failed to authenticate: authentication failed$/);
  await server.line(/closed: failed to authenticate: token is expired/);
  equal(server.lines(/eyJ/), []);
});
