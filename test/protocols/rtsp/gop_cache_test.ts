/** `gopCache: yes`: a reader starts at the last key frame at once. */
import { parseRtpInfo } from "../../../src/protocols/rtsp/wire/rtp_info.ts";
import { equal } from "../../support/assert.ts";
import { RtspClient } from "./support/client.ts";
import { essence, PacketSource, prepare, publish, settled, slice, UdpPair } from "./support/media.ts";
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
