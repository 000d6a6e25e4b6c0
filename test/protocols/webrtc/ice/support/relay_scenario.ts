/** Two muxes that see each other through a TURN server only. */
import type { IceServerConf } from "../../../../../src/protocols/webrtc/ice/mod.ts";
import { equal, match } from "../../../../support/assert.ts";
import { connect, openMux, packets } from "./muxes.ts";
import { waitFor } from "./wait.ts";

/** Throws when sessions do not connect, or packets get lost. */
export async function relayScenario(iceServer: IceServerConf): Promise<void> {
  const server = await openMux({ iceServers: [iceServer], gatherTimeoutMs: 60_000 });
  const client = await openMux({ udpAddress: "127.0.0.2:0", additionalHosts: ["127.0.0.2"] });
  try {
    const { ours, theirs, answerer, offerer } = await connect(server, client, {
      offered: ({ type }) => type === "relay",
      // The address is right, so that the relay lets it in, but nobody answers there: no direct way is found.
      announced: (candidate) => ({ ...candidate, host: "127.0.0.2", port: 9 }),
    });
    equal(answerer.lite, false);
    match(answerer.diagnose().selectedPair?.local ?? "", /^relay\//);
    for (let round = 0; round < 3; round++) {
      const [wanted, wantedBack] = [ours.media.length + 5, theirs.media.length + 9];
      offerer.send(packets(130 + round, 5, 501));
      answerer.send(packets(140 + round, 9, 802));
      await waitFor(ours, () => ours.media.length >= wanted);
      await waitFor(theirs, () => theirs.media.length >= wantedBack);
      equal(ours.media.at(-1), new Uint8Array(501).fill(130 + round));
      equal(theirs.media.at(-1), new Uint8Array(802).fill(140 + round));
    }
  } finally {
    await server.close();
    await client.close();
  }
}
