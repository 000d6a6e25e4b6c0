import { CertificateStore } from "../../../src/net/certificates.ts";
import { type HttpExchange, readBody } from "../../../src/net/http/mod.ts";
import { parseNetwork } from "../../../src/net/networks.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { guarded } from "../../support/guarded.ts";
import { ask, get, RawClient, selfSigned, TestServer } from "./support.ts";

const echo = ({ path, query, client }: HttpExchange) =>
  new Response(JSON.stringify([path, query, client.ip]));

const later = (ms: number) => Date.now() + ms;

Deno.test("handlers get path and query as they were written, and who asks", async () => {
  await using test = new TestServer(echo, { trustedProxies: [parseNetwork("127.0.0.1")] });
  const cases: readonly [string, readonly [string, string]][] = [
    ["/a/b?x=1&y=/2?", ["/a/b", "x=1&y=/2?"]],
    ["/a/../b/%2e%2e/./c", ["/a/../b/%2e%2e/./c", ""]],
    ["//a//", ["//a//", ""]],
    ["/?", ["/", ""]],
  ];
  for (const [target, expected] of cases) {
    using client = await RawClient.connect(test.port);
    await client.send(get(target, ["X-Forwarded-For: 198.51.100.9", "Connection: close"]));
    const body = (await client.readAll()).split("\r\n\r\n")[1];
    equal(JSON.parse(body.replace("<end>", "")), [...expected, "198.51.100.9"], target);
  }
});

Deno.test("requests that make no sense get 400 and reach no handler", async () => {
  let handled = 0;
  await using test = new TestServer(() => new Response(String(++handled)));
  const requests = [
    "GET a HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: h/evil\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: h?x\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: u@h\r\n\r\n",
    "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\r\n\r\n",
    `GET /${"a".repeat(70_000)} HTTP/1.1\r\nHost: h\r\n\r\n`,
    `GET /a HTTP/1.1\r\nHost: h\r\n${"X: y\r\n".repeat(200)}\r\n`,
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
  ];
  for (const request of requests) {
    match(await ask(test.port, request), /^HTTP\/1.1 400 /, request.slice(0, 60));
  }
  equal(handled, 0);
});

Deno.test("every answer names the server and says who may read it", async () => {
  await using test = new TestServer(({ path }) => {
    if (path === "/broken") throw new Error("on purpose");
    return new Response("x");
  }, { allowOrigins: ["https://*.example.org"] });
  const origin = ["Origin: https://a.example.org"];
  for (const path of ["/", "/broken"]) {
    const head = (await ask(test.port, get(path, origin))).toLowerCase();
    match(head, /server: test/);
    match(head, /access-control-allow-origin: https:\/\/a\.example\.org/);
    match(head, /vary: origin/);
    ok(!head.includes("allow-credentials"));
  }
  match(await ask(test.port, get("/broken")), /^HTTP\/1.1 500 /);
  ok(test.lines.some((line) => /^error Error: on purpose\n.*at/.test(line)), test.lines.join("\n"));
  ok(!/allow-origin/i.test(await ask(test.port, get("/", ["Origin: https://evil.org"]))));
});

Deno.test("preflight requests are answered without the handler", async () => {
  let handled = 0;
  await using test = new TestServer(() => new Response(String(++handled)));
  const options = (headers: string) => `OPTIONS /a HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;
  const preflight = await ask(
    test.port,
    options("Origin: http://a\r\nAccess-Control-Request-Method: GET\r\n"),
  );
  match(preflight, /^HTTP\/1.1 204 /);
  match(preflight, /access-control-allow-origin: \*/i);
  match(preflight, /access-control-allow-methods: OPTIONS, GET/i);
  match(preflight, /access-control-allow-headers: Authorization, Range/i);
  equal(handled, 0);
  await ask(test.port, options(""));
  equal(handled, 1);
});

Deno.test("bodies have a limit in size and in time", async () => {
  await using test = new TestServer(async ({ path, request }) => {
    try {
      const timeoutMs = path === "/late" ? 50 : 60_000;
      const bytes = await readBody(request, { maxBytes: 10, timeoutMs });
      return new Response(bytes);
    } catch (error) {
      return new Response(null, {
        status: error instanceof Error && "status" in error ? Number(error.status) : 500,
      });
    }
  });
  const post = (headers: string, body: string, path = "/") =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\n${headers}\r\n\r\n${body}`;
  match(await ask(test.port, post("Content-Length: 10", "0123456789")), /^HTTP\/1.1 200/);
  match(await ask(test.port, post("Content-Length: 11", "0123456789a")), /^HTTP\/1.1 413/);
  const chunked = post("Transfer-Encoding: chunked", "8\r\n01234567\r\n8\r\n01234567\r\n");
  match(await ask(test.port, chunked), /^HTTP\/1.1 413/);
  match(await ask(test.port, post("Content-Length: 10", "01234", "/late")), /^HTTP\/1.1 408/);
});

