import type { ByteConn } from "../../../src/net/byte_conn.ts";
import { CertificateStore } from "../../../src/net/certificates.ts";
import { createSelfSignedCertificate } from "../../../src/net/self_signed.ts";
import { dialTcp, listenTls } from "../../../src/net/tcp/mod.ts";
import { equal, ok } from "../../support/assert.ts";

const day = 86_400_000;
const timeoutMs = 60_000;

function selfSigned(commonName = "localhost") {
  const now = Date.now();
  return createSelfSignedCertificate({
    commonName,
    hosts: ["localhost", "127.0.0.1"],
    notBefore: now - day,
    notAfter: now + day,
  });
}

function connect(port: number, trusted: string): Promise<Deno.TlsConn> {
  return Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [trusted] });
}

Deno.test("tls carries bytes; a silent and a broken client hold up nobody", async () => {
  const certificate = selfSigned();
  const errors: unknown[] = [];
  const listener = listenTls({
    hostname: "127.0.0.1",
    port: 0,
    certificate: new CertificateStore(certificate),
    onError: (error) => errors.push(error),
  });
  const port = listener.address.port;
  const accepted = listener.accept()[Symbol.asyncIterator]();
  const silent = await dialTcp({ hostname: "127.0.0.1", port, timeoutMs });
  const broken = await dialTcp({ hostname: "127.0.0.1", port, timeoutMs });
  await broken.write(new TextEncoder().encode("OPTIONS * RTSP/1.0\r\n\r\n"));
  const [first, client] = await Promise.all([accepted.next(), connect(port, certificate.certificate)]);
  const server: ByteConn = first.value;
  await client.write(Uint8Array.of(1, 2));
  const into = new Uint8Array(4);
  equal(await server.read(into), 2);
  equal(server.tryWrite(into), 0);
  await server.write(Uint8Array.of(3));
  equal(await client.read(into), 1);
  server.close();
  equal(await client.read(into).catch(() => null), null);
  client.close();
  const ended = accepted.next();
  listener.close();
  equal((await ended).done, true);
  equal(errors.length, 1);
  silent.close();
  broken.close();
});

Deno.test("a replaced certificate serves new connections, old ones go on", async () => {
  const first = selfSigned("first");
  const second = selfSigned("second");
  const store = new CertificateStore(first);
  const listener = listenTls({ hostname: "", port: 0, certificate: store });
  const port = listener.address.port;
  const accepted = listener.accept()[Symbol.asyncIterator]();
  // The client may be ready before the server is: else the second connection could be the first to come out.
  const [{ value: oldServer }, old] = await Promise.all([accepted.next(), connect(port, first.certificate)]);
  ok(oldServer !== undefined);
  await old.write(Uint8Array.of(1));
  const next = accepted.next();
  store.replace(second);
  // The port is free for a moment while the listener is replaced: nothing tells when that is over.
  const begin = Date.now();
  let fresh: Deno.TlsConn | undefined;
  while (fresh === undefined) {
    fresh = await connect(port, second.certificate).catch(() => undefined);
    ok(Date.now() - begin < timeoutMs, "the certificate was not replaced");
  }
  await fresh.write(Uint8Array.of(2));
  const { value: freshServer } = await next;
  ok(freshServer !== undefined);
  const into = new Uint8Array(1);
  for (const [server, byte] of [[oldServer, 1], [freshServer, 2]] as const) {
    equal(await server.read(into), 1);
    equal(into[0], byte);
  }
  await oldServer.write(Uint8Array.of(9));
  equal(await old.read(into), 1);
  equal(into[0], 9);
  oldServer.close();
  freshServer.close();
  old.close();
  fresh.close();
  const ended = accepted.next();
  listener.close();
  equal((await ended).done, true);
});
