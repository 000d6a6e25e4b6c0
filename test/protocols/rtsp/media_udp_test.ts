/** Media over UDP, unicast and multicast. */
import { parseRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { parseRtpPacket } from "../../../src/rtp/packet.ts";
import type { Transport } from "../../../src/protocols/rtsp/wire/transport.ts";
import { parseTransport } from "../../../src/protocols/rtsp/wire/transport.ts";
import { bindUdp } from "../../../src/net/udp/mod.ts";
import { equal, ok } from "../../support/assert.ts";
import { RtspClient } from "./support/client.ts";
import {
  audioOnly,
  essence,
  PacketSource,
  publish,
  sdpType,
  settled,
  slice,
  twoFormats,
  UdpPair,
} from "./support/media.ts";
import { TestServer } from "./support/server.ts";
import { Inbox } from "./support/waiting.ts";

/** A publisher of one section over UDP. */
async function publishUdp(
  server: TestServer,
  pair: UdpPair,
  sdp = audioOnly,
): Promise<[RtspClient, Transport]> {
  const client = await RtspClient.connect(server);
  const url = server.url("cam");
  await client.expect("ANNOUNCE", url, sdpType, sdp);
  const transport = await client.setup(
    `${url}/streamid=0`,
    `RTP/AVP;unicast;client_port=${pair.ports};mode=record`,
  );
  await client.expect("RECORD", url);
  return [client, transport];
}

async function readUdp(server: TestServer, pair: UdpPair): Promise<[RtspClient, Transport]> {
  const client = await RtspClient.connect(server);
  const transport = await client.setup(
    server.url("cam/trackID=0"),
    `RTP/AVP/UDP;unicast;client_port=${pair.ports}`,
  );
  await client.expect("PLAY", server.url("cam"));
  return [client, transport];
}

function audio(count: number, source = new PacketSource(0)): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: count }, (_, i) => source.next(new Uint8Array(160).fill(i), 160 * i, i === 0));
}

Deno.test("two readers at one address get what the publisher sends, all over UDP", async () => {
  await using server = await TestServer.start();
  await using from = new UdpPair();
  const [publisher, to] = await publishUdp(server, from);
  await using _publisher = publisher;
  equal(to.clientPort, from.ports.split("-").map(Number));
  const opener = await from.rtp.next("a packet that opens the firewall");
  equal([opener.length, parseRtcp(await from.rtcp.next("a report")).length], [12, 1]);
  await using one = new UdpPair();
  await using two = new UdpPair();
  const [first, transport] = await readUdp(server, one);
  await using _first = first;
  const [second] = await readUdp(server, two);
  await using _second = second;
  equal(transport.serverPort, to.serverPort);
  const packets = audio(20);
  for (const packet of packets) await from.send("rtp", to, packet);
  for (const pair of [one, two]) {
    const received = await pair.rtp.take("packet", packets.length);
    equal(received.map(essence), packets.map(essence));
    equal(new Set(received.map((bytes) => parseRtpPacket(bytes).ssrc)), new Set([transport.ssrc]));
  }
  const session = server.sessions.find((one) => one.reading !== null)!;
  equal(session.reading!.sent.packets, packets.length);
});

Deno.test("packets out of order are put back, those lost are counted", async () => {
  await using server = await TestServer.start();
  await using from = new UdpPair();
  const [publisher, to] = await publishUdp(server, from);
  await using _publisher = publisher;
  await using pair = new UdpPair();
  const [reader] = await readUdp(server, pair);
  await using _reader = reader;
  const packets = audio(100);
  const order = packets.map((_, i) => i).filter((i) => i !== 20);
  [order[3], order[4], order[5]] = [order[5], order[3], order[4]];
  for (const i of order) await from.send("rtp", to, packets[i]);
  const received = await pair.rtp.take("packet", packets.length - 1);
  equal(received.map(essence), packets.filter((_, i) => i !== 20).map(essence));
  await server.line(/warn .*1 RTP packet lost/);
  equal(server.lines(/RTP packets? lost/).length, 1);
});

