/** The method `http`, against small real servers. */
import { createHash, X509Certificate } from "node:crypto";
import { AuthManager, type AuthOptions } from "../../src/auth/mod.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { equal, match, ok } from "../support/assert.ts";
import { selfSigned } from "../net/http/support.ts";
import { answer, login, options, recordingLogger, request } from "./support.ts";

type Handler = (body: Record<string, unknown>, request: Request) => Response | Promise<Response>;

/** A server that is asked, and a manager that asks it. */
class Asked implements AsyncDisposable {
  readonly bodies: Record<string, unknown>[] = [];
  readonly ports = new Set<number>();
  readonly auth: AuthManager;
  readonly lines: string[];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(handler: Handler, overrides: Partial<AuthOptions> = {}, tls?: { cert: string; key: string }) {
    const serve = async (asked: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
      this.ports.add(info.remoteAddr.port);
      const body = JSON.parse(await asked.text());
      this.bodies.push(body);
      return await handler(body, asked);
    };
    const listen = { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls };
    this.#server = Deno.serve(listen, serve);
    this.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${this.#server.addr.port}/auth`;
    const { lines, logger } = recordingLogger();
    this.lines = lines;
    const given = options({ authMethod: "http", authHTTPAddress: this.url, ...overrides });
    this.auth = new AuthManager(given, logger, () => 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.auth.close();
    await this.#server.shutdown();
  }
}

const known: Handler = ({ user, password }) =>
  user === "bob" && password === "right" ? new Response() : new Response("no such user", { status: 401 });

Deno.test("HTTP callback: the question has every key, and connections are kept", async () => {
  await using asked = new Asked(() => new Response(null, { status: 204 }));
  const id = crypto.randomUUID();
  equal(
    await answer(
      asked.auth,
      request({
        action: "publish",
        path: "cam/1",
        query: "a=1&token=t",
        protocol: "rtmp",
        id,
        ip: "203.0.113.9",
        userAgent: "agent",
        credentials: login("bob", "right"),
      }),
    ),
    "let in as bob",
  );
  equal(asked.bodies, [{
    ip: "203.0.113.9",
    user: "bob",
    password: "right",
    token: "right",
    action: "publish",
    path: "cam/1",
    protocol: "rtmp",
    id,
    query: "a=1&token=t",
    userAgent: "agent",
  }]);
  equal(await answer(asked.auth, request({ action: "api", path: "", protocol: null })), "let in as ");
  equal(asked.bodies[1], {
    ip: "127.0.0.1",
    user: "",
    password: "",
    token: "",
    action: "api",
    path: "",
    protocol: "",
    id: null,
    query: "",
    userAgent: "",
  });
  equal(asked.ports.size, 1);
});

Deno.test("HTTP callback: where the token comes from", async () => {
  await using asked = new Asked(() => new Response(), { authJWTInHTTPQuery: true });
  const query = "jwt=old&token=new";
  const cases = [
    [request({ query }), "new"],
    [request({ query: "jwt=old" }), "old"],
    [request({ query: "token=a&token=b&jwt=old" }), "old"],
    [request({ query: "token=a%20b", protocol: "rtmp" }), "a b"],
    [request({ query, credentials: login("bob", "pass") }), "pass"],
    [request({ query, credentials: { user: "bob", pass: "pass", token: "bearer" } }), "bearer"],
    [request({ query, protocol: "hls" }), ""],
    [request({ query, protocol: "srt" }), ""],
    [request({ query, protocol: "webrtc" }), ""],
    [request({ query, protocol: null, action: "playback" }), ""],
  ] as const;
  for (const [asking, token] of cases) {
    await answer(asked.auth, asking);
    equal(asked.bodies.at(-1)?.token, token, `${asking.protocol} ${asking.query}`);
  }
});

Deno.test("HTTP callback: denials, with and without a body", async () => {
  await using asked = new Asked(({ user }) => new Response(String(user || ""), { status: 403 }));
  equal(
    await answer(asked.auth, request({ credentials: login("because", "x") })),
    "refused: server replied with code 403: because",
  );
  equal(
    await answer(asked.auth, request({ credentials: login("", "x") })),
    "refused: server replied with code 403",
  );
  equal(await answer(asked.auth, request()), "challenge: server replied with code 403");
});

Deno.test("HTTP callback: first without credentials, then with", async () => {
  await using asked = new Asked(known);
  equal(await answer(asked.auth, request()), "challenge: server replied with code 401: no such user");
  equal(await answer(asked.auth, request({ credentials: login("bob", "right") })), "let in as bob");
  equal(asked.bodies.map(({ user, password }) => [user, password]), [["", ""], ["bob", "right"]]);
});

Deno.test("HTTP callback: secrets are in no error, even when the server repeats them", async () => {
  await using asked = new Asked((body) => Response.json(body, { status: 400 }));
  const secret = 'päss"word';
  const credentials = { user: "bob", pass: secret, token: "bearer-secret" };
  const told = await answer(asked.auth, request({ credentials, query: "key=query-secret" }));
  match(told, /code 400: .*"user":"bob"/);
  for (const text of [secret, JSON.stringify(secret).slice(1, -1), "bearer-secret", "query-secret"]) {
    equal(told.includes(text), false, text);
  }
});

Deno.test("HTTP callback: long answers are cut, longer ones are not read", async () => {
  let size = 2000;
  await using asked = new Asked(() => new Response("x".repeat(size), { status: 401 }));
  const asking = request({ credentials: login("bob", "y") });
  equal(await answer(asked.auth, asking), `refused: server replied with code 401: ${"x".repeat(1024)}…`);
  size = 128 * 1024 + 1;
  equal(await answer(asked.auth, asking), "refused: server replied with code 401");
});

Deno.test("HTTP callback: slow, silent and absent servers refuse", async () => {
  const slow = Promise.withResolvers<Response>();
  const asking = request({ credentials: login("bob", "right") });
  {
    await using asked = new Asked(() => slow.promise, { readTimeout: 50 });
    const late = "HTTP request failed: no answer within 0.05 seconds";
    equal(await answer(asked.auth, asking), `refused: ${late}`);
    equal(await answer(asked.auth, request()), `challenge: ${late}`);
    equal(asked.lines, [`warn authentication is not possible: ${late}`], "nobody else tells of a challenge");
    slow.resolve(new Response());
  }
  const authHTTPAddress = "http://user:url-secret@127.0.0.1:1/auth?key=query-secret";
  const auth = new AuthManager(options({ authMethod: "http", authHTTPAddress }), silentLogger);
  const told = await answer(auth, asking);
  match(told, /^refused: HTTP request failed: .*refused/i);
  equal(/secret/.test(told), false, told);
  await auth.close();
});

Deno.test("HTTP callback: redirects are not followed, and credentials of the URL are sent", async () => {
  await using elsewhere = new Asked(() => new Response());
  const headers = { location: elsewhere.url };
  await using asked = new Asked(() => new Response(null, { status: 307, headers }));
  equal(await answer(asked.auth, request()), "challenge: server replied with code 307");
  equal(elsewhere.bodies.length, 0);
  const seen: (string | null)[] = [];
  await using basic = new Asked((_, { headers }) => {
    seen.push(headers.get("authorization"));
    return new Response();
  });
  basic.auth.reload(
    options({ authMethod: "http", authHTTPAddress: basic.url.replace("//", "//me:p%40ss@") }),
  );
  await answer(basic.auth, request());
  equal(seen, [`Basic ${btoa("me:p@ss")}`]);
});

Deno.test("HTTP callback: what is excluded is not asked", async () => {
  const authHTTPExclude = [
    { action: "api", path: "" },
    { action: "read", path: "~^open/" },
  ] as const;
  await using asked = new Asked(() => new Response(null, { status: 401 }), { authHTTPExclude });
  equal(await answer(asked.auth, request({ action: "api", path: "", protocol: null })), "let in as ");
  equal(await answer(asked.auth, request({ path: "open/1" })), "let in as ");
  equal(asked.bodies.length, 0);
  equal(await answer(asked.auth, request({ path: "closed" })), "challenge: server replied with code 401");
  equal(
    await answer(asked.auth, request({ action: "publish", path: "open/1" })),
    "challenge: server replied with code 401",
  );
  equal(asked.bodies.length, 2);
});

Deno.test("HTTP callback: so many questions at a time, the others wait", async () => {
  let running = 0;
  let most = 0;
  await using asked = new Asked(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    return new Response();
  });
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => answer(asked.auth, request({ credentials: login("u", `${i}`) }))),
  );
  ok(answers.every((text) => text === "let in as u"));
  ok(most <= 32, `${most} at a time`);
});

