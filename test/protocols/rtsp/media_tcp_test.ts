/** Media over TCP: from a publisher to readers, byte by byte. */
import { parseRtpPacket } from "../../../src/rtp/packet.ts";
import { parseRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { serializeRtcp } from "../../../src/rtp/rtcp/compound.ts";
import { millisFromNtp } from "../../../src/base/time.ts";
import { parseRtpInfo } from "../../../src/protocols/rtsp/wire/rtp_info.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { RtspClient } from "./support/client.ts";
import {
  audioOnly,
  description,
  essence,
  PacketSource,
  prepare,
  publish,
  read,
  sdpType,
  settled,
  slice,
  twoFormats,
  twoTracks,
  videoOnly,
} from "./support/media.ts";
import { TestServer } from "./support/server.ts";

/** Units of video (several packets each) and audio, as a publisher sends them: `[channel, packet]`. */
function programme(units: number): [number, Uint8Array<ArrayBuffer>][] {
  const video = new PacketSource(96, 65533);
  const audio = new PacketSource(0, 7, 0x55667788);
  const packets: [number, Uint8Array<ArrayBuffer>][] = [];
  for (let i = 0; i < units; i++) {
    packets.push([0, video.next(slice(i % 5 === 0, 900, i), 3000 * i, false)]);
    packets.push([0, video.next(slice(i % 5 === 0, 33, i), 3000 * i, true)]);
    packets.push([2, audio.next(new Uint8Array(160).fill(i), 160 * i, i === 0)]);
  }
  return packets;
}

Deno.test("readers get what the publisher sends, under the server's SSRC", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using reader = await RtspClient.connect(server);
  const url = server.url("cam");
  const video = await reader.setup(`${url}/trackID=0`, "RTP/AVP/TCP;unicast;interleaved=4-5");
  const audio = await reader.setup(`${url}/trackID=1`, "RTP/AVP/TCP;unicast;interleaved=0-1");
  await reader.expect("PLAY", url);
  const packets = programme(10);
  for (const [channel, packet] of packets) await publisher.sendFrame(channel, packet);
  const frames = await reader.frames.take("frame", packets.length);
  equal(frames.map(({ channel }) => channel), packets.map(([channel]) => channel === 0 ? 4 : 0));
  equal(frames.map(({ payload }) => essence(payload)), packets.map(([, packet]) => essence(packet)));
  for (const { channel, payload } of frames) {
    equal(parseRtpPacket(payload).ssrc, channel === 4 ? video.ssrc : audio.ssrc);
  }
  ok(video.ssrc !== audio.ssrc && video.ssrc !== 0x11223344);
});

Deno.test("readers never see a sequence number twice, and losses as they were", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await read(server, "cam", [0]);
  const numbers = [65534, 65535, 2, 2, 1, 3, 40000, 40001, 7];
  const seen = [65534, 65535, 2, 3, 4, 6, 7, 8, 9];
  for (const [i, number] of numbers.entries()) {
    await publisher.sendFrame(0, new PacketSource(0, number).next(new Uint8Array(160), 160 * i));
  }
  const frames = await reader.frames.take("frame", numbers.length);
  equal(frames.map(({ payload }) => parseRtpPacket(payload).sequence), seen);
});

Deno.test("each of several readers gets its tracks on its channels", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using both = await read(server, "cam");
  await using onlyVideo = await read(server, "cam", [0]);
  await using onlyAudio = await read(server, "cam", [1]);
  await using swapped = await read(server, "cam", [1, 0]);
  const packets = programme(8);
  for (const [channel, packet] of packets) await publisher.sendFrame(channel, packet);
  const expected = (channels: readonly [video: number, audio: number]) =>
    packets.map(([channel, packet]) => ({ channel: channels[channel / 2], ...essence(packet) }))
      .filter(({ channel }) => channel >= 0);
  for (
    const [reader, channels] of [
      [both, [0, 2]],
      [onlyVideo, [0, -1]],
      [onlyAudio, [-1, 0]],
      [swapped, [2, 0]],
    ] as const
  ) {
    const wanted = expected(channels);
    const frames = await reader.frames.take("frame", wanted.length);
    equal(frames.map(({ channel, payload }) => ({ channel, ...essence(payload) })), wanted);
  }
});