Deno.test("packets from strangers are passed over", async () => {
  await using server = await TestServer.start();
  await using from = new UdpPair();
  const [publisher, to] = await publishUdp(server, from);
  await using _publisher = publisher;
  await using pair = new UdpPair();
  const [reader] = await readUdp(server, pair);
  await using _reader = reader;
  await using stranger = new UdpPair();
  const [first, second] = audio(2);
  await from.send("rtp", to, first);
  await pair.rtp.next("a packet");
  await stranger.send("rtp", to, second);
  // The reader is no publisher, and RTP is no RTCP.
  await pair.send("rtp", to, second);
  await from.send("rtp", to, second);
  equal(essence(await pair.rtp.next("a packet")), essence(second));
  equal(server.sessions.find((one) => one.publishing !== null)!.publishing!.reception!.rtpPackets, 2);
});

Deno.test("a port belongs to one session at a time", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using pair = new UdpPair();
  const [first] = await readUdp(server, pair);
  await using _first = first;
  const [rtp, rtcp] = pair.ports.split("-").map(Number);
  for (const ports of [`${rtp}-1`, `1-${rtcp}`]) {
    await using second = await RtspClient.connect(server);
    const headers = { Transport: `RTP/AVP;unicast;client_port=${ports}` };
    equal((await second.request("SETUP", server.url("cam/trackID=0"), headers)).status, 400);
    await second.closed();
  }
  await server.line(/already assigned to another session of 127\.0\.0\.1/);
  await first.expect("TEARDOWN", server.url("cam"));
  // What failed half-way has kept nothing.
  await using again = await RtspClient.connect(server);
  await again.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=${rtp}-1`);
  await using both = await RtspClient.connect(server);
  await both.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=1-${rtcp}`);
  await settled(publisher, server.url("cam"));
});

Deno.test("a session over UDP outlives its connections, and others can use it", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using pair = new UdpPair();
  const [reader] = await readUdp(server, pair);
  const session = server.sessions.find((one) => one.reading !== null)!;
  await reader.close();
  await server.until("the end of the connection", () => session.conns.size === 0);
  const [packet, other] = audio(2);
  await publisher.sendFrame(0, packet);
  equal(essence(await pair.rtp.next("a packet")), essence(packet));

  await using second = await RtspClient.connect(server);
  second.session = reader.session;
  await second.expect("GET_PARAMETER", server.url("cam"));
  equal(session.conns.size, 1);
  await second.close();
  await server.until("the end of the connection", () => session.conns.size === 0);

  await using third = await RtspClient.connect(server);
  third.session = reader.session;
  await third.expect("PAUSE", server.url("cam"));
  await publisher.sendFrame(0, other);
  await third.close();
  await server.line(/destroyed: not in use/);
  equal(pair.rtp.all.length, 1);
});

Deno.test("sessions over TCP belong to the connection that plays them", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam", audioOnly);
  await using first = await RtspClient.connect(server);
  await first.setup(server.url("cam/trackID=0"), "RTP/AVP/TCP");
  await first.expect("PLAY", server.url("cam"));
  await using second = await RtspClient.connect(server);
  second.session = first.session;
  equal((await second.request("PAUSE", server.url("cam"))).status, 400);
  await server.line(/the session is linked to another connection/);
});

