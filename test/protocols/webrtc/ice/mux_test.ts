/** The mux on loopback: both UDP implementations, TCP, floods. */
import { concat } from "../../../../src/base/bytes.ts";
import { interfaceAddresses } from "../../../../src/net/interfaces.ts";
import { bindUdp } from "../../../../src/net/udp/mod.ts";
import { maxRoutes } from "../../../../src/protocols/webrtc/ice/session.ts";
import { attributeType, serializeStun, stunMethod } from "../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { shortTermKey } from "../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import { textAttribute } from "../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal, match, ok, throws } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { connect, openMux, packets, Peer } from "./support/muxes.ts";
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
    equal(server.stats, {
      sessions: 0,
      credentials: 0,
      routes: 0,
      connections: 0,
      packetsIgnored: 0,
      packetsDropped: 0,
    });
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
        const bytes = concat(requests);
        const sizes = requests.map(({ length }) => length);
        for (let copy = 0; copy < 10; copy++) {
          stranger.send({ bytes, sizes }, { ip: "127.0.0.1", port });
          sent += sizes.length;
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

Deno.test("IceMux: many sessions on one port, each gets its own", async () => {
  const server = await openMux();
  const clients = await Promise.all(Array.from({ length: 12 }, () => openMux()));
  const sessions = await Promise.all(clients.map((client) => connect(server, client)));
  equal([server.stats.sessions, server.stats.routes], [12, 12]);
  sessions.forEach(({ offerer, answerer }, i) => {
    offerer.send(packets(128 + i, 3));
    answerer.send(packets(150 + i, 2));
  });
  for (const [i, { ours, theirs }] of sessions.entries()) {
    await waitFor(ours, () => ours.media.length === 3);
    await waitFor(theirs, () => theirs.media.length === 2);
    equal([ours.media.map((bytes) => bytes[0]), theirs.media.map((bytes) => bytes[0])], [
      new Array<number>(3).fill(128 + i),
      new Array<number>(2).fill(150 + i),
    ]);
  }
  await server.close();
  equal(sessions.map(({ ours }) => ours.states.at(-1)), new Array<string>(12).fill("closed"));
  for (const client of clients) await client.close();
});

Deno.test("IceMux: a restart changes the credentials and loses no packet", async () => {
  const server = await openMux();
  const client = await openMux();
  const { ours, theirs, offerer, answerer } = await connect(server, client);
  const before = answerer.local;
  // A lite agent needs nothing of the new description of its peer.
  offerer.restart(answerer.restart({ ufrag: "soon", password: "unknown" }));
  equal(server.stats.credentials, 2);
  offerer.send(packets(128, 4));
  answerer.send(packets(128, 6));
  await waitFor(ours, () => ours.media.length === 4);
  await waitFor(theirs, () => theirs.media.length === 6);
  ok(answerer.local.ufrag !== before.ufrag);
  for (const candidate of await answerer.gather()) offerer.addRemoteCandidate(candidate);
  // The old credentials go when the new ones have worked; media may be there before.
  const again = setInterval(() => offerer.send(packets(128, 1)), 20);
  await waitFor(ours, () => server.stats.credentials === 1);
  clearInterval(again);
  equal([ours.states, theirs.states], [["checking", "connected"], ["checking", "connected"]]);
  await server.close();
  await client.close();
});

Deno.test("IceMux: a session that is over is not restarted", async () => {
  const server = await openMux();
  const session = server.createSession(new Peer());
  session.close();
  const { ufrag } = session.local;
  equal(session.restart({ ufrag: "soon", password: "unknown" }).ufrag, ufrag);
  equal([server.stats.sessions, server.stats.credentials], [0, 0]);
  await server.close();
});

Deno.test("IceMux: an address that is in use cannot be taken by another session", async () => {
  const server = await openMux();
  const client = await openMux();
  const { ours, offerer } = await connect(server, client);
  // Another session of the same server, used from the same address.
  const thief = server.createSession(new Peer());
  thief.start(offerer.local, []);
  const stolen = serializeStun({
    method: stunMethod.binding,
    class: "request",
    transactionId: new Uint8Array(12),
    attributes: [textAttribute(attributeType.username, `${thief.local.ufrag}:x`)],
  }, { key: shortTermKey(thief.local.password), fingerprint: true });
  offerer.send({ bytes: stolen, sizes: [stolen.length] });
  offerer.send(packets(128, 1));
  await waitFor(ours, () => ours.media.length === 1);
  equal(thief.state, "checking");
  await server.close();
  await client.close();
});

Deno.test("IceMux: IPv6, where the machine has it", async () => {
  if (!interfaceAddresses().some(({ ip }) => ip === "::1")) return;
  const server = await openMux({ udpAddress: ":0" });
  const client = await openMux({ udpAddress: "[::1]:0" });
  const { ours, offerer } = await connect(server, client, { offered: ({ host }) => host === "::1" });
  offerer.send(packets(128, 2));
  await waitFor(ours, () => ours.media.length === 2);
  match(offerer.diagnose().selectedPair?.remote ?? "", /::1/);
  await server.close();
  await client.close();
});

Deno.test("IceMux: restarts keep one route for one address; a session that is over takes none", async () => {
  // The portable socket makes an object for each packet.
  const server = await openMux({ udpFastPath: "no" });
  const client = await openMux();
  const { ours, offerer, answerer } = await connect(server, client);
  // Something that comes, so that the test looks again.
  const again = setInterval(() => offerer.send(packets(128, 1)), 10);
  for (let i = 0; i < maxRoutes + 2; i++) {
    offerer.restart(answerer.restart({ ufrag: `soon${i}`, password: "unknown" }));
    for (const candidate of await answerer.gather()) offerer.addRemoteCandidate(candidate);
    await waitFor(ours, () => server.stats.credentials === 1);
    equal(server.stats.routes, 1);
  }
  clearInterval(again);
  answerer.close();
  answerer.restart({ ufrag: "late", password: "unknown" });
  equal(server.stats.credentials, 0);
  await server.close();
  await client.close();
});

Deno.test("IceMux: a session that throws does not keep the others' media back", async () => {
  const server = await openMux();
  const clients = [await openMux(), await openMux()];
  const [bad, good] = [await connect(server, clients[0]), await connect(server, clients[1])];
  bad.ours.onMedia = () => {
    throw new Error("a defect");
  };
  const read = clients.map((client) => ({ bytes: packets(128, 1).bytes, from: client.udpAddress! }));
  for (let count = 1; count <= 3; count++) {
    throws(() => server.demultiplexer.deliver(server.udp!, read), /a defect/);
    equal(good.ours.media.length, count);
  }
  await server.close();
  for (const client of clients) await client.close();
});
