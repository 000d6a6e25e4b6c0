/** Tokens, as HLS players meet them. */
import { Issuer, signingKey, token } from "../../auth/issuer.ts";
import { equal } from "../../support/assert.ts";
import { HlsTest, uris } from "./support/server.ts";

Deno.test("HLS: a session ends with its token, the other players go on", async () => {
  const key = await signingKey("ES256", "first");
  await using issuer = new Issuer([key]);
  await using test = new HlsTest({
    globals: {
      hlsAlwaysRemux: true,
      authMethod: "jwt",
      authJWTJWKS: issuer.url,
      authJWTInHTTPQuery: true,
      authJWTExclude: [{ action: "publish", path: "" }],
    },
  });
  const publishing = await test.publish("cam");
  publishing.write(8);
  equal(await test.status("/cam/index.m3u8"), 401);
  const exp = Math.floor(Date.now() / 1000) + 12;
  const bearer = async (sub: string, claims = {}) => ({
    headers: { authorization: `Bearer ${await token(key, { sub, ...claims })}` },
  });
  const playlist = async (given: Promise<string>) => {
    return `/cam/${uris(await given).find((uri) => /^(video|main)/.test(uri))!}`;
  };
  const short = await playlist(test.text("/cam/index.m3u8", await bearer("short", { exp })));
  const inQuery = `/cam/index.m3u8?token=${await token(key, { sub: "long" })}`;
  const long = await playlist(test.text(inQuery));
  // Another token for the same session.
  const renewed = await playlist(test.text("/cam/index.m3u8", await bearer("renewed", { exp })));
  const session = /session=[\w-]+/.exec(renewed)![0];
  equal(await test.status(`/cam/index.m3u8?${session}`, await bearer("renewed")), 200);
  equal(test.server.sessions.map(({ user }) => user).sort(), ["long", "renewed", "short"]);
  equal([await test.status(short), await test.status(long), await test.status(renewed)], [200, 200, 200]);
  await test.line(/closed: token has expired/);
  equal([await test.status(short), await test.status(long), await test.status(renewed)], [404, 200, 200]);
  equal(test.server.sessions.map(({ user }) => user).sort(), ["long", "renewed"]);
  equal(await test.status("/cam/index.m3u8", await bearer("short", { exp })), 401);
});
