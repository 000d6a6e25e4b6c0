import { answerClientHello, clientHelloSize } from "../../../../src/protocols/rtmp/wire/handshake/server.ts";
import { ClientHandshake, serverHelloSize } from "../../../../src/protocols/rtmp/wire/handshake/client.ts";
import { Rc4 } from "../../../../src/protocols/rtmp/wire/handshake/rc4.ts";
import { equal, hex, ok, throws } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";

const random = new Random(3);

Deno.test("RC4: the vectors of RFC 6229 (key 0102030405) and of its article", () => {
  const zeros = new Uint8Array(16);
  new Rc4(Uint8Array.of(1, 2, 3, 4, 5)).apply(zeros);
  equal(hex(zeros), "b2396305f03dc027ccc3524a0a1118a8");
  const text = new TextEncoder().encode("Plaintext");
  new Rc4(new TextEncoder().encode("Key")).apply(text);
  equal(hex(text), "bbf316e8d940af0ad3");
});

Deno.test("handshake: plain", () => {
  const client = new ClientHandshake(false, 5, random.bytes(3072));
  equal(client.hello.length, clientHelloSize);
  equal(client.hello[0], 3);
  const server = answerClientHello(client.hello, 7, random.bytes(3072));
  equal(server.bytes.length, serverHelloSize);
  equal(server.ciphers, null);
  equal(server.bytes[0], 3);
  equal(hex(server.bytes.subarray(1, 9)), "0000000700000000");
  // S2 echoes C1, C2 echoes S1.
  equal(hex(server.bytes.subarray(1 + 1536)), hex(client.hello.subarray(1)));
  equal(hex(client.answer(server.bytes).bytes), hex(server.bytes.subarray(1, 1 + 1536)));
});

Deno.test("handshake: encrypted, both sides end with the same ciphers", () => {
  const client = new ClientHandshake(true, 5, random.bytes(3072));
  equal(client.hello[0], 6);
  const server = answerClientHello(client.hello, 7, random.bytes(3072));
  const answer = client.answer(server.bytes);
  ok(server.ciphers !== null && answer.ciphers !== null);
  for (const [from, to] of [[server.ciphers, answer.ciphers], [answer.ciphers, server.ciphers]]) {
    const bytes = new TextEncoder().encode("some chunk");
    from.outgoing.apply(bytes);
    ok(hex(bytes) !== hex(new TextEncoder().encode("some chunk")));
    to.incoming.apply(bytes);
    equal(new TextDecoder().decode(bytes), "some chunk");
  }
});

Deno.test("handshake: encrypted, a packet that was changed is refused", () => {
  const client = new ClientHandshake(true, 5, random.bytes(3072));
  const changed = client.hello.slice();
  changed[1000] ^= 1;
  throws(() => answerClientHello(changed, 0, random.bytes(3072)), /C1 digest/);
  const server = answerClientHello(client.hello, 0, random.bytes(3072)).bytes;
  const s1 = server.slice();
  s1[900] ^= 1;
  throws(() => client.answer(s1), /S1 digest/);
  const s2 = server.slice();
  s2[serverHelloSize - 40] ^= 1;
  throws(() => client.answer(s2), /S2 digest/);
  const plain = server.slice();
  plain[0] = 3;
  throws(() => client.answer(plain), /does not encrypt/);
});

Deno.test("handshake: what is not RTMP", () => {
  const hello = new Uint8Array(clientHelloSize);
  for (const version of [0, 2, 0x47, 0x20]) {
    hello[0] = version;
    throws(() => answerClientHello(hello, 0, random.bytes(3072)), /C0 version/);
  }
  hello[0] = 8;
  equal(answerClientHello(hello, 0, random.bytes(3072)).bytes[0], 3);
});
