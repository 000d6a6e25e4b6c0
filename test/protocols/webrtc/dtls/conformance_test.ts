import { UserError } from "../../../../src/base/errors.ts";
import { systemDtlsAvailable } from "../../../../src/net/system_dtls.ts";
import type { DtlsProvider, SrtpKeys } from "../../../../src/protocols/webrtc/contracts.ts";
import { createIdentity } from "../../../../src/protocols/webrtc/dtls/identity.ts";
import { maxApplicationData, openDtlsProvider } from "../../../../src/protocols/webrtc/dtls/mod.ts";
import { createPortableBackend } from "../../../../src/protocols/webrtc/dtls/portable_backend.ts";
import { Provider } from "../../../../src/protocols/webrtc/dtls/provider.ts";
import { equal, match, ok, rejects, throws } from "../../../support/assert.ts";
import { guarded } from "../../../support/guarded.ts";
import { Random } from "../../../support/random.ts";
import { fragmented, Pair, recordsOf, unreliable } from "./support.ts";

type Name = DtlsProvider["name"];

const names: readonly Name[] = systemDtlsAvailable ? ["libssl", "portable"] : ["portable"];
const combinations = names.flatMap((server) => names.map((client) => ({ server, client })));

async function withProviders(
  { server, client }: { server: Name; client: Name },
  run: (providers: { server: DtlsProvider; client: DtlsProvider }) => Promise<void>,
): Promise<void> {
  const providers = {
    server: await openDtlsProvider({ implementation: server }),
    client: await openDtlsProvider({ implementation: client }),
  };
  try {
    await run(providers);
  } finally {
    providers.server.close();
    providers.client.close();
  }
}

/** One test for each pair of implementations. */
function forAll(
  what: string,
  run: (providers: { server: DtlsProvider; client: DtlsProvider }) => Promise<void>,
): void {
  for (const names of combinations) {
    Deno.test(`DTLS, ${names.server} server and ${names.client} client: ${what}`, () =>
      withProviders(names, run));
  }
}

function sameKeys(a: SrtpKeys, b: SrtpKeys): void {
  equal(a.profile, b.profile);
  equal(a.local, b.remote);
  equal(a.remote, b.local);
  equal(a.local.key.length, a.profile.keySize);
  equal(a.local.salt.length, a.profile.saltSize);
  ok(a.local.key.some((byte) => byte !== 0));
}

/** Data goes both ways, once. */
async function exchange(pair: Pair, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const before = { server: pair.server.data.length, client: pair.client.data.length };
  pair.client.session.sendData(bytes);
  pair.server.session.sendData(bytes);
  await pair.settle();
  equal(pair.server.data.slice(before.server), [bytes]);
  equal(pair.client.data.slice(before.client), [bytes]);
}

forAll("keys are equal, data goes both ways, datagrams are small", async (providers) => {
  const pair = new Pair(providers);
  const [server, client] = await pair.connected();
  sameKeys(server, client);
  equal(server.profile.name, "AEAD_AES_128_GCM");
  await exchange(pair, "hello");
  const largest = new Uint8Array(maxApplicationData).fill(7);
  pair.client.session.sendData(largest);
  await pair.settle();
  equal(pair.server.data[1], largest);
  ok(pair.largest.server <= 1200 && pair.largest.client <= 1200);
  throws(() => pair.client.session.sendData(new Uint8Array(maxApplicationData + 1)), RangeError);
  pair.close();
});

forAll("each side tells the other that it closes", async (providers) => {
  for (const [closing, other] of [["client", "server"], ["server", "client"]] as const) {
    const pair = new Pair(providers);
    await pair.connected();
    pair[closing].session.close();
    await pair.settle();
    equal(pair[other].closeReasons, ["the peer closed the DTLS association"]);
    equal(pair[closing].closeReasons, []);
    // Calls after the end do nothing.
    pair.close();
    pair.client.session.sendData(Uint8Array.of(1));
    pair.client.session.receive(Uint8Array.of(22, 1, 2));
  }
});

forAll("a certificate with another fingerprint is refused", async (providers) => {
  const other = { algorithm: "sha-256", value: new Array(32).fill("AA").join(":") };
  for (const side of ["server", "client"] as const) {
    const wrong = side === "server" ? { expectedByServer: [other] } : { expectedByClient: [other] };
    const pair = new Pair({ ...providers, ...wrong });
    const refused = guarded("the refusal", pair[side].session.connected);
    await rejects(refused, (error: unknown) => {
      ok(error instanceof UserError);
      match(error.message, /certificate has fingerprint .*, its description says AA:AA/);
      return true;
    });
    pair.close();
    equal(pair[side].data, []);
  }
});

forAll("one of several fingerprints is enough, unknown algorithms do not count", async (providers) => {
  const weak = { algorithm: "sha-1", value: "AA:BB" };
  const right = { ...providers.client.fingerprint, value: providers.client.fingerprint.value.toLowerCase() };
  const pair = new Pair({ ...providers, expectedByServer: [weak, right] });
  await pair.connected();
  pair.close();
  const refused = new Pair({ ...providers, expectedByServer: [weak] });
  await rejects(guarded("the refusal", refused.server.session.connected), /no fingerprint that can be used/);
  refused.close();
});

