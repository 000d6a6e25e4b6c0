/** The method `jwt`, with tokens signed by jose and keys from a small real server. */
import { createHash, X509Certificate } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { AuthManager, type AuthOptions, type AuthRequest } from "../../src/auth/mod.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { maxKeysTried } from "../../src/auth/verify_token.ts";
import { selfSigned } from "../net/http/support.ts";
import { equal, match } from "../support/assert.ts";
import { type Algorithm, Issuer, type SigningKey, signingKey, token } from "./issuer.ts";
import { answer, login, options, request } from "./support.ts";

const minute = 60_000;

/** An issuer, a manager that believes it, and a clock. */
class Setup implements AsyncDisposable {
  now = Date.now();
  readonly issuer: Issuer;
  readonly auth: AuthManager;

  constructor(readonly keys: readonly SigningKey[], overrides: Partial<AuthOptions> = {}) {
    this.issuer = new Issuer(keys);
    const given = options({ authMethod: "jwt", authJWTJWKS: this.issuer.url, ...overrides });
    this.auth = new AuthManager(given, silentLogger, () => 0, () => this.now);
  }

  static async start(overrides: Partial<AuthOptions> = {}, alg: Algorithm = "ES256"): Promise<Setup> {
    return new Setup([await signingKey(alg, "first")], overrides);
  }