Deno.test("several formats of one section share its channel", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", twoFormats);
  await using reader = await RtspClient.connect(server);
  const described = await reader.expect("DESCRIBE", server.url("cam"));
  match(new TextDecoder().decode(described.body), /m=audio 0 RTP\/AVP 0 97\r\n/);
  const transport = await reader.setup(server.url("cam/trackID=0"), "RTP/AVP/TCP");
  equal(transport.ssrc, undefined);
  const played = await reader.expect("PLAY", server.url("cam"));
  equal(played.headers.get("RTP-Info"), undefined);
  const sources = [new PacketSource(0), new PacketSource(97, 5, 9)];
  const packets = Array.from({ length: 8 }, (_, i) => sources[i % 2].next(Uint8Array.of(i, 1, 2), 960 * i));
  for (const packet of packets) await publisher.sendFrame(0, packet);
  const frames = await reader.frames.take("frame", packets.length);
  equal(frames.map(({ payload }) => essence(payload)), packets.map(essence));
  equal(new Set(frames.map(({ payload }) => parseRtpPacket(payload).ssrc)).size, 2);
});

Deno.test("DESCRIBE has the parameter sets that came with the media", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", videoOnly);
  await using reader = await RtspClient.connect(server);
  const describe = async () => {
    const response = await reader.expect("DESCRIBE", server.url("cam"));
    equal(response.headers.get("Content-Base"), server.url("cam/"));
    equal(response.headers.get("Content-Type"), "application/sdp");
    return new TextDecoder().decode(response.body);
  };
  equal(/sprop-parameter-sets/.test(await describe()), false);
  const source = new PacketSource(96);
  const sps = Uint8Array.from(atob("Z0LAHtkDxWhAAAADAEAAAAwDxYuS"), (char) => char.charCodeAt(0));
  const pps = Uint8Array.from(atob("aMuMsg=="), (char) => char.charCodeAt(0));
  await publisher.sendFrame(0, source.next(sps, 0, false));
  await publisher.sendFrame(0, source.next(pps, 0, false));
  await publisher.sendFrame(0, source.next(slice(true), 0));
  await settled(publisher, server.url("cam"));
  match(await describe(), /sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==/);
});

Deno.test("RTP-Info tells where the reader begins", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam");
  await using early = await prepare(server, "cam");
  const before = await early.expect("PLAY", server.url("cam"));
  equal(before.headers.get("RTP-Info"), undefined, "nothing has come yet");
  const packets = programme(3);
  for (const [channel, packet] of packets) await publisher.sendFrame(channel, packet);
  await settled(publisher, server.url("cam"));
  await using reader = await prepare(server, "cam");
  const response = await reader.expect("PLAY", server.url("cam"));
  const infos = parseRtpInfo(response.headers.get("RTP-Info")!);
  equal(infos.map(({ url }) => url), [server.url("cam/trackID=0"), server.url("cam/trackID=1")]);
  equal(infos.map(({ sequenceNumber }) => sequenceNumber), [65533 + 6 & 0xffff, 10]);
  const again = await reader.expect("PLAY", server.url("cam"));
  equal(parseRtpInfo(again.headers.get("RTP-Info")!).length, 2, "PLAY twice");
  const reports = await reader.reports.take("report", 2);
  equal(reports.map(({ channel }) => channel), [1, 3], "a reader that starts is told how its tracks relate");
  const next = new PacketSource(96, infos[0].sequenceNumber).next(slice(false), 9000);
  await publisher.sendFrame(0, next);
  equal(essence((await reader.frames.next("a frame")).payload), essence(next));
});

Deno.test("PAUSE stops the media of one reader, PLAY goes on", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using paused = await read(server, "cam", [0]);
  await using other = await read(server, "cam", [0]);
  const source = new PacketSource(0);
  const sent = Array.from({ length: 3 }, (_, i) => source.next(Uint8Array.of(i), 160 * i));
  await publisher.sendFrame(0, sent[0]);
  await paused.frames.next("the first packet");
  await paused.expect("PAUSE", server.url("cam"));
  await publisher.sendFrame(0, sent[1]);
  await other.frames.take("packet", 2);
  await paused.expect("PLAY", server.url("cam"));
  await publisher.sendFrame(0, sent[2]);
  equal(essence((await paused.frames.next("the third packet")).payload), essence(sent[2]));
  equal(paused.frames.all.length, 2);
});

