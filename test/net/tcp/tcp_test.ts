import type { ByteConn, ByteListener } from "../../../src/net/byte_conn.ts";
import { dialTcp, listenTcp } from "../../../src/net/tcp/mod.ts";
import { libc } from "../../../src/net/ffi/mod.ts";
import { UserError } from "../../../src/base/errors.ts";
import { equal, ok, rejects, throws } from "../../support/assert.ts";
import { freeTcpPort } from "../../support/ports.ts";

const timeoutMs = 60_000;

/** A connected pair and what closes it. */
async function pair(
  hostname: string,
): Promise<{ server: ByteConn; client: ByteConn; close: () => Promise<void> }> {
  const listener = listenTcp({ hostname, port: 0 });
  const accepted = listener.accept()[Symbol.asyncIterator]();
  const dialled = hostname === "" ? "127.0.0.1" : hostname;
  const [first, client] = await Promise.all([
    accepted.next(),
    dialTcp({ hostname: dialled, port: listener.address.port, timeoutMs }),
  ]);
  const server: ByteConn = first.value;
  const close = async () => {
    server.close();
    client.close();
    listener.close();
    equal((await accepted.next()).done, true);
  };
  return { server, client, close };
}

async function readAll(conn: ByteConn): Promise<Uint8Array> {
  const out: number[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return Uint8Array.from(out);
    for (let i = 0; i < count; i++) out.push(buffer[i]);
  }
}

for (const hostname of ["", "127.0.0.1", "::1"]) {
  Deno.test(`tcp over '${hostname}' carries bytes both ways and knows its addresses`, async () => {
    const { server, client, close } = await pair(hostname);
    equal(server.remote, client.local);
    equal(server.local, client.remote);
    equal(server.remote.ip, hostname === "::1" ? "::1" : "127.0.0.1");
    await client.write(Uint8Array.of(1, 2, 3));
    const into = new Uint8Array(10);
    equal(await server.read(into), 3);
    equal([...into.subarray(0, 3)], [1, 2, 3]);
    await server.write(Uint8Array.of(4));
    equal(await client.read(into), 1);
    client.close();
    equal(await server.read(into), null);
    await close();
  });
}

Deno.test("tryWrite and write keep the order of bytes when the peer reads late", async () => {
  const { server, client, close } = await pair("");
  const chunk = new Uint8Array(200_000);
  let expected = 0;
  const send = async () => {
    for (let round = 0; round < 100; round++) {
      chunk.fill(round);
      const taken = server.tryWrite(chunk);
      ok(taken <= chunk.length);
      if (taken < chunk.length) await server.write(chunk.subarray(taken));
      expected += chunk.length;
    }
    server.close();
  };
  const [, received] = await Promise.all([send(), readAll(client)]);
  equal(received.length, expected);
  const outOfPlace = received.findIndex((byte, at) => byte !== Math.floor(at / chunk.length));
  equal(outOfPlace, -1);
  await close();
});

Deno.test("tryWrite takes a small message at once on Linux and nothing after close", async () => {
  const { server, client, close } = await pair("");
  equal(server.tryWrite(Uint8Array.of(7, 8)), libc() === undefined ? 0 : 2);
  server.close();
  equal(server.tryWrite(Uint8Array.of(9)), 0);
  equal([...await readAll(client)], libc() === undefined ? [] : [7, 8]);
  await close();
});

Deno.test("tryWrite finds each of many connections, also after others were closed", async () => {
  const listener = listenTcp({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept()[Symbol.asyncIterator]();
  const open = async (): Promise<[ByteConn, ByteConn]> => {
    const [client, first] = await Promise.all([
      dialTcp({ hostname: "127.0.0.1", port: listener.address.port, timeoutMs }),
      accepted.next(),
    ]);
    return [first.value, client];
  };
  const pairs: [ByteConn, ByteConn][] = [];
  const into = new Uint8Array(4);
  const check = async ([server, client]: [ByteConn, ByteConn], mark: number) => {
    if (server.tryWrite(Uint8Array.of(mark)) === 0) await server.write(Uint8Array.of(mark));
    equal(await client.read(into), 1);
    equal(into[0], mark);
  };
  for (let i = 0; i < 60; i++) pairs.push(await open());
  for (const [i, both] of pairs.entries()) await check(both, i);
  for (const [server, client] of pairs.splice(10, 30)) {
    server.close();
    client.close();
  }
  for (let i = 0; i < 20; i++) pairs.push(await open());
  for (const [i, both] of pairs.entries()) await check(both, i + 100);
  for (const [server, client] of pairs) {
    server.close();
    client.close();
  }
  listener.close();
  await accepted.next();
});

Deno.test("close settles a pending read and a pending write", async () => {
  const { server, client, close } = await pair("");
  const reading = server.read(new Uint8Array(10));
  const writing = rejects(server.write(new Uint8Array(50_000_000)));
  server.close();
  server.close();
  equal(await reading, null);
  await writing;
  equal(await server.read(new Uint8Array(1)), null);
  await close();
  equal(client.tryWrite(new Uint8Array(1)), 0);
});

Deno.test("an occupied port is told with protocol and address", async () => {
  const port = freeTcpPort();
  const first = listenTcp({ hostname: "", port });
  throws(() => listenTcp({ hostname: "", port }), {
    name: "AddressInUseError",
    message: `listen tcp :${port}: address already in use`,
  });
  throws(() => listenTcp({ hostname: "192.0.2.123", port }), {
    name: "UserError",
    message: `listen tcp 192.0.2.123:${port}: cannot assign requested address`,
  });
  first.close();
  const again = listenTcp({ hostname: "", port });
  again.close();
  await 0;
});

Deno.test("a listener that is closed while it waits ends its iteration", async () => {
  const listener: ByteListener = listenTcp({ hostname: "127.0.0.1", port: 0 });
  const seen: ByteConn[] = [];
  const first = Promise.withResolvers<void>();
  const loop = (async () => {
    for await (const conn of listener.accept()) {
      seen.push(conn);
      first.resolve();
    }
  })();
  const client = await dialTcp({ hostname: "127.0.0.1", port: listener.address.port, timeoutMs });
  await first.promise;
  listener.close();
  listener.close();
  await loop;
  equal(seen.length, 1);
  seen[0].close();
  client.close();
});

Deno.test("dialling tells why it failed", async () => {
  const port = freeTcpPort();
  await rejects(dialTcp({ hostname: "127.0.0.1", port, timeoutMs }), {
    name: "UserError",
    message: `dial tcp 127.0.0.1:${port}: connection refused`,
  });
  const abort = new AbortController();
  abort.abort();
  await rejects(dialTcp({ hostname: "127.0.0.1", port, timeoutMs, signal: abort.signal }), UserError);
});