  async ask(bearer: string | Promise<string>, overrides: Partial<AuthRequest> = {}): Promise<string> {
    const credentials = { user: "", pass: "", token: await bearer };
    return await answer(this.auth, request({ credentials, ...overrides }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.auth.close();
    await this.issuer[Symbol.asyncDispose]();
  }
}

for (const alg of ["ES256", "ES384", "RS256", "PS256", "EdDSA", "HS256"] as const) {
  Deno.test(`JWT: signed with ${alg}`, async () => {
    await using setup = await Setup.start({}, alg);
    const [key] = setup.keys;
    const good = await token(key);
    equal(await setup.ask(good), "let in as pat");
    const other = { ...await signingKey(alg, "first"), jwk: key.jwk };
    equal(await setup.ask(token(other)), "refused: signature of the token is wrong");
    const [head, , signature] = good.split(".");
    const [, changed] = (await token(key, { sub: "root" })).split(".");
    equal(await setup.ask(`${head}.${changed}.${signature}`), "refused: signature of the token is wrong");
    equal(setup.issuer.requests, 1, "the keys are kept");
  });
}

Deno.test("JWT: tokens that are none, unsigned, or signed with a public key", async () => {
  await using setup = await Setup.start({}, "RS256");
  const [{ jwk }] = setup.keys;
  const payload = { mediamtx_permissions: [{ action: "read" }] };
  const confused = new SignJWT(payload).setProtectedHeader({ alg: "HS256", kid: "first" });
  const cases = [
    new UnsecuredJWT(payload).encode(),
    await confused.sign(new TextEncoder().encode(jwk.n)),
    "a.b.c",
    "nothing",
    "x".repeat(100_000),
    (await token(setup.keys[0])).replace(/^[^.]+/, btoa('{"alg":"RS256","crit":["x"],"x":1,"kid":"first"}')),
  ];
  for (const bearer of cases) match(await setup.ask(bearer), /^refused: /, bearer.slice(0, 60));
  equal(await answer(setup.auth, request()), "challenge: JWT not provided");
});

Deno.test("JWT: times", async () => {
  await using setup = await Setup.start();
  const [key] = setup.keys;
  const seconds = Math.floor(setup.now / 1000);
  const cases = [
    [{ exp: seconds - 1 }, "refused: token is expired"],
    [{ exp: undefined }, "let in as pat"],
    [{ nbf: seconds + 30 }, 'refused: "nbf" claim timestamp check failed'],
    [{ nbf: seconds - 30 }, "let in as pat"],
    [{ iat: seconds + 3600 }, "refused: token is issued in the future"],
    [{ iat: undefined }, "let in as pat"],
  ] as const;
  for (const [claims, expected] of cases) {
    equal(await setup.ask(token(key, claims)), expected, JSON.stringify(claims));
  }
  const grant = await setup.auth.authenticate(
    request({ credentials: { user: "x", pass: "", token: await token(key, { exp: seconds + 7 }) } }),
  );
  equal(grant, { user: "pat", expiresAt: (seconds + 7) * 1000 });
});

Deno.test("JWT: issuer and audience", async () => {
  await using setup = await Setup.start({ authJWTIssuer: "https://issuer", authJWTAudience: "live" });
  const [key] = setup.keys;
  const right = { iss: "https://issuer", aud: "live" };
  equal(await setup.ask(token(key, right)), "let in as pat");
  equal(await setup.ask(token(key, { ...right, aud: ["other", "live"] })), "let in as pat");
  equal(
    await setup.ask(token(key, { ...right, iss: "https://other" })),
    'refused: unexpected "iss" claim value',
  );
  equal(await setup.ask(token(key, { aud: "live" })), 'refused: missing required "iss" claim');
  equal(await setup.ask(token(key, { ...right, aud: "other" })), 'refused: unexpected "aud" claim value');
  equal(await setup.ask(token(key, { iss: "https://issuer" })), 'refused: missing required "aud" claim');
});

Deno.test("JWT: permissions", async () => {
  await using setup = await Setup.start({ authJWTClaimKey: "may" });
  const [key] = setup.keys;
  const none = "refused: user doesn't have permission to perform action";
  const invalid = (text: string) => `refused: claim 'may': ${text}`;
  const cases: readonly [claim: unknown, expected: string][] = [
    [[{ action: "read", path: "cam" }], "let in as pat"],
    [[{ action: "read" }], "let in as pat"],
    [[{ action: "publish", path: "x" }, { action: "read", path: "~^c.m$" }], "let in as pat"],
    ['[{"action":"read","path":"cam"}]', "let in as pat"],
    [[{ action: "read", path: "cam2" }], none],
    [[{ action: "publish", path: "cam" }], none],
    [[{ action: "read", path: "~[" }], none],
    [[], none],
    [undefined, "refused: claim 'may' not found inside JWT"],
    [[{ action: "read" }, { action: "dance" }], invalid("permission 2 has no known action")],
    [[{ path: "cam" }], invalid("permission 1 has no known action")],
    [[{ action: "read", ips: [] }], invalid("permission 1 has the unknown key 'ips'")],
    [[{ action: "read", path: 1 }], invalid("path of permission 1 must be a text")],
    [["read"], invalid("permission 1 must be an object")],
    [{ action: "read" }, invalid("must be a list of permissions")],
    [null, invalid("must be a list of permissions")],
    ["read", invalid("is not valid JSON")],
    ['"[]"', invalid("must be a list of permissions")],
  ];
  for (const [may, expected] of cases) {
    equal(
      await setup.ask(token(key, { mediamtx_permissions: undefined, may })),
      expected,
      JSON.stringify(may),
    );
  }
});

Deno.test("JWT: exclusions", async () => {
  await using setup = await Setup.start({ authJWTExclude: [{ action: "metrics", path: "" }] });
  equal(
    await answer(setup.auth, request({ action: "metrics", path: "", protocol: null })),
    "let in as ",
  );
  equal(await answer(setup.auth, request({ action: "api", path: "" })), "challenge: JWT not provided");
  equal(setup.issuer.requests, 0);
});

Deno.test("JWT: header, password and query", async () => {
  for (const authJWTInHTTPQuery of [undefined, true]) {
    await using setup = await Setup.start({ authJWTInHTTPQuery });
    const good = await token(setup.keys[0]);
    const inQuery = async (protocol: AuthRequest["protocol"], name = "token") =>
      await answer(setup.auth, request({ protocol, query: `a=1&${name}=${good}` })) === "let in as pat";
    equal(
      await answer(setup.auth, request({ credentials: login("any", good), protocol: "srt" })),
      "let in as pat",
    );
    const queries = [];
    for (const protocol of ["rtsp", "rtmp", "hls", "webrtc", "srt", "moq"] as const) {
      if (await inQuery(protocol)) queries.push(protocol);
      equal(await inQuery(protocol, "jwt"), await inQuery(protocol));
    }
    equal(queries, authJWTInHTTPQuery ? ["rtsp", "rtmp", "hls", "webrtc"] : ["rtsp", "rtmp"]);
  }
});

Deno.test("JWT: keys are fetched once for all who wait, and again after an hour or on demand", async () => {
  await using setup = await Setup.start();
  const good = await token(setup.keys[0], { exp: undefined });
  const all = await Promise.all(Array.from({ length: 20 }, () => setup.ask(good)));
  equal(new Set(all), new Set(["let in as pat"]));
  equal(setup.issuer.requests, 1);
  setup.now += 59 * minute;
  await setup.ask(good);
  equal(setup.issuer.requests, 1);
  setup.now += 2 * minute;
  await setup.ask(good);
  equal(setup.issuer.requests, 2);
  setup.auth.refreshKeys();
  equal(setup.issuer.requests, 2, "not before somebody needs them");
  equal(await setup.ask(good), "let in as pat");
  equal(setup.issuer.requests, 3);
});

Deno.test("JWT: a clock that was set back makes neither keys nor failures last longer", async () => {
  await using setup = await Setup.start();
  const good = await token(setup.keys[0], { iat: undefined, exp: undefined });
  equal(await setup.ask(good), "let in as pat");
  setup.now -= 24 * 60 * minute;
  equal(await setup.ask(good), "let in as pat");
  equal(setup.issuer.requests, 2);
  const publish = setup.issuer.answer;
  setup.issuer.answer = () => new Response(null, { status: 500 });
  setup.auth.refreshKeys();
  match(await setup.ask(good), /code 500/);
  setup.issuer.answer = publish;
  setup.now -= 24 * 60 * minute;
  equal(await setup.ask(good), "let in as pat");
});

Deno.test("JWT: keys that are fetched while they are refreshed are not kept", async () => {
  await using setup = await Setup.start();
  const good = await token(setup.keys[0]);
  const gate = Promise.withResolvers<void>();
  const publish = setup.issuer.answer;
  const asked = Promise.withResolvers<void>();
  setup.issuer.answer = async () => {
    asked.resolve();
    await gate.promise;
    return publish();
  };
  const early = setup.ask(good);
  await asked.promise;
  setup.auth.refreshKeys();
  gate.resolve();
  equal(await early, "let in as pat");
  equal(await setup.ask(good), "let in as pat");
  equal(setup.issuer.requests, 2);
});

for (const kid of ["named", undefined]) {
  Deno.test(`JWT: new keys are found, but not asked for all the time (${kid ?? "no kid"})`, async () => {
    const [old, fresh] = [await signingKey("ES256", kid && "old"), await signingKey("ES256", kid && "new")];
    await using setup = new Setup([old]);
    equal(await setup.ask(token(old)), "let in as pat");
    const unknown = kid === undefined
      ? "signature of the token is wrong"
      : "no key of the issuer fits the token";
    for (let i = 0; i < 5; i++) equal(await setup.ask(token(fresh)), `refused: ${unknown}`);
    equal(setup.issuer.requests, 1, "they were fetched a moment ago");
    setup.now += 11_000;
    setup.issuer.keys = [fresh, old];
    equal(await setup.ask(token(fresh)), "let in as pat");
    equal(await setup.ask(token(old)), "let in as pat");
    equal(setup.issuer.requests, 2);
    setup.now += 11_000;
    setup.issuer.keys = [fresh];
    setup.auth.refreshKeys();
    equal(await setup.ask(token(old)), `refused: ${unknown}`);
  });
}

Deno.test("JWT: without a kid every key is tried", async () => {
  const keys = [
    await signingKey("RS256", "a"),
    await signingKey("ES256", "b"),
    await signingKey("ES256", "c"),
  ];
  await using setup = new Setup(keys);
  for (const key of keys) equal(await setup.ask(token({ ...key, kid: undefined })), "let in as pat");
});

for (const alg of ["ES256", "HS256"] as const) {
  Deno.test(`JWT: without a kid, only so many keys are tried; ${alg}`, async () => {
    const others = [await signingKey("RS256", "other"), await signingKey("ES384", "other")];
    const keys = await Promise.all(
      Array.from({ length: maxKeysTried + 1 }, (_, i) => signingKey(alg, `key ${i}`)),
    );
    await using setup = new Setup([...others, ...keys]);
    const last = keys[maxKeysTried];
    equal(await setup.ask(token({ ...keys[maxKeysTried - 1], kid: undefined })), "let in as pat");
    equal(await setup.ask(token(last)), "let in as pat");
    equal(
      await setup.ask(token({ ...last, kid: undefined })),
      "refused: token does not name its key ('kid'), and too many keys of the issuer could be meant",
    );
  });
}

Deno.test("JWT: key sets that are none, slow or too long", async () => {
  await using setup = await Setup.start({ readTimeout: 60_000 });
  const good = await token(setup.keys[0]);
  const publish = setup.issuer.answer;
  const cases: readonly [answer: () => Response | Promise<Response>, reason: string][] = [
    [() => new Response("{"), "the answer is not valid JSON"],
    [() => Response.json(null), "the answer is not a key set (JWKS)"],
    [() => Response.json({ keys: {} }), "the answer is not a key set (JWKS)"],
    [() => Response.json({ keys: [1] }), "the answer is not a key set (JWKS)"],
    [() => new Response("no", { status: 500 }), "server replied with code 500"],
    [() => new Response("x".repeat(128 * 1024 + 1)), "the answer is longer than 131072 bytes"],
  ];
  for (const [given, reason] of cases) {
    setup.issuer.answer = given;
    setup.now += 2000;
    equal(await setup.ask(good), `refused: fetching the keys of JWTs failed: ${reason}`);
  }
  const { requests } = setup.issuer;
  setup.issuer.answer = publish;
  match(await setup.ask(good), /^refused: /, "the failure is remembered for a second");
  equal(setup.issuer.requests, requests);
  setup.now += 2000;
  equal(await setup.ask(good), "let in as pat");

  await using hasty = await Setup.start({ readTimeout: 50 });
  const slow = Promise.withResolvers<Response>();
  hasty.issuer.answer = () => slow.promise;
  equal(
    await hasty.ask(token(hasty.keys[0])),
    "refused: fetching the keys of JWTs failed: no answer within 0.05 seconds",
  );
  slow.resolve(new Response());
});

Deno.test("JWT: keys that cannot be used do not spoil the others", async () => {
  const key = await signingKey("ES256", "good");
  await using setup = new Setup([key]);
  const strange = [{ kty: "oct", k: "?" }, { kty: "EC", crv: "P-256", x: "?", y: "?", kid: "bad" }, {
    kty: "XX",
  }, {}];
  setup.issuer.answer = () => Response.json({ keys: [...strange, key.jwk] });
  equal(await setup.ask(token(key)), "let in as pat");
  match(await setup.ask(token({ ...key, kid: "bad" })), /^refused: /);
});

Deno.test("JWT: redirects of the key set", async () => {
  await using setup = await Setup.start();
  await using elsewhere = new Issuer(setup.keys);
  setup.issuer.answer = () => new Response(null, { status: 302, headers: { location: elsewhere.url } });
  equal(await setup.ask(token(setup.keys[0])), "let in as pat");
  setup.auth.refreshKeys();
  elsewhere.answer = () => new Response(null, { status: 302, headers: { location: "/again" } });
  match(await setup.ask(token(setup.keys[0])), /server replied with code 302$/);
});

Deno.test("JWT: a server of keys whose certificate is pinned, right and wrong", async () => {
  const { certificate, key } = selfSigned();
  const fingerprint = createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
  const signing = await signingKey("ES256", "first");
  await using issuer = new Issuer([signing], { cert: certificate, key });
  const good = { user: "", pass: await token(signing), token: "" };
  const outcomes: [string, RegExp][] = [
    [fingerprint, /^let in as pat$/],
    ["00".repeat(32), /fingerprint does not match/],
    ["", /certificate/],
  ];
  for (const [authJWTJWKSFingerprint, expected] of outcomes) {
    const given = options({ authMethod: "jwt", authJWTJWKS: issuer.url, authJWTJWKSFingerprint });
    const auth = new AuthManager(given, silentLogger);
    match(await answer(auth, request({ credentials: good })), expected);
    await auth.close();
  }
  equal(issuer.requests, 1);
});

Deno.test("JWT: tokens are in no error", async () => {
  await using setup = await Setup.start();
  const other = await signingKey("ES256", "other");
  const bad = await token(other);
  for (const bearer of [bad, `${bad}x`, bad.slice(0, -4), `${bad}.${bad}`, bad.replaceAll(".", "!")]) {
    const told = await setup.ask(bearer);
    match(told, /^refused: /);
    for (const part of bearer.split(".")) equal(told.includes(part), false, told);
  }
});

Deno.test("JWT: a reload keeps the keys unless it concerns them", async () => {
  await using setup = await Setup.start();
  const good = await token(setup.keys[0], { iss: "me" });
  await setup.ask(good);
  const given = options({ authMethod: "jwt", authJWTJWKS: setup.issuer.url });
  setup.auth.reload({ ...given, authHTTPAddress: "http://elsewhere" });
  equal(await setup.ask(good), "let in as pat");
  equal(setup.issuer.requests, 1);
  setup.auth.reload({ ...given, authJWTIssuer: "you" });
  equal(await setup.ask(good), 'refused: unexpected "iss" claim value');
  equal(setup.issuer.requests, 2);
});

Deno.test("JWT: secrets that are for something else vouch for nobody", async () => {
  const key = await signingKey("HS256", "first");
  await using setup = new Setup([key]);
  const published = key.jwk;
  const others = [{ use: "enc" }, { alg: "A256KW" }, { alg: "HS512" }, { key_ops: ["sign"] }];
  for (const other of others) {
    setup.issuer.answer = () => Response.json({ keys: [{ ...published, ...other }] });
    setup.auth.refreshKeys();
    equal(await setup.ask(token(key)), "refused: no key of the issuer fits the token", JSON.stringify(other));
  }
  setup.issuer.answer = () => Response.json({ keys: [{ ...published, key_ops: ["sign", "verify"] }] });
  setup.auth.refreshKeys();
  equal(await setup.ask(token(key)), "let in as pat");
});