Deno.test("PAUSE of the publisher takes the stream away, RECORD brings it back", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await read(server, "cam", [0]);
  await publisher.expect("PAUSE", server.url("cam"));
  await reader.closed();
  await server.line(/destroyed: stream is closed/);
  await publisher.sendFrame(0, new PacketSource(0).next(Uint8Array.of(1), 0));
  await using late = await RtspClient.connect(server);
  equal((await late.request("DESCRIBE", server.url("cam"))).status, 404);
  await publisher.expect("RECORD", server.url("cam"));
  await using again = await read(server, "cam", [0]);
  const packet = new PacketSource(0).next(Uint8Array.of(2), 0);
  await publisher.sendFrame(0, packet);
  equal(essence((await again.frames.next("a packet")).payload), essence(packet));
});

Deno.test("a publisher that leaves closes its readers, however it leaves", async () => {
  for (const how of ["TEARDOWN", "close"] as const) {
    await using server = await TestServer.start();
    await using publisher = await publish(server, "cam");
    await using playing = await read(server, "cam");
    await using prepared = await prepare(server, "cam");
    if (how === "close") await publisher.close();
    else await publisher.expect("TEARDOWN", server.url("cam"));
    await playing.closed();
    await prepared.closed();
    await server.line(/\[conn .*\] closed: stream is closed/);
    equal(server.lines(/destroyed: stream is closed/).length, 2);
  }
});

Deno.test("a second publisher replaces the first one, unless that is forbidden", async () => {
  await using server = await TestServer.start({ entries: { cam: {}, firm: { overridePublisher: false } } });
  await using first = await publish(server, "cam", audioOnly);
  await using reader = await read(server, "cam", [0]);
  await using _second = await publish(server, "cam", audioOnly);
  await first.closed();
  await reader.closed();
  await server.line(/destroyed: replaced by another publisher/);
  await server.line(/destroyed: publisher has been replaced/);

  await using _kept = await publish(server, "firm", audioOnly);
  await using refused = await RtspClient.connect(server);
  await refused.expect("ANNOUNCE", server.url("firm"), sdpType, audioOnly);
  await refused.setup(server.url("firm/streamid=0"), "RTP/AVP/TCP");
  equal((await refused.request("RECORD", server.url("firm"))).status, 400);
  await server.line(/closed: someone is already publishing to path 'firm'/);
});

Deno.test("maxReaders bounds the readers of a path", async () => {
  await using server = await TestServer.start({ entries: { cam: { maxReaders: 1 } } });
  await using _publisher = await publish(server, "cam", audioOnly);
  await using first = await read(server, "cam", [0]);
  await using second = await RtspClient.connect(server);
  const transport = { Transport: "RTP/AVP/TCP" };
  equal((await second.request("SETUP", server.url("cam/trackID=0"), transport)).status, 400);
  await server.line(/closed: maximum reader count reached/);
  await first.expect("TEARDOWN", server.url("cam"));
  await using _third = await read(server, "cam", [0]);
});

Deno.test("a reader that finds no stream comes again after the publisher", async () => {
  await using server = await TestServer.start();
  await using early = await RtspClient.connect(server);
  equal((await early.request("DESCRIBE", server.url("cam"))).status, 404);
  await early.closed();
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await read(server, "cam", [0]);
  const packet = new PacketSource(0).next(Uint8Array.of(2), 0);
  await publisher.sendFrame(0, packet);
  equal(essence((await reader.frames.next("a packet")).payload), essence(packet));
});

Deno.test("sender reports tie the server's timestamps to absolute time", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await RtspClient.connect(server);
  const { ssrc } = await reader.setup(server.url("cam/trackID=0"), "RTP/AVP/TCP");
  await reader.expect("PLAY", server.url("cam"));
  const source = new PacketSource(0);
  await publisher.sendFrame(0, source.next(new Uint8Array(160), 4_000_000_000));
  await reader.frames.next("a packet");
  const started = Date.now();
  const session = server.sessions.find((one) => one.state === "record")!;
  // The next batch comes eleven seconds later, as far as the server's clock is concerned.
  const setup = session.setups[0];
  session.receiveRtp(setup, source.next(new Uint8Array(160), 4_000_088_000), started + 11_000);
  session.flush(started + 11_000);
  const report = await reader.reports.next("a report");
  equal(report.channel, 1);
  const [sender, names] = parseRtcp(report.payload);
  ok(sender.kind === "senderReport" && names.kind === "sourceDescription");
  equal([sender.ssrc, sender.packetCount, sender.octetCount], [ssrc, 2, 320]);
  equal(sender.rtpTimestamp, 4_000_088_000);
  const absolute = millisFromNtp(sender.ntpSeconds, sender.ntpFraction);
  ok(absolute > started + 5_000 && absolute <= started + 12_000, `${absolute - started}`);
});

