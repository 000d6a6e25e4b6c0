import { ParseError } from "../../src/base/errors.ts";
import type { ByteConn } from "../../src/net/byte_conn.ts";
import { CertificateStore } from "../../src/net/certificates.ts";
import { parseNetwork } from "../../src/net/networks.ts";
import { maxProxyHeaderSize, parseProxyHeader } from "../../src/net/proxy_protocol.ts";
import { createSelfSignedCertificate } from "../../src/net/self_signed.ts";
import { dialTcp, listenTcp, listenTls } from "../../src/net/tcp/mod.ts";
import { equal, fromHex, throws } from "../support/assert.ts";
import { fuzz } from "../support/fuzz.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const signature = "0d0a0d0a000d0a515549540a";

const headers: readonly (readonly [string, Uint8Array, { ip: string; port: number } | undefined])[] = [
  ["version 1 IPv4", ascii("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), { ip: "192.0.2.1", port: 56324 }],
  ["version 1 IPv6", ascii("PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n"), { ip: "2001:db8::1", port: 1 }],
  ["version 1 unknown", ascii("PROXY UNKNOWN\r\n"), undefined],
  ["version 1 unknown with text", ascii("PROXY UNKNOWN ff::1 ff::2 1 2\r\n"), undefined],
  ["version 2 IPv4", fromHex(`${signature} 21 11 000c c0000201 c0000202 dc04 01bb`), {
    ip: "192.0.2.1",
    port: 56324,
  }],
  [
    "version 2 IPv6 with values behind",
    fromHex(
      `${signature} 21 21 0029 20010db8000000000000000000000007 20010db8000000000000000000000008 0050 01bb
      04 0002 0000`,
    ),
    { ip: "2001:db8::7", port: 80 },
  ],
  ["version 2 local", fromHex(`${signature} 20 11 000c c0000201 c0000202 dc04 01bb`), undefined],
  ["version 2 of no family", fromHex(`${signature} 21 00 0000`), undefined],
  ["version 2 Unix", fromHex(`${signature} 21 31 0004 00000000`), undefined],
];

for (const [name, bytes, source] of headers) {
  Deno.test(`parseProxyHeader: ${name}, in any number of pieces`, () => {
    equal(parseProxyHeader(bytes), { size: bytes.length, source });
    for (let cut = 0; cut < bytes.length; cut++) equal(parseProxyHeader(bytes.subarray(0, cut)), null);
    const more = new Uint8Array(bytes.length + 5).fill(0x41);
    more.set(bytes);
    equal(parseProxyHeader(more), { size: bytes.length, source });
  });
}

const none = [
  "PLAY rtsp://x RTSP/1.0\r\n",
  "PROXIED",
  "PAUSE",
  "OPTIONS * RTSP/1.0\r\n",
  "$\u0000\u0000\u0004abcd",
];
for (const text of none) {
  Deno.test(`parseProxyHeader: none in ${JSON.stringify(text)}`, () => {
    equal(parseProxyHeader(ascii(text)), { size: 0, source: undefined });
  });
}

const bad: readonly (readonly [string, Uint8Array, string])[] = [
  ["a long line", ascii(`PROXY TCP4 ${"1".repeat(120)}`), "PROXY line"],
  ["a line feed alone", ascii("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"), "PROXY line"],
  ["too few words", ascii("PROXY TCP4 192.0.2.1\r\n"), "PROXY line"],
  ["a transport of its own", ascii("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), "PROXY transport"],
  ["IPv6 in TCP4", ascii("PROXY TCP4 ::1 ::2 1 2\r\n"), "PROXY address"],
  ["no IP", ascii("PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n"), "IP address"],
  ["a port too high", ascii("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), "PROXY port"],
  ["version 3", fromHex(`${signature} 31 11 000c`), "PROXY version"],
  ["a command of its own", fromHex(`${signature} 22 11 000c`), "PROXY command"],
  ["a huge length", fromHex(`${signature} 21 11 ffff`), "PROXY length"],
  ["a length too short", fromHex(`${signature} 21 11 000b c0000201 c0000202 dc04 01`), "PROXY length"],
];
for (const [name, bytes, field] of bad) {
  Deno.test(`parseProxyHeader refuses ${name}`, () => {
    throws(() => parseProxyHeader(bytes), (error) => error instanceof ParseError && error.field === field);
  });
}

Deno.test("parseProxyHeader throws nothing else than ParseError and ends at its limit", () => {
  fuzz("parseProxyHeader", headers.map(([, bytes]) => bytes), (bytes) => {
    const full = new Uint8Array(maxProxyHeaderSize).fill(0x20);
    full.set(bytes.subarray(0, maxProxyHeaderSize));
    if (parseProxyHeader(full) === null) throw new Error("wants more than the limit");
    parseProxyHeader(bytes);
  });
});

const timeoutMs = 60_000;
const header = headers[0][1];

/** What a server behind `trusted` sees of a client that sends `pieces`; null when it was turned away. */
async function seen(trusted: string, pieces: readonly Uint8Array[]): Promise<[string, string] | null> {
  const errors: unknown[] = [];
  const listener = listenTcp({
    hostname: "127.0.0.1",
    port: 0,
    trustedProxies: [parseNetwork(trusted)],
    onError: (error) => errors.push(error),
  });
  const accepted = listener.accept()[Symbol.asyncIterator]();
  const first = accepted.next();
  const client = await dialTcp({ hostname: "127.0.0.1", port: listener.address.port, timeoutMs });
  for (const piece of pieces) await client.write(piece);
  let result: [string, string] | null = null;
  const turnedAway = client.read(new Uint8Array(1)).catch(() => null);
  const conn: ByteConn | undefined = await Promise.race([
    first.then(({ value }) => value ?? undefined),
    turnedAway.then(() => undefined),
  ]);
  if (conn !== undefined) {
    const buffer = new Uint8Array(3);
    let text = "";
    while (text.length < 8) {
      const count = await conn.read(buffer);
      text += new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    }
    result = [
      conn.remote.ip === client.local.ip ? "the peer" : `${conn.remote.ip}:${conn.remote.port}`,
      text,
    ];
    equal(conn.local, listener.address);
    conn.close();
  } else {
    equal(errors.length, 1);
  }
  listener.close();
  await first;
  await accepted.next();
  await turnedAway;
  client.close();
  return result;
}

Deno.test("a header from a trusted proxy sets the client's address", async () => {
  equal(await seen("127.0.0.0/8", [header, ascii("OPTIONS ")]), ["192.0.2.1:56324", "OPTIONS "]);
  const glued = new Uint8Array([...header, ...ascii("OPTIONS ")]);
  equal(await seen("127.0.0.1", [glued.subarray(0, 9), glued.subarray(9)]), ["192.0.2.1:56324", "OPTIONS "]);
});

Deno.test("a header from somebody else is discarded", async () => {
  equal(await seen("10.0.0.0/8", [header, ascii("OPTIONS ")]), ["the peer", "OPTIONS "]);
});

Deno.test("a header is optional, and a health check keeps the peer's address", async () => {
  equal(await seen("127.0.0.1", [ascii("P"), ascii("LAY rts")]), ["the peer", "PLAY rts"]);
  equal(await seen("127.0.0.1", [headers[6][1], ascii("OPTIONS ")]), ["the peer", "OPTIONS "]);
});

Deno.test("a malformed header ends the connection", async () => {
  equal(await seen("127.0.0.1", [bad[1][1]]), null);
});

Deno.test("a header may come before the TLS handshake", async () => {
  const now = Date.now();
  const certificate = createSelfSignedCertificate({
    commonName: "localhost",
    notBefore: now - 1e7,
    notAfter: now + 1e7,
  });
  const listener = listenTls({
    hostname: "127.0.0.1",
    port: 0,
    certificate: new CertificateStore(certificate),
    trustedProxies: [parseNetwork("127.0.0.1")],
  });
  const accepted = listener.accept()[Symbol.asyncIterator]();
  for (
    const [text, ip] of [["PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "192.0.2.1"], ["", "127.0.0.1"]]
  ) {
    const first = accepted.next();
    const plain = await Deno.connect({ hostname: "127.0.0.1", port: listener.address.port });
    if (text !== "") await plain.write(ascii(text));
    const client = await Deno.startTls(plain, { hostname: "localhost", caCerts: [certificate.certificate] });
    const conn: ByteConn = (await first).value;
    equal(conn.remote.ip, ip);
    equal(conn.local, listener.address);
    await client.write(ascii("hello"));
    const buffer = new Uint8Array(200_000);
    equal(await conn.read(buffer), 5);
    await conn.write(buffer);
    conn.close();
    let received = 0;
    for (let count; (count = await client.read(buffer).catch(() => null)) !== null;) received += count;
    equal(received, buffer.length);
    client.close();
  }
  const waiting = accepted.next();
  listener.close();
  await waiting;
});
