/** `gopCache: yes`: a reader starts at the last key frame at once. */
import { parseRtpInfo } from "../../../src/protocols/rtsp/wire/rtp_info.ts";
import { equal } from "../../support/assert.ts";
import { RtspClient } from "./support/client.ts";
import { parseRtpPacket } from "../../../src/rtp/packet.ts";
import {
  description,
  essence,
  PacketSource,
  prepare,
  publish,
  settled,
  slice,
  UdpPair,
} from "./support/media.ts";
import { TestServer } from "./support/server.ts";

type Packets = [channel: number, packet: Uint8Array<ArrayBuffer>][];

/** One unit before the key frame, the key frame, and two units after it, with audio between. */
function programme(video: PacketSource, audio: PacketSource): Packets {
  return [
    [0, video.next(slice(false), 0)],
    [2, audio.next(Uint8Array.of(1), 0)],
    [0, video.next(slice(true, 1000), 3000, false)],
    [0, video.next(slice(true, 20), 3000)],
    [2, audio.next(Uint8Array.of(2), 160)],
    [0, video.next(slice(false), 6000)],
  ];
}

Deno.test("the first packet of a reader is that of the key frame, and RTP-Info fits", async () => {
  await using server = await TestServer.start({ entries: { cam: { gopCache: "yes" } } });
  await using publisher = await publish(server, "cam");
  const video = new PacketSource(96, 65535);
  const audio = new PacketSource(0, 10);
  const packets = programme(video, audio);
  for (const [channel, packet] of packets) await publisher.sendFrame(channel, packet);
  await settled(publisher, server.url("cam"));
  await using reader = await prepare(server, "cam");
  const played = await reader.expect("PLAY", server.url("cam"));
  const live: Packets = [[2, audio.next(Uint8Array.of(3), 320)], [0, video.next(slice(false), 9000)]];
  for (const [channel, packet] of live) await publisher.sendFrame(channel, packet);
  const wanted = [...packets.slice(2), ...live];
  const frames = await reader.frames.take("frame", wanted.length);
  equal(
    frames.map(({ channel, payload }) => ({ channel, ...essence(payload) })),
    wanted.map(([channel, packet]) => ({ channel, ...essence(packet) })),
  );
  const infos = parseRtpInfo(played.headers.get("RTP-Info")!);
  equal(infos.map(({ sequenceNumber, timestamp }) => [sequenceNumber, timestamp]), [[0, 3000], [11, 160]]);
});

Deno.test("a reader over UDP starts at the key frame, too", async () => {
  await using server = await TestServer.start({ entries: { cam: { gopCache: "yes" } } });
  await using publisher = await publish(server, "cam");
  const packets = programme(new PacketSource(96), new PacketSource(0));
  for (const [channel, packet] of packets) await publisher.sendFrame(channel, packet);
  await settled(publisher, server.url("cam"));
  await using pair = new UdpPair();
  await using reader = await RtspClient.connect(server);
  await reader.setup(server.url("cam/trackID=0"), `RTP/AVP;unicast;client_port=${pair.ports}`);
  await reader.expect("PLAY", server.url("cam"));
  const wanted = packets.slice(2).filter(([channel]) => channel === 0).map(([, packet]) => essence(packet));
  equal((await pair.rtp.take("packet", wanted.length)).map(essence), wanted);
});

Deno.test("by default a reader begins with what comes", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  const video = new PacketSource(96);
  for (const [channel, packet] of programme(video, new PacketSource(0))) {
    await publisher.sendFrame(channel, packet);
  }
  await settled(publisher, server.url("cam"));
  await using reader = await prepare(server, "cam");
  await reader.expect("PLAY", server.url("cam"));
  const next = video.next(slice(false), 9000);
  await publisher.sendFrame(0, next);
  equal(essence((await reader.frames.next("a packet")).payload), essence(next));
});

/** Publishers whose units have no packets of their own: here one whose packets are made anew. */
const modeZero = description([
  "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=0",
]);

for (const secure of [false, true]) {
  Deno.test(`units without packets get them once, in their order${secure ? ", encrypted" : ""}`, async () => {
    await using server = await TestServer.start({ entries: { cam: { gopCache: "yes" } }, secure });
    await using publisher = await publish(server, "cam", modeZero);
    const video = new PacketSource(96, 100);
    let time = 0;
    const send = async (key: boolean) => {
      await publisher.sendFrame(0, video.next(slice(key), time));
      time += 3000;
    };
    for (const key of [false, true, false, false]) await send(key);
    await settled(publisher, server.url("cam"));
    // One after the other, with units in between that nobody reads; then a second one beside the first.
    for (const [round, cached] of [3, 5, 7].entries()) {
      await using reader = await prepare(server, "cam", [0]);
      const played = await reader.expect("PLAY", server.url("cam"));
      await send(false);
      const frames = await reader.frames.take("cached units and a live one", cached + 1);
      const packets = frames.map(({ payload }) => parseRtpPacket(payload));
      equal(packets.map(({ payload }) => payload[0] & 31), [5, ...packets.slice(1).map(() => 1)]);
      const first = packets[0].sequence;
      equal(packets.map(({ sequence }) => sequence), packets.map((_, i) => first + i), `round ${round}`);
      equal(packets.map(({ timestamp }) => timestamp), packets.map((_, i) => 3000 * (i + 1)));
      const [info] = parseRtpInfo(played.headers.get("RTP-Info")!);
      equal([info.sequenceNumber, info.timestamp], [first, 3000]);
      await using beside = await prepare(server, "cam", [0]);
      await beside.expect("PLAY", server.url("cam"));
      const same = await beside.frames.take("what the first one has got", cached + 1);
      equal(same.map(({ payload }) => essence(payload)), frames.map(({ payload }) => essence(payload)));
      await reader.close();
      await beside.close();
      await server.until("both to have left", () => server.sessions.length === 1);
      await send(false);
      await settled(publisher, server.url("cam"));
    }
  });
}

Deno.test("a key frame that comes after nobody has read begins after all numbers that were used", async () => {
  await using server = await TestServer.start({ entries: { cam: { gopCache: "yes" } } });
  await using publisher = await publish(server, "cam", modeZero);
  const video = new PacketSource(96, 100);
  const sequences: number[] = [];
  for (let round = 0; round < 2; round++) {
    for (const key of [true, false]) {
      await publisher.sendFrame(0, video.next(slice(key), 6000 * round + (key ? 0 : 3000)));
    }
    await settled(publisher, server.url("cam"));
    await using reader = await prepare(server, "cam", [0]);
    await reader.expect("PLAY", server.url("cam"));
    const frames = await reader.frames.take("two units", 2);
    sequences.push(...frames.map(({ payload }) => parseRtpPacket(payload).sequence));
    await reader.close();
    await server.until("the reader to have left", () => server.sessions.length === 1);
  }
  equal(sequences.map((sequence) => sequence - sequences[0]), [0, 1, 2, 3]);
});
