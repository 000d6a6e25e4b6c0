/** What the API has to do with tokens. */
import { createApi } from "../../../src/admin/api/mod.ts";
import type { ApiSources } from "../../../src/admin/api/mod.ts";
import { AuthManager } from "../../../src/auth/mod.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { Issuer, signingKey, token } from "../../auth/issuer.ts";
import { options } from "../../auth/support.ts";
import { equal } from "../../support/assert.ts";
import type { ListenRequest } from "../../../src/hooks/mod.ts";

Deno.test("API: a token opens it, and the keys of tokens are fetched anew on demand", async () => {
  const key = await signingKey("EdDSA", "first");
  await using issuer = new Issuer([key]);
  const given = options({ authMethod: "jwt", authJWTJWKS: issuer.url, authJWTInHTTPQuery: true });
  const auth = new AuthManager(given, silentLogger, () => 0);
  const unused = () => {
    throw new Error("not asked for here");
  };
  const sources: ApiSources = {
    auth,
    conf: { current: unused, apply: unused } as unknown as ApiSources["conf"],
    paths: { list: () => [], get: () => null },
    clients: () => ({}),
    live: { path: () => null, client: () => null },
    started: Date.now(),
  };
  const handle = createApi(sources, silentLogger, () => 1000);
  const ask = async (method: string, path: string, query = "", bearer = "") => {
    const headers = new Headers(bearer === "" ? [] : [["authorization", `Bearer ${bearer}`]]);
    const request = new Request(`http://host${path}?${query}`, { method, headers });
    const answer = await handle({ request, path, query, client: { ip: "127.0.0.1", port: 1 } });
    return `${answer.status} ${await answer.text()}`;
  };
  const refused = '401 {"status":"error","error":"authentication error"}';
  const operator = await token(key, { mediamtx_permissions: [{ action: "api" }] });
  const refresh = "/v3/auth/jwks/refresh";
  equal(await ask("POST", refresh), refused);
  equal(await ask("POST", refresh, "", await token(key)), refused);
  equal(issuer.requests, 1);
  equal(await ask("POST", refresh, "", operator), '200 {"status":"ok"}');
  equal(issuer.requests, 1);
  equal(await ask("POST", refresh, `token=${operator}`), '200 {"status":"ok"}');
  equal(issuer.requests, 2);
  auth.reload(options({ authMethod: "internal" }));
  equal(await ask("POST", refresh), '200 {"status":"ok"}', "without keys there is nothing to do");
  await auth.close();
});

Deno.test("API: the event stream knows when the token of its listener ends", async () => {
  const key = await signingKey("EdDSA", "first");
  await using issuer = new Issuer([key]);
  const auth = new AuthManager(
    options({ authMethod: "jwt", authJWTJWKS: issuer.url }),
    silentLogger,
    () => 0,
  );
  const asked: ListenRequest[] = [];
  const listen = (request: ListenRequest) => {
    asked.push(request);
    return new Response("").body;
  };
  const sources = { auth, events: { listen } } as unknown as ApiSources;
  const handle = createApi(sources, silentLogger, () => 1000);
  const exp = Math.floor(Date.now() / 1000) + 60;
  for (const claims of [{ exp }, { exp: undefined }]) {
    const bearer = await token(key, { mediamtx_permissions: [{ action: "api" }], ...claims });
    const request = new Request("http://host/v3/events", { headers: { authorization: `Bearer ${bearer}` } });
    const client = { ip: "127.0.0.1", port: 1 };
    await (await handle({ request, path: "/v3/events", query: "", client })).body?.cancel();
  }
  equal(asked.map(({ expiresAt }) => expiresAt), [exp * 1000, null]);
  await auth.close();
});
