import { ParseError } from "../../../../src/base/errors.ts";
import {
  parseChannelMessage,
  serializeAck,
  serializeOpen,
} from "../../../../src/protocols/webrtc/sctp/wire/channel_messages.ts";
import { crc32c } from "../../../../src/protocols/webrtc/sctp/wire/crc32c.ts";
import {
  parseData,
  parseSack,
  serializeData,
  serializeSack,
} from "../../../../src/protocols/webrtc/sctp/wire/data.ts";
import {
  chunkType,
  parseInit,
  parsePacket,
  serializeInit,
  serializePacket,
} from "../../../../src/protocols/webrtc/sctp/wire/packet.ts";
import { equal, fromHex, hex, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";
import { Random } from "../../../support/random.ts";
import { goodWire, Simulation } from "./simulation.ts";

Deno.test("CRC32c of RFC 3720 appendix B.4", () => {
  equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

Deno.test("SCTP: values survive being written and read", () => {
  const data = { tsn: 0xfffffffe, stream: 3, streamSequence: 65535, payloadProtocol: 53 };
  const whole = { ...data, begin: true, end: false, unordered: true, payload: Uint8Array.of(1, 2, 3, 4, 5) };
  equal(parseData(serializeData(whole)), whole);
  const sack = { cumulativeTsn: 7, window: 1000, gaps: [{ start: 2, end: 3 }, { start: 9, end: 9 }] };
  equal(parseSack(serializeSack(sack).value), sack);
  const init = {
    tag: 1,
    window: 2,
    outboundStreams: 3,
    inboundStreams: 4,
    firstTsn: 5,
    cookie: Uint8Array.of(6),
  };
  equal(parseInit(serializeInit(init)), init);
  const ports = { sourcePort: 5000, destinationPort: 5001, verificationTag: 0xdeadbeef };
  const packet = { ...ports, chunks: [serializeData(whole), serializeSack(sack)] };
  equal(parsePacket(serializePacket(packet)), packet);
});

Deno.test("DATA_CHANNEL_OPEN of RFC 8832 §5.1", () => {
  const open = fromHex("03 00 0000 00000000 0003 0000 4b4c56");
  equal(hex(serializeOpen("KLV")), hex(open));
  equal(parseChannelMessage(open), { kind: "open", channelType: 0, label: "KLV", protocol: "" });
  equal(parseChannelMessage(serializeAck()), { kind: "ack" });
  throws(() => parseChannelMessage(open.subarray(0, 14)), ParseError);
});

Deno.test("SCTP: wrong packets", () => {
  const ports = { sourcePort: 1, destinationPort: 2, verificationTag: 3 };
  const good = serializePacket({ ...ports, chunks: [{ type: 11, flags: 0, value: new Uint8Array(0) }] });
  throws(() => parsePacket(good.subarray(0, 11)), ParseError);
  const wrongSum = good.slice();
  wrongSum[9] ^= 1;
  throws(() => parsePacket(wrongSum), /checksum/);
  throws(() => parseInit(new Uint8Array(16)), /initiate tag/);
});

/** Packets of a short conversation with losses, and one with a message in pieces. */
function conversation(): Uint8Array[] {
  const simulation = new Simulation({ ...goodWire, loss: 0.1 });
  const channel = simulation.server.open("KLV", 0);
  channel.send(new Uint8Array(3000), 0);
  simulation.run(2000);
  channel.send(Uint8Array.of(1), simulation.now);
  simulation.run(1000);
  simulation.server.close();
  return simulation.packets;
}

/** A right checksum, so that the rest is looked at as well. */
function resealed(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 12) return bytes;
  const out = bytes.slice();
  out.fill(0, 8, 12);
  new DataView(out.buffer).setUint32(8, crc32c(out), true);
  return out;
}

Deno.test("SCTP: arbitrary packets are parsed or refused", () => {
  fuzz("SCTP packet", conversation(), (bytes) => {
    for (const chunk of parsePacket(resealed(bytes)).chunks) {
      if (chunk.type === 0) parseData(chunk);
      if (chunk.type === 1) parseInit(chunk.value);
      if (chunk.type === 3) parseSack(chunk.value);
    }
  });
});

Deno.test("SCTP: arbitrary packets at every stage leave the association whole or end it", () => {
  const seeds = conversation();
  const random = new Random(3);
  let simulation = new Simulation(goodWire);
  let inputs = 0;
  fuzz("SCTP association", seeds, (bytes) => {
    if (inputs++ % 50 === 0) {
      simulation = new Simulation(goodWire);
      simulation.server.open("KLV", 0).send(new Uint8Array(2000), 0);
      simulation.run(random.int(100));
    }
    // With the tag that the association wants, every other time.
    const tagged = bytes.slice();
    const own = simulation.packets[random.int(simulation.packets.length)];
    if (tagged.length > 8 && random.int(2) === 0) tagged.set(own.subarray(4, 8), 4);
    const packet = resealed(tagged);
    simulation.server.receive(packet, simulation.now);
    simulation.client.receive(packet, simulation.now);
    simulation.run(5);
  });
});

Deno.test("DATA_CHANNEL messages: arbitrary bytes", () => {
  fuzz("DCEP", [serializeOpen("KLV"), serializeAck()], parseChannelMessage);
});

Deno.test("SCTP: DATA without user data is refused: any number of fragments would fit into the window", () => {
  const head = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 51);
  throws(() => parseData({ type: chunkType.data, flags: 2, value: head }), /DATA/);
  equal(parseData({ type: chunkType.data, flags: 2, value: Uint8Array.of(...head, 7) }).payload.length, 1);
});