Deno.test("silent, half-header and idle connections are closed; a held request is not", async () => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using test = new TestServer(async ({ path }) => {
    if (path === "/held") {
      entered.resolve();
      await release.promise;
    }
    return new Response("done");
  });
  using silent = await RawClient.connect(test.port);
  using half = await RawClient.connect(test.port);
  await half.send("GET / HTTP/1.1\r\nHost:");
  using idle = await RawClient.connect(test.port);
  await idle.send(get("/"));
  await idle.readUntil(/done/);
  using held = await RawClient.connect(test.port);
  await held.send(get("/held"));
  await entered.promise;
  test.server.check(Date.now());
  test.server.check(later(2_000));
  await half.send(" h\r\nX:");
  test.server.check(later(11_000));
  equal(await silent.readAll(), "<end>");
  equal(await half.readAll(), "<end>");
  await idle.send(get("/"));
  match(await idle.readUntil(/done/), /done$/);
  // The system may still wait for the acknowledgement of the answer: then the connection is not idle yet.
  let ended = false;
  const end = idle.readAll().finally(() => ended = true);
  for (let ms = 60_000; !ended; ms += 60_000) {
    test.server.check(later(ms));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  equal(await end, "<end>");
  release.resolve();
  match(await held.readUntil(/done/), /done$/);
});

Deno.test("500 silent connections do not keep others from being served", async () => {
  await using test = new TestServer(() => new Response("served"));
  const clients = await Promise.all(Array.from({ length: 500 }, () => RawClient.connect(test.port)));
  const answer = await fetch(test.url("/"));
  equal(await answer.text(), "served");
  test.server.check(Date.now());
  test.server.check(later(11_000));
  equal(new Set(await Promise.all(clients.map((client) => client.readAll()))), new Set(["<end>"]));
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("a client that takes nothing of an answer is closed by the system", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using test = new TestServer(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
        cancel: () => cancelled.resolve(),
      }, { highWaterMark: 0 }),
    ), { writeTimeoutMs: 300 });
  using client = await RawClient.connect(test.port);
  await client.send(get("/"));
  await guarded("the end of the answer", cancelled.promise);
});

Deno.test("https: two versions of HTTP; a new certificate without a restart", async () => {
  const first = selfSigned("first");
  const store = new CertificateStore(first);
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using test = new TestServer(async ({ path }) => {
    if (path === "/held") {
      entered.resolve();
      await release.promise;
    }
    return new Response("x");
  }, { certificates: store });
  const url = `https://127.0.0.1:${test.port}`;
  using silent = await RawClient.connect(test.port);
  test.server.check(Date.now());
  test.server.check(later(11_000));
  equal(await silent.readAll(), "<end>");
  for (const version of [{ http1: true, http2: false }, { http1: false, http2: true }]) {
    using client = Deno.createHttpClient({ caCerts: [first.certificate], ...version });
    for (let i = 0; i < 3; i++) equal(await (await fetch(`${url}/`, { client })).text(), "x");
  }
  using old = Deno.createHttpClient({ caCerts: [first.certificate] });
  const held = fetch(`${url}/held`, { client: old });
  await entered.promise;
  const second = selfSigned("second");
  store.replace(second);
  using fresh = Deno.createHttpClient({ caCerts: [second.certificate] });
  let answer: Response | undefined;
  const limit = later(60_000);
  while (answer === undefined) {
    answer = await fetch(`${url}/`, { client: fresh }).catch(() => undefined);
    ok(Date.now() < limit, "the certificate was not replaced");
  }
  equal(await answer.text(), "x");
  release.resolve();
  equal(await (await held).text(), "x");
});

Deno.test("a local socket: an old file is replaced, and goes with the server", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/http.sock`;
  Deno.listen({ transport: "unix", path }).close();
  try {
    await using test = new TestServer(echo, { address: `unix://${path}` });
    equal(test.server.addressText, `unix://${path}`);
    equal((await Deno.stat(path)).mode! & 0o777, 0o755);
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    equal(await (await fetch("http://h/a?b", { client })).json(), ["/a", "b", "127.0.0.1"]);
    test.server.check(later(1e6));
    await Deno.writeTextFile(`${folder}/kept`, "x");
    try {
      const second = new TestServer(echo, { address: `unix://${folder}/kept` });
      await second.server.close();
      throw new Error("a plain file was replaced");
    } catch (error) {
      match(String(error), /UserError: listen unix/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("closing ends silent clients at once and waits a little for answers", async () => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const test = new TestServer(async () => {
    entered.resolve();
    await release.promise;
    return new Response("last");
  });
  using silent = await RawClient.connect(test.port);
  using held = await RawClient.connect(test.port);
  await held.send(get("/"));
  await entered.promise;
  const closed = test.server.close();
  release.resolve();
  match(await held.readAll(), /connection: close.*last<end>$/is);
  equal(await silent.readAll(), "<end>");
  await closed;
});

Deno.test("closing does not wait for an answer that never comes", async () => {
  const entered = Promise.withResolvers<void>();
  const never = Promise.withResolvers<void>();
  const test = new TestServer(async () => {
    entered.resolve();
    await never.promise;
    return new Response();
  });
  using held = await RawClient.connect(test.port);
  await held.send(get("/"));
  await entered.promise;
  await test.server.close();
  equal(await held.readAll(), "<end>");
  never.resolve();
});

Deno.test("an address that is taken is told in one sentence", async () => {
  await using test = new TestServer(echo);
  try {
    new TestServer(echo, { address: `127.0.0.1:${test.port}` });
    throw new Error("listened twice");
  } catch (error) {
    match(String(error), /AddressInUseError: listen tcp 127\.0\.0\.1:\d+: address already in use/);
  }
});
