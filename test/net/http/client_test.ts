import { UserError } from "../../../src/base/errors.ts";
import { HttpClient } from "../../../src/net/http/client.ts";
import { equal, ok, rejects } from "../../support/assert.ts";

const limits = { timeoutMs: 60_000, maxBytes: 1000 } as const;

/** Answers the first request of each connection, and closes it when there is a second. */
async function closingServer(listener: Deno.Listener, conns: { count: number }): Promise<void> {
  for await (const conn of listener) {
    conns.count++;
    const buffer = new Uint8Array(4096);
    await conn.read(buffer);
    await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    void conn.read(buffer).catch(() => null).finally(() => conn.close());
  }
}

Deno.test("HTTP client: a connection that the server has given up is replaced", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = { count: 0 };
  const serving = closingServer(listener, conns);
  const client = new HttpClient("");
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  for (let i = 1; i <= 3; i++) {
    const reply = await client.send({ method: "POST", url, body: "{}", ...limits });
    equal([reply.status, new TextDecoder().decode(reply.body!), conns.count], [200, "ok", i]);
  }
  client.close();
  listener.close();
  await serving;
});

Deno.test("HTTP client: what is no URL of the web", async () => {
  using client = new HttpClient("");
  for (const url of ["", "http://", "ftp://host/", "http://[::", "file:///etc/passwd"]) {
    await rejects(client.send({ method: "GET", url, ...limits }), UserError, url);
  }
});

Deno.test("HTTP client: an answer that ends early, and nothing after the end", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const conn of listener) {
      await conn.read(new Uint8Array(4096));
      await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"));
      conn.close();
    }
  })();
  const client = new HttpClient("");
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  await rejects(client.send({ method: "GET", url, ...limits }), UserError);
  client.close();
  await rejects(client.send({ method: "GET", url, ...limits }), /canceled/);
  listener.close();
  await serving;
});

Deno.test("HTTP client: a server that does not begin with TLS costs nothing after the time-out", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ended: Promise<void>[] = [];
  const serving = (async () => {
    for await (const conn of listener) ended.push(untilEnd(conn));
  })();
  const url = `https://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  for (const fingerprint of ["", "ab".repeat(32)]) {
    using client = new HttpClient(fingerprint);
    await rejects(client.send({ method: "GET", url, timeoutMs: 1000, maxBytes: 1 }), UserError, "no answer");
    await ended.at(-1);
  }
  ok(ended.length > 0);
  listener.close();
  await serving;
});

async function untilEnd(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await conn.read(buffer).catch(() => null) !== null);
  conn.close();
}
