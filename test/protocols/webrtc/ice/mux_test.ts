/** The mux on loopback: both UDP implementations, TCP, floods. */
import { bindUdp } from "../../../../src/net/udp/mod.ts";
import { attributeType, serializeStun, stunMethod } from "../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { textAttribute } from "../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal, ok } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { connect, openMux, packets } from "./support/muxes.ts";
import { waitFor } from "./support/wait.ts";

const implementations = ["no", "auto"] as const;

for (const udpFastPath of implementations) {
  Deno.test(`IceMux: sessions connect, and carry DTLS and media both ways (fast path: ${udpFastPath})`, async () => {
    const server = await openMux({ udpFastPath });
    const client = await openMux({ udpFastPath });
    const first = await connect(server, client);
    first.offerer.send(packets(22, 1));
    await waitFor(first.ours, () => first.ours.dtls.length === 1);
    first.offerer.send(packets(128, 50));
    await waitFor(first.ours, () => first.ours.media.length === 50);
    first.answerer.send(packets(129, 7));
    await waitFor(first.theirs, () => first.theirs.media.length === 7);
    equal(first.theirs.media[0], new Uint8Array(100).fill(129));
    ok(first.ours.mediaCalls <= 50);
    equal(first.answerer.diagnose().advice, []);
    equal(server.stats.sessions, 1);
    first.offerer.close();
    first.answerer.close();
    equal(server.stats, { sessions: 0, routes: 0, connections: 0, packetsIgnored: 0 });
    await server.close();
    await client.close();
  });

  Deno.test(`IceMux: a flood of strangers leaves nothing behind (fast path: ${udpFastPath})`, async () => {
    const server = await openMux({ udpFastPath, udpReadBufferSize: 8_000_000 });
    const client = await openMux();
    const { ours, offerer, answerer } = await connect(server, client);
    const before = server.stats;
    const random = new Random(1);
    const port = server.udpAddress!.port;
    let sent = 0;
    for (let round = 0; round < 10; round++) {
      const stranger = await bindUdp({ hostname: "127.0.0.1", port: 0, readBufferSize: 0, fastPath: "auto" });
      const reading = stranger.receive(() => {});
      for (let burst = 0; burst < 100; burst++) {
        const known = burst % 2 === 0;
        const requests = Array.from({ length: 10 }, () =>
          serializeStun({
            method: stunMethod.binding,
            class: "request",
            transactionId: random.bytes(12),
            attributes: [
              textAttribute(attributeType.username, `${known ? answerer.local.ufrag : random.int(1e9)}:x`),
            ],
          }, { key: random.bytes(8), fingerprint: true }));
        for (let copy = 0; copy < 10; copy++) {
          const bytes = new Uint8Array(requests.reduce((sum, { length }) => sum + length, 0));
          let at = 0;
          for (const request of requests) {
            bytes.set(request, at);
            at += request.length;
          }
          stranger.send({ bytes, sizes: requests.map(({ length }) => length) }, { ip: "127.0.0.1", port });
          sent += requests.length;
        }
        if (burst % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      // Media of the session passes in between.
      const wanted = ours.media.length + 1;
      offerer.send(packets(128, 1));
      const again = setInterval(() => offerer.send(packets(128, 1)), 50);
      await waitFor(ours, () => ours.media.length >= wanted);
      clearInterval(again);
      stranger.close();
      await reading;
    }
    equal(sent, 100_000);
    ok(server.stats.packetsIgnored > 1_000, `${server.stats.packetsIgnored} ignored`);
    equal({ ...server.stats, packetsIgnored: 0 }, { ...before, packetsIgnored: 0 });
    equal(answerer.diagnose().requestsFrom.length <= 16, true);
    await server.close();
    await client.close();
    equal(answerer.state, "closed");
  });
}