Deno.test("a publisher gets receiver reports with its losses", async () => {
  await using server = await TestServer.start({ globals: { readTimeout: 60_000 } });
  await using publisher = await publish(server, "cam", audioOnly);
  const source = new PacketSource(0, 65534);
  for (let i = 0; i < 10; i++) {
    const packet = source.next(new Uint8Array(160), 160 * i);
    if (i !== 4 && i !== 5) await publisher.sendFrame(0, packet);
  }
  const ntpSeconds = 3_900_000_000;
  const report = serializeRtcp([{
    kind: "senderReport",
    ssrc: source.ssrc,
    ntpSeconds,
    ntpFraction: 0x80000000,
    rtpTimestamp: 0,
    packetCount: 8,
    octetCount: 1280,
    reports: [],
  }]);
  await publisher.sendFrame(1, report);
  await settled(publisher, server.url("cam"));
  await server.line(/warn .*\[session \w+\] 2 RTP packets lost/);
  server.sessions[0].check(Date.now() + 10_000);
  const { channel, payload } = await publisher.reports.next("a report");
  equal(channel, 1);
  const [message] = parseRtcp(payload);
  ok(message.kind === "receiverReport");
  const [block] = message.reports;
  equal([block.ssrc, block.cumulativeLost, block.fractionLost], [source.ssrc, 2, Math.floor(2 * 256 / 10)]);
  equal(block.highestSequence, 65536 + 7);
  equal(block.lastSenderReport, (ntpSeconds << 16 | 0x8000) >>> 0);
});

Deno.test("receiver reports of a reader tell its losses", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", audioOnly);
  await using reader = await RtspClient.connect(server);
  const { ssrc } = await reader.setup(server.url("cam/trackID=0"), "RTP/AVP/TCP");
  await reader.expect("PLAY", server.url("cam"));
  await publisher.sendFrame(0, new PacketSource(0).next(Uint8Array.of(1), 0));
  await reader.frames.next("a packet");
  const block = {
    ssrc: ssrc!,
    fractionLost: 1,
    cumulativeLost: 7,
    highestSequence: 0,
    jitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  };
  const stranger = { ...block, ssrc: 1, cumulativeLost: 100 };
  await reader.sendFrame(1, serializeRtcp([{ kind: "receiverReport", ssrc: 5, reports: [block, stranger] }]));
  await reader.sendFrame(1, Uint8Array.of(1, 2, 3));
  await reader.sendFrame(9, Uint8Array.of(1, 2, 3));
  await settled(reader, server.url("cam"));
  const reading = server.sessions.find((session) => session.reading !== null)!.reading!;
  equal([reading.reportedLost, reading.reportsReceived], [7, 2]);
});

Deno.test("packets that cannot be read are counted and logged, and the others go on", async () => {
  await using server = await TestServer.start();
  await using publisher = await publish(server, "cam", twoTracks);
  await using reader = await read(server, "cam", [1]);
  await publisher.sendFrame(2, Uint8Array.of(0x80, 0, 1));
  await publisher.sendFrame(2, new PacketSource(111).next(Uint8Array.of(1), 0));
  await publisher.sendFrame(3, Uint8Array.of(0x40, 200, 0, 0));
  const packet = new PacketSource(0).next(Uint8Array.of(1), 0);
  await publisher.sendFrame(2, packet);
  equal(essence((await reader.frames.next("a packet")).payload), essence(packet));
  await server.line(/warn .*\[session \w+\] decode error: /);
  const publishing = server.sessions.find((session) => session.publishing !== null)!.publishing!.reception!;
  const { rtpPackets, rtpPacketsInError, rtcpPackets, rtcpPacketsInError } = publishing;
  equal([rtpPackets, rtpPacketsInError, rtcpPackets, rtcpPacketsInError], [3, 2, 1, 1]);
});

Deno.test("a mode that readers do not take is made into one that they take", async () => {
  await using server = await TestServer.start();
  const modeZero = description(["m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000"]);
  await using publisher = await publish(server, "cam", modeZero);
  await server.line(/remuxing in order to change H264 packetization-mode from 0 to 1/);
  await using reader = await read(server, "cam", [0]);
  const source = new PacketSource(96, 100);
  await publisher.sendFrame(0, source.next(slice(true, 3000), 1234));
  const first = essence((await reader.frames.next("a packet")).payload);
  equal([first.sequence, first.timestamp, first.payload[0] & 0x1f], [100, 1234, 28]);
});