for (const name of names) {
  Deno.test(`DTLS, ${name}: who presents somebody else's certificate is refused, as client and as server`, async () => {
    const honest = await openDtlsProvider({ implementation: name });
    const victim = createIdentity(Date.now());
    const attacker = createIdentity(Date.now());
    const forged = { certificate: victim.certificate, privateKey: attacker.privateKey };
    const forger = new Provider(createPortableBackend(forged), forged);
    // The fingerprint fits: it is the signature that must not.
    for (const role of ["server", "client"] as const) {
      const other = role === "server" ? "client" : "server";
      const pair = new Pair(
        role === "server" ? { server: honest, client: forger } : { server: forger, client: honest },
      );
      const refusal = guarded("the refusal", pair[role].session.connected);
      await rejects(refusal, (error: unknown) => error instanceof UserError);
      await rejects(guarded("the other end", pair[other].session.connected), UserError);
      pair.close();
    }
    honest.close();
    forger.close();
  });
}

forAll("messages in pieces and in the wrong order", async (providers) => {
  const pair = new Pair({ ...providers, spoil: fragmented() });
  sameKeys(...await pair.connected());
  await exchange(pair, "in pieces");
  pair.close();
});

forAll("lost, doubled and reordered datagrams", async (providers) => {
  for (const seed of [1, 2, 3, 4]) {
    const pair = new Pair({ ...providers, spoil: unreliable(new Random(seed), 0.15) });
    sameKeys(...await pair.connected());
    pair.close();
  }
});

forAll("the server's last flight is repeated when it was lost", async (providers) => {
  let toClient = 0;
  const pair = new Pair({
    ...providers,
    spoil: (datagram, to) => to === "client" && datagram[0] === 20 && toClient++ === 0 ? [] : [datagram],
  });
  sameKeys(...await pair.connected());
  ok(toClient >= 2);
  pair.close();
});

forAll("what is not authentic is ignored after the handshake", async (providers) => {
  let hello: Uint8Array | undefined;
  let protectedRecord: Uint8Array | undefined;
  const pair = new Pair({
    ...providers,
    spoil: (datagram, to) => {
      if (to === "server") hello ??= datagram.slice();
      if (datagram[0] === 23) protectedRecord = datagram.slice();
      return [datagram];
    },
  });
  await pair.connected();
  await exchange(pair, "before");
  ok(hello !== undefined && protectedRecord !== undefined);
  const tampered = protectedRecord.slice();
  tampered[tampered.length - 1] ^= 1;
  const random = new Random(9);
  const plain = (type: number, ...payload: number[]) =>
    Uint8Array.of(
      type,
      0xfe,
      0xfd,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      0,
      payload.length >> 8,
      payload.length & 0xff,
      ...payload,
    );
  const finished = plain(22, 20, 0, 0, 12, 0, 3, 0, 0, 0, 0, 0, 12, ...new Array(12).fill(0));
  const junk = [
    hello,
    recordsOf(hello)[0].subarray(0, 20),
    protectedRecord,
    tampered,
    finished,
    plain(21, 2, 40),
    plain(21, 1, 0),
    plain(23, 1, 2, 3),
    plain(20, 1),
    new Uint8Array(0),
    Uint8Array.of(22),
    ...Array.from({ length: 50 }, () => random.bytes(random.int(300))),
  ];
  for (const bytes of junk) {
    pair.server.session.receive(bytes);
    pair.client.session.receive(bytes);
  }
  await pair.settle();
  // Nothing was taken twice.
  equal([pair.server.data.length, pair.client.data.length], [1, 1]);
  await exchange(pair, "after");
  equal([pair.server.closeReasons, pair.client.closeReasons], [[], []]);
  pair.close();
});

forAll("a handshake that somebody changed on the way is refused", async (providers) => {
  // Extended master secret, the type of an extension without content.
  const extension = [0, 23, 0, 0];
  const pair = new Pair({
    ...providers,
    spoil: (datagram, to) => {
      const at = datagram.findIndex((_, i) => extension.every((byte, k) => datagram[i + k] === byte));
      if (to === "client" || datagram[0] !== 22 || at < 0 || datagram[13] !== 1) return [datagram];
      const stripped = datagram.slice();
      stripped[at] = 0x55;
      return [stripped];
    },
  });
  await rejects(guarded("the refusal", pair.server.session.connected), UserError);
  pair.close();
});

forAll("closing before the handshake is complete rejects", async (providers) => {
  const pair = new Pair({ ...providers, spoil: () => [] });
  pair.close();
  for (const end of [pair.server, pair.client]) {
    await rejects(end.session.connected, { name: "UserError", message: /the session was closed/ });
    equal(end.closeReasons, []);
  }
});

forAll("closing the provider ends its sessions", async (providers) => {
  const pair = new Pair(providers);
  await pair.connected();
  const waiting = new Pair({ ...providers, spoil: () => [] });
  providers.server.close();
  await pair.settle();
  equal(pair.client.closeReasons, ["the peer closed the DTLS association"]);
  await rejects(waiting.server.session.connected, UserError);
  waiting.close();
});

for (const name of names) {
  Deno.test(`DTLS, ${name}: many handshakes leave nothing behind`, async () => {
    // In a process of its own: other tests use memory at the same time.
    const script = new URL("growth.ts", import.meta.url).pathname;
    const args = ["run", "-A", "--v8-flags=--expose-gc", script, name, "400"];
    const { success, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    equal(success, true);
    const growth: { process: number; heap: number } = JSON.parse(new TextDecoder().decode(stdout));
    // 800 associations: of forgotten ones, each would hold some 50 kB in libssl, or 10 kB of the heap.
    ok(growth.process < 25e6 && growth.heap < 2e6, JSON.stringify(growth));
  });
}
