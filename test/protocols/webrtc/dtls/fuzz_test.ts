import { systemDtlsAvailable } from "../../../../src/net/system_dtls.ts";
import type { DtlsProvider, DtlsSession } from "../../../../src/protocols/webrtc/contracts.ts";
import { openDtlsProvider } from "../../../../src/protocols/webrtc/dtls/mod.ts";
import { equal } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";
import { Pair, recordsOf } from "./support.ts";

const names: readonly DtlsProvider["name"][] = systemDtlsAvailable ? ["libssl", "portable"] : ["portable"];

/** Everything that one handshake and some data put on the wire, in both directions. */
async function wireOf(provider: DtlsProvider): Promise<Uint8Array[]> {
  const seeds: Uint8Array[] = [];
  const pair = new Pair({
    server: provider,
    client: provider,
    spoil: (datagram) => {
      seeds.push(datagram.slice(), ...recordsOf(datagram).map((record) => record.slice()));
      return [datagram];
    },
  });
  await pair.connected();
  pair.client.session.sendData(Uint8Array.of(1, 2, 3));
  pair.close();
  await pair.settle();
  return seeds;
}

/** After so many inputs, or the first that ended them, new sessions take over. */
const inputsOfOneSession = 25;

for (const name of names) {
  Deno.test(`DTLS, ${name}: arbitrary datagrams during the handshake`, async () => {
    const provider = await openDtlsProvider({ implementation: name });
    const seeds = await wireOf(provider);
    const open = (role: "server" | "client") =>
      provider.createSession({
        role,
        remoteFingerprints: [provider.fingerprint],
        send: () => {},
        onData: () => {
          throw new Error("data without a handshake");
        },
        onClose: () => {},
      });
    let sessions: DtlsSession[] = [];
    let inputs = 0;
    const hello = seeds[0];
    fuzz("DTLS handshake", seeds, (bytes) => {
      if (inputs++ % inputsOfOneSession === 0) {
        for (const session of sessions) session.close();
        // The third is already in the middle of it.
        sessions = [open("server"), open("client"), open("server")];
        sessions[2].receive(hello);
      }
      for (const session of sessions) session.receive(bytes);
    });
    provider.close();
  });

  Deno.test(`DTLS, ${name}: arbitrary datagrams once connected`, async () => {
    const provider = await openDtlsProvider({ implementation: name });
    const pair = new Pair({ server: provider, client: provider });
    const seeds = await wireOf(provider);
    await pair.connected();
    fuzz("DTLS records", seeds, (bytes) => {
      pair.server.session.receive(bytes);
      pair.client.session.receive(bytes);
    });
    pair.client.session.sendData(Uint8Array.of(5));
    await pair.settle();
    equal(pair.server.data, [Uint8Array.of(5)]);
    equal(pair.server.closeReasons, []);
    pair.close();
    provider.close();
  });
}
