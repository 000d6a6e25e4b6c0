/** What API and metrics are told of RTSP connections and sessions. */
import { equal, ok } from "../../support/assert.ts";
import { RtspClient } from "./support/client.ts";
import { PacketSource, publish, read, settled, slice, UdpPair } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

Deno.test("sessions over TCP: what came in, what went out", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using reader = await read(server, "cam");
  const video = new PacketSource(96);
  const sizes: number[] = [];
  for (let i = 0; i < 5; i++) {
    // The third one is missing.
    const packet = video.next(slice(i === 0), 3000 * i);
    if (i === 2) continue;
    sizes.push(packet.length);
    await publisher.sendFrame(0, packet);
  }
  await publisher.sendFrame(0, Uint8Array.of(1, 2, 3));
  await publisher.sendFrame(1, Uint8Array.of(1, 2, 3));
  await settled(publisher, server.url("cam"));
  await reader.frames.take("the units", 4);
  const { sessions, conns } = server.snapshots;
  equal(sessions.map(({ state, path, transport, profile }) => [state, path, transport, profile]), [
    ["publish", "cam", "TCP", "AVP"],
    ["read", "cam", "TCP", "AVP"],
  ]);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const [inbound, outbound] = sessions;
  equal({
    bytes: inbound.inboundBytes,
    packets: inbound.inboundRTPPackets,
    lost: inbound.inboundRTPPacketsLost,
    inError: inbound.inboundRTPPacketsInError,
    reports: inbound.inboundRTCPPackets,
    reportsInError: inbound.inboundRTCPPacketsInError,
  }, { bytes: bytes + 6, packets: 5, lost: 1, inError: 1, reports: 1, reportsInError: 1 });
  ok(inbound.inboundRTPPacketsJitter >= 0);
  equal(outbound.outboundRTPPackets, 4);
  equal([outbound.outboundBytes, outbound.outboundRTCPPackets], [bytes, 0]);
  // One that comes later is told the times first.
  await using late = await read(server, "cam");
  const report = await late.reports.next("a report");
  const { outboundBytes, outboundRTCPPackets } = server.snapshots.sessions[2];
  equal([outboundBytes, outboundRTCPPackets], [report.payload.length, 1]);
  equal(outbound.outboundRTPPacketsDiscarded, 0);
  equal(outbound.queuedBytes, 0);
  equal(conns.map(({ session, tunnel }) => [session, tunnel]), [
    [inbound.id, "none"],
    [outbound.id, "none"],
  ]);
  equal(outbound.conns, [conns[1].id]);
  ok(conns[0].inboundBytes > bytes && conns[1].outboundBytes > bytes);
});

Deno.test("sessions over UDP count packets and reports", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using pair = new UdpPair();
  await using reader = await RtspClient.connect(server);
  await reader.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=${pair.ports}`);
  await reader.expect("PLAY", server.url("cam"));
  const video = new PacketSource(96);
  const packets = [video.next(slice(true), 0), video.next(slice(false), 3000)];
  for (const packet of packets) await publisher.sendFrame(0, packet);
  await pair.rtp.take("the units", 2);
  const session = server.snapshots.sessions[1];
  equal([session.transport, session.outboundRTPPackets, session.outboundBytes], [
    "UDP",
    2,
    packets[0].length + packets[1].length,
  ]);
  equal(session.queuedBytes, null);
});

Deno.test("what was sent before a PAUSE still counts", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using reader = await read(server, "cam");
  const video = new PacketSource(96);
  for (let round = 0; round < 2; round++) {
    await publisher.sendFrame(0, video.next(slice(true), 3000 * round));
    await reader.frames.next("a unit");
    equal(server.snapshots.sessions[1].outboundRTPPackets, round + 1);
    await reader.expect("PAUSE", server.url("cam"));
    equal(server.snapshots.sessions[1].state, "idle");
    await reader.expect("PLAY", server.url("cam"));
  }
});

Deno.test("a session that is kicked ends with its connection", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using reader = await read(server, "cam");
  const [{ id }] = server.snapshots.sessions;
  equal(server.kick("00000000-0000-4000-8000-000000000000"), false);
  equal(server.kick(id), true);
  await publisher.closed();
  await reader.closed();
  equal(server.snapshots.sessions, []);
  equal(server.lines(/destroyed: kicked/).length, 1);
});