Deno.test("multicast: one group for all readers, closed after the last", async () => {
  await using server = await TestServer.start({
    globals: { multicastIPRange: "239.255.88.0/30", multicastRTPPort: 48002, multicastRTCPPort: 48003 },
  });
  await using publisher = await publish(server, "cam", audioOnly);
  const asked = { Transport: "RTP/AVP;multicast" };
  const setup = async () => {
    const client = await RtspClient.connect(server);
    const response = await client.expect("SETUP", server.url("cam/trackID=0"), asked);
    await client.expect("PLAY", server.url("cam"));
    return [client, parseTransport(response.headers.get("Transport")!)] as const;
  };
  const [one, transport] = await setup();
  await using _one = one;
  const [two, same] = await setup();
  await using _two = two;
  equal(transport, same);
  equal(transport.delivery, "multicast");
  equal([transport.destination, transport.port, transport.ttl], ["239.255.88.0", [48002, 48003], 127]);
  await server.line(/is reading from path 'cam', with UDP-multicast, 1 track \(G711\)/);
  await one.expect("TEARDOWN", server.url("cam"));
  await two.expect("TEARDOWN", server.url("cam"));
  const [three, next] = await setup();
  await using _three = three;
  equal(next.destination, "239.255.88.1", "addresses are given in turn");

  await using described = await RtspClient.connect(server);
  const vlc = await described.expect("DESCRIBE", `${server.url("cam")}?vlcmulticast`);
  ok(new TextDecoder().decode(vlc.body).includes("c=IN IP4 239.255.88.0"));
  await settled(publisher, server.url("cam"));
});

Deno.test("multicast packets arrive", async () => {
  const group = "239.255.89.0";
  const rtp = new Inbox<Uint8Array>();
  const socket = await bindUdp({
    hostname: group,
    port: 0,
    readBufferSize: 0,
    fastPath: "auto",
    multicast: { group },
  });
  const receiving = socket.receive((datagrams) => {
    for (const { bytes } of datagrams) rtp.push(Uint8Array.from(bytes));
  });
  try {
    const { port } = socket.address;
    await using server = await TestServer.start({
      globals: { multicastIPRange: `${group}/32`, multicastRTPPort: port, multicastRTCPPort: port + 1 },
    });
    await using publisher = await publish(server, "cam", audioOnly);
    await using reader = await RtspClient.connect(server);
    await reader.setup(server.url("cam/trackID=0"), "RTP/AVP;multicast");
    await reader.expect("PLAY", server.url("cam"));
    const packets = audio(5);
    for (const packet of packets) await publisher.sendFrame(0, packet);
    await settled(publisher, server.url("cam"));
    equal((await rtp.take("packet", packets.length)).map(essence), packets.map(essence));
  } finally {
    socket.close();
    await receiving;
  }
});

Deno.test("all packets of a unit arrive in order, large ones too", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using pair = new UdpPair();
  const [reader] = await readUdp(server, pair);
  await using _reader = reader;
  const source = new PacketSource(96);
  for (let unit = 0; unit < 5; unit++) {
    const packets = Array.from(
      { length: 30 },
      (_, i) => source.next(slice(unit === 0, 1400, i), unit * 3000, i === 29),
    );
    for (const packet of packets) await publisher.sendFrame(0, packet);
    equal((await pair.rtp.take("packet", packets.length)).map(essence), packets.map(essence));
  }
});

Deno.test("formats of one section may share their numbers, or have each their own", async () => {
  for (const ssrcs of [[5, 5], [5, 6]]) {
    await using server = await TestServer.start();
    await using from = new UdpPair();
    const [publisher, to] = await publishUdp(server, from, twoFormats);
    await using _publisher = publisher;
    await using pair = new UdpPair();
    const [reader] = await readUdp(server, pair);
    await using _reader = reader;
    const shared = ssrcs[0] === ssrcs[1];
    const packets = Array.from({ length: 80 }, (_, i) => {
      const sequence = shared ? 65500 + i & 0xffff : 65500 + (i >> 1) & 0xffff;
      return new PacketSource(i % 2 === 0 ? 0 : 97, sequence, ssrcs[i % 2]).next(Uint8Array.of(i), 960 * i);
    });
    const order = packets.map((_, i) => i);
    [order[6], order[8]] = [order[8], order[6]];
    for (const i of order) await from.send("rtp", to, packets[i]);
    const received = (await pair.rtp.take("packet", packets.length)).map(essence);
    for (const type of [0, 97]) {
      const ofType = ({ payloadType }: { payloadType: number }) => payloadType === type;
      equal(received.filter(ofType), packets.map(essence).filter(ofType));
    }
    equal(server.lines(/lost/), []);
  }
});
