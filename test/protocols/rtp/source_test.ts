import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { equal, ok } from "../../support/assert.ts";
import { codecs, randomPayload } from "../../containers/mpegts/media.ts";
import { Random } from "../../support/random.ts";
import { PacketSource } from "../rtsp/support/media.ts";
import { freeUdpPair } from "../../support/ports.ts";
import { Puller } from "../support/puller.ts";

const local = "127.0.0.1";
const sdp = [
  "v=0",
  "s=two tracks",
  "m=audio 5000 RTP/AVP 0",
  "m=audio 5002 RTP/AVP 97",
  "a=rtpmap:97 opus/48000/2",
].join("\n");

async function withSender(
  port: number,
  send: (to: (bytes: Uint8Array) => Promise<number>) => Promise<void>,
): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: local, port: 0 });
  try {
    await send((bytes) => socket.send(bytes, { transport: "udp", hostname: local, port }));
  } finally {
    socket.close();
  }
}

Deno.test("udp+rtp: packets go to the track of their payload type, in order", async () => {
  const port = freeUdpPair();
  await using puller = new Puller({ cam: { source: `udp+rtp://${local}:${port}`, rtpSDP: sdp } });
  await puller.line(/\[RTP source\] connecting/);
  const pcm = new PacketSource(0);
  const opus = new PacketSource(97);
  await withSender(port, async (send) => {
    await send(pcm.next(Uint8Array.of(1), 0));
    await puller.available("cam");
    const { units } = await puller.read("cam");
    equal(puller.get("cam").source, { type: "rtpSource", id: "" });
    const [second, third] = [pcm.next(Uint8Array.of(2), 160), pcm.next(Uint8Array.of(3), 320)];
    await send(third);
    await send(second);
    // A receiver report on the same port is no media.
    await send(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0));
    await send(opus.next(Uint8Array.of(0xfc, 1, 2), 960));
    const got = await units.take("unit", 3);
    const essence = got.map(({ track, payload }) => `${track.codec.name} ${payload}`);
    equal(essence, ["G711 2", "G711 3", "Opus 252,1,2"]);
    await send(new PacketSource(111).next(Uint8Array.of(1), 0));
    await puller.line(/warn .*decode error: RTP payload type: 111 is not in rtpSDP/);
  });
});

Deno.test("udp+rtp: descriptions that cannot be used", async () => {
  const cases: [string, RegExp][] = [
    ["nonsense", /rtpSDP: SDP: no media in it/],
    ["v=0\nm=audio 1 RTP/AVP 0\nm=audio 2 RTP/AVP 0", /rtpSDP: payload type 0 is there twice/],
    ["v=0\nm=audio 1 RTP/SAVP 0", /rtpSDP: encrypted media/],
  ];
  for (const [rtpSDP, text] of cases) {
    await using puller = new Puller({ cam: { source: `udp+rtp://${local}:${freeUdpPair()}`, rtpSDP } });
    ok(text.test(await puller.line(/error \[path cam\] \[RTP source\]/)));
  }
});

Deno.test("udp+rtp: MPEG-TS inside is taken apart when that is asked for", async () => {
  const port = freeUdpPair();
  const entry = { source: `udp+rtp://${local}:${port}`, rtpSDP: "v=0\nm=video 1 RTP/AVP 33" };
  await using puller = new Puller({ cam: { ...entry, rtspDemuxMpegts: true } });
  await puller.line(/\[RTP source\] connecting/);
  const track = { codec: codecs["Opus"] };
  const muxer = new MpegtsMuxer([track]);
  const packets = new PacketSource(33);
  const random = new Random(3);
  await withSender(port, async (send) => {
    for (let i = 0; i < 20; i++) {
      const dts = i * 1800;
      await send(packets.next(muxer.write(track, randomPayload(random, "Opus", true), dts, dts, true), dts));
    }
    equal(/\(.*\)/.exec(await puller.available("cam"))![0], "(Opus)");
  });
});

Deno.test("unix+rtp: each read is a packet", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/in.sock`;
  try {
    await using puller = new Puller({ cam: { source: `unix+rtp://${path}`, rtpSDP: sdp } });
    await puller.line(/\[RTP source\] connecting/);
    let conn: Deno.UnixConn | null = null;
    while (conn === null) {
      conn = await Deno.connect({ transport: "unix", path }).catch(() => null);
      if (conn === null) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await conn.write(new PacketSource(0).next(Uint8Array.of(1), 0));
    await puller.available("cam");
    conn.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
