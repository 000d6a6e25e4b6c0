/** RTSPS: TLS for the requests, SRTP with keys from MIKEY for the media. */
import { serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { parseRtcp } from "../../../src/rtp/rtcp/compound.ts";
import {
  createSrtpReceiver,
  createSrtpSender,
  portableCrypto,
  srtpProfiles,
  type SrtpReceiver,
  type SrtpSender,
} from "../../../src/rtp/srtp/mod.ts";
import {
  parseKeyMgmt,
  parseKeyMgmtAttribute,
  serializeKeyMgmt,
} from "../../../src/protocols/rtsp/wire/key_mgmt.ts";
import { mikeyFromSrtp, srtpFromMikey, type SrtpKeys } from "../../../src/protocols/rtsp/wire/mikey/srtp.ts";
import { parseTransport } from "../../../src/protocols/rtsp/wire/transport.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { RtspClient } from "./support/client.ts";
import {
  audioOnly,
  essence,
  PacketSource,
  publish,
  read,
  sdpType,
  settled,
  UdpPair,
} from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const profile = srtpProfiles.aes128CounterSha1Tag80;
const crypto = portableCrypto;

const ourKeys = {
  masterKey: Uint8Array.from({ length: 16 }, (_, i) => i),
  masterSalt: Uint8Array.from({ length: 14 }, (_, i) => 100 + i),
  streams: [],
};

function keyMgmt(url: string, now = Date.now()): { KeyMgmt: string } {
  const message = mikeyFromSrtp(ourKeys, { bundleId: 1, random: new Uint8Array(16), now });
  return { KeyMgmt: serializeKeyMgmt({ url, message }) };
}

function ourSender(): SrtpSender {
  return createSrtpSender({ profile, crypto, key: ourKeys.masterKey, salt: ourKeys.masterSalt });
}

function receiverOf({ masterKey, masterSalt, streams }: SrtpKeys): SrtpReceiver {
  const rollovers = new Map(streams.map(({ ssrc, rolloverCounter }) => [ssrc, rolloverCounter]));
  return createSrtpReceiver({ profile, crypto, key: masterKey, salt: masterSalt, rollovers });
}

function plain(result: ReturnType<SrtpReceiver["unprotect"]>): Uint8Array {
  ok(result.kind === "ok", JSON.stringify(result));
  return result.bytes;
}

/** SETUP with keys: the transport agreed on and the server's keys. */
async function setup(client: RtspClient, url: string, transport: string) {
  const response = await client.expect("SETUP", url, { Transport: transport, ...keyMgmt(url) });
  const agreed = parseTransport(response.headers.get("Transport")!);
  equal(agreed.profile, "SAVP");
  return { agreed, keys: srtpFromMikey(parseKeyMgmt(response.headers.get("KeyMgmt")!).message) };
}

Deno.test("RTSPS: publish and read over the TLS connection", async () => {
  await using server = await TestServer.start({ secure: true });
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await read(server, "cam", [0]);
  const source = new PacketSource(0);
  const packets = [0, 160, 320].map((timestamp) => source.next(new Uint8Array(160), timestamp));
  for (const packet of packets) await publisher.sendFrame(0, packet);
  const frames = await reader.frames.take("frame", 3);
  equal(frames.map(({ payload }) => essence(payload)), packets.map(essence));
});

Deno.test("RTSPS: media in clear over UDP is refused, and SRTP without keys", async () => {
  await using server = await TestServer.start({ secure: true });
  await using _publisher = await publish(server, "cam", audioOnly);
  await using reader = await RtspClient.connect(server);
  const url = server.url("cam/trackID=0");
  for (const clear of ["RTP/AVP;unicast;client_port=5000-5001", "RTP/AVP;multicast"]) {
    equal((await reader.request("SETUP", url, { Transport: clear })).status, 461);
  }
  const secure = { Transport: "RTP/SAVP;unicast;client_port=5000-5001" };
  equal((await reader.request("SETUP", url, secure)).status, 400);
  await server.line(/closed: the KeyMgmt header is missing/);
  await using late = await RtspClient.connect(server);
  const old = keyMgmt(url, Date.now() - 7_200_000);
  equal((await late.request("SETUP", url, { ...secure, ...old })).status, 400);
  await server.line(/clocks of client and server differ by more than an hour/);
});

for (const publishes of ["UDP", "TCP"] as const) {
  for (const reads of ["UDP", "TCP"] as const) {
    Deno.test(`SRTP: published over ${publishes}, read over ${reads}`, async () => {
      await using server = await TestServer.start({ secure: true });
      const url = server.url("cam");
      const offer = (over: "UDP" | "TCP", pair: UdpPair) =>
        over === "TCP"
          ? "RTP/SAVP/TCP;unicast;interleaved=0-1"
          : `RTP/SAVP;unicast;client_port=${pair.ports}`;
      await using from = new UdpPair();
      await using publisher = await RtspClient.connect(server);
      await publisher.expect("ANNOUNCE", url, sdpType, audioOnly);
      const to = await setup(publisher, `${url}/streamid=0`, offer(publishes, from));
      await publisher.expect("RECORD", url);
      if (publishes === "UDP") {
        const opener = receiverOf(to.keys);
        equal(plain(opener.unprotect(await from.rtp.next("a packet"))).length, 12);
        equal(parseRtcp(plain(opener.unprotectRtcp(await from.rtcp.next("a report")))).length, 1);
        opener.close();
      }
      await using into = new UdpPair();
      await using reader = await RtspClient.connect(server);
      const described = await reader.expect("DESCRIBE", url);
      const sdp = new TextDecoder().decode(described.body);
      match(sdp, /m=audio 0 RTP\/SAVP 0\r\n/);
      const { agreed, keys } = await setup(reader, `${url}/trackID=0`, offer(reads, into));
      await reader.expect("PLAY", url);
      const attribute = /a=key-mgmt:(.*)\r\n/.exec(sdp)![1];
      const announced = srtpFromMikey(parseKeyMgmtAttribute(attribute));
      equal([announced.masterKey, announced.masterSalt], [keys.masterKey, keys.masterSalt]);
      equal(keys.streams, [{ ssrc: agreed.ssrc!, rolloverCounter: 0 }]);

      const sender = ourSender();
      const receiver = receiverOf(keys);
      const source = new PacketSource(0, 65533);
      const packets = Array.from({ length: 6 }, (_, i) => source.next(new Uint8Array(160).fill(i), 160 * i));
      for (const packet of packets) {
        const { bytes } = sender.protect({ bytes: packet, sizes: [packet.length] });
        if (publishes === "TCP") await publisher.sendFrame(0, bytes);
        else await from.send("rtp", to.agreed, Uint8Array.from(bytes));
      }
      for (const packet of packets) {
        const bytes = reads === "UDP"
          ? await into.rtp.next("a packet")
          : (await reader.frames.next("a frame")).payload;
        equal(bytes.length, packet.length + 10);
        equal(essence(plain(receiver.unprotect(bytes))), essence(packet));
      }
      await expectReceivedReport(server, reader, sender, reads, into, agreed.ssrc!);
      receiver.close();
      sender.close();
    });
  }
}

/** A receiver report of the reader is decrypted; one in clear is passed over. */
async function expectReceivedReport(
  server: TestServer,
  reader: RtspClient,
  sender: SrtpSender,
  over: "UDP" | "TCP",
  pair: UdpPair,
  ssrc: number,
): Promise<void> {
  if (over === "UDP") return void pair;
  const block = { ssrc, fractionLost: 0, cumulativeLost: 3, highestSequence: 0, jitter: 0 };
  const report = serializeRtcp([{
    kind: "receiverReport",
    ssrc: 5,
    reports: [{ ...block, lastSenderReport: 0, delaySinceLastSenderReport: 0 }],
  }]);
  await reader.sendFrame(1, report);
  await reader.sendFrame(1, sender.protectRtcp(report));
  await settled(reader, server.url("cam"));
  const reading = server.sessions.find((one) => one.reading !== null)!.reading!;
  equal([reading.reportsReceived, reading.reportedLost], [1, 3]);
}

Deno.test("SRTP: a publisher's packets that are not authentic are left out", async () => {
  await using server = await TestServer.start({ secure: true });
  const url = server.url("cam");
  await using publisher = await RtspClient.connect(server);
  await publisher.expect("ANNOUNCE", url, sdpType, audioOnly);
  await setup(publisher, `${url}/streamid=0`, "RTP/SAVP/TCP;interleaved=0-1");
  await publisher.expect("RECORD", url);
  await using reader = await read(server, "cam", [0]);
  const sender = ourSender();
  const source = new PacketSource(0);
  const [clear, broken, good] = [0, 1, 2].map((i) => source.next(Uint8Array.of(i), i));
  await publisher.sendFrame(0, clear);
  const { bytes } = sender.protect({ bytes: broken, sizes: [broken.length] });
  bytes[bytes.length - 1] ^= 1;
  await publisher.sendFrame(0, bytes);
  await publisher.sendFrame(0, sender.protect({ bytes: good, sizes: [good.length] }).bytes);
  equal(essence((await reader.frames.next("a packet")).payload), essence(good));
  await server.line(/decode error: SRTP: /);
  sender.close();
});

Deno.test("SRTP: a reader that comes after the numbers have wrapped is told how often", async () => {
  await using server = await TestServer.start({ secure: true });
  const url = server.url("cam");
  await using publisher = await publish(server, "cam", audioOnly);
  const source = new PacketSource(0, 60_000);
  const session = server.sessions[0];
  const media = session.setups[0];
  await using reader = await RtspClient.connect(server);
  await reader.expect("DESCRIBE", url);
  // Once around and a half, with nobody reading.
  const payload = new Uint8Array(1);
  for (let i = 0; i < 100_000; i++) session.receiveRtp(media, source.next(payload, i), Date.now());
  session.flush(Date.now());
  const { keys } = await setup(reader, `${url}/trackID=0`, "RTP/SAVP/TCP;interleaved=0-1");
  equal(keys.streams[0].rolloverCounter, 2);
  await reader.expect("PLAY", url);
  const packet = source.next(Uint8Array.of(9), 100_000);
  await publisher.sendFrame(0, packet);
  const receiver = receiverOf(keys);
  const { payload: bytes } = await reader.frames.next("a packet");
  equal(essence(plain(receiver.unprotect(bytes))), essence(packet));
  receiver.close();
});