Deno.test("HTTP callback: a certificate that is pinned, right and wrong", async () => {
  const { certificate, key } = selfSigned();
  const fingerprint = createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
  const tls = { cert: certificate, key };
  const asking = request({ credentials: login("bob", "right") });
  for (const right of [fingerprint, fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:")]) {
    await using asked = new Asked(known, { authHTTPFingerprint: right }, tls);
    equal(await answer(asked.auth, asking), "let in as bob");
    equal(
      await answer(asked.auth, request({ credentials: login("bob", "wrong") })),
      "refused: server replied with code 401: no such user",
    );
    equal(asked.ports.size, 1, "the connection is kept");
  }
  const wrong = fingerprint.replace(/^../, (hex) => hex === "00" ? "01" : "00");
  for (const authHTTPFingerprint of [wrong, ""]) {
    await using asked = new Asked(known, { authHTTPFingerprint }, tls);
    match(
      await answer(asked.auth, asking),
      /^refused: HTTP request failed: .*(fingerprint does not match|certificate)/i,
    );
    equal(asked.bodies.length, 0, "nothing has been sent");
  }
});

Deno.test("HTTP callback: a pinned server that does not answer", async () => {
  const { certificate, key } = selfSigned();
  const authHTTPFingerprint = createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
  const never = Promise.withResolvers<Response>();
  const tls = { cert: certificate, key };
  await using asked = new Asked(() => never.promise, { authHTTPFingerprint, readTimeout: 100 }, tls);
  equal(await answer(asked.auth, request()), "challenge: HTTP request failed: no answer within 0.1 seconds");
  never.resolve(new Response());
});

Deno.test("HTTP callback: a new address applies to what is being asked, closing refuses it", async () => {
  const arrived = Promise.withResolvers<void>();
  const never = Promise.withResolvers<Response>();
  await using second = new Asked(known);
  await using first = new Asked(() => {
    arrived.resolve();
    return never.promise;
  });
  const asking = request({ credentials: login("bob", "right") });
  const running = answer(first.auth, asking);
  await arrived.promise;
  first.auth.reload(options({ authMethod: "http", authHTTPAddress: second.url }));
  equal(await running, "let in as bob");
  equal(second.bodies.length, 1);
  first.auth.reload(options({ authMethod: "http", authHTTPAddress: first.url }));
  const waiting = answer(first.auth, asking);
  await first.auth.close();
  equal(await waiting, "refused: HTTP request failed: canceled");
  never.resolve(new Response());
});

Deno.test("HTTP callback: what the server says is one line of the log", async () => {
  await using asked = new Asked(() => new Response("no\r\n2026/01/01 INF all is well\n\tx", { status: 401 }));
  equal(
    await answer(asked.auth, request({ credentials: login("bob", "wrong") })),
    "refused: server replied with code 401: no 2026/01/01 INF all is well x",
  );
});
