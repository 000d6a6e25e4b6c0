/** Packets in byte streams, ChannelData, and what the first byte says. */
import { concat } from "../../../../../src/base/bytes.ts";
import {
  parseChannelData,
  serializeChannelData,
} from "../../../../../src/protocols/webrtc/ice/wire/channel_data.ts";
import {
  FrameReader,
  frameRfc4571,
  measureRfc4571,
  measureTurn,
} from "../../../../../src/protocols/webrtc/ice/wire/framing.ts";
import { packetKind } from "../../../../../src/protocols/webrtc/ice/wire/packet_kind.ts";
import { serializeStun } from "../../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { equal, fromHex, hex, throws } from "../../../../support/assert.ts";
import { fuzz } from "../../../../support/fuzz.ts";
import { Random } from "../../../../support/random.ts";

/** The same packets come out, wherever the stream is cut. */
function expectPackets(
  stream: Uint8Array,
  measure: typeof measureTurn,
  packets: readonly Uint8Array[],
): void {
  const random = new Random(5);
  for (let run = 0; run < 50; run++) {
    const reader = new FrameReader(measure);
    const out: Uint8Array[] = [];
    for (let at = 0; at < stream.length;) {
      const size = 1 + random.int(run < 10 ? 3 : 200);
      out.push(...reader.push(stream.slice(at, at + size)));
      at += size;
    }
    equal(out.map(hex), packets.map(hex));
  }
}

Deno.test("RFC 4571: packets of every size come out as they went in", () => {
  const random = new Random(1);
  const packets = [1, 2, 3, 300, 1200, 65535].map((size) => random.bytes(size));
  const stream = frameRfc4571({ bytes: concat(packets), sizes: packets.map(({ length }) => length) });
  expectPackets(stream.subarray(0, 2000), measureRfc4571, packets.slice(0, 5));
  equal(new FrameReader(measureRfc4571).push(stream).map(({ length }) => length), [
    1,
    2,
    3,
    300,
    1200,
    65535,
  ]);
  equal(new FrameReader(measureRfc4571).push(new Uint8Array(20)).length, 0);
});

Deno.test("TURN over a stream: messages and padded ChannelData", () => {
  const message = serializeStun(
    { method: 3, class: "request", transactionId: new Uint8Array(12), attributes: [] },
    { fingerprint: true },
  );
  const data = new Random(2).bytes(1 + 2 + 3 + 4 + 5);
  const channel = serializeChannelData(0x4001, { bytes: data, sizes: [1, 2, 3, 4, 5] }, true);
  equal(channel.sizes, [8, 8, 8, 8, 12]);
  const packets = new FrameReader(measureTurn).push(concat([message, channel.bytes, message]));
  equal(packets.length, 7);
  const sizes = packets.slice(1, 6).map((packet) => parseChannelData(packet).data);
  equal(sizes.map(({ length }) => length), [1, 2, 3, 4, 5]);
  equal(hex(concat(sizes)), hex(data));
  expectPackets(concat([message, channel.bytes, message]), measureTurn, packets);
  throws(() => new FrameReader(measureTurn).push(fromHex("80000000")), /TURN stream/);
});

Deno.test("ChannelData over UDP has no padding", () => {
  const batch = serializeChannelData(0x4fff, { bytes: fromHex("0102030405"), sizes: [2, 3] }, false);
  equal([hex(batch.bytes), batch.sizes], ["4fff000201024fff0003030405", [6, 7]]);
  throws(() => parseChannelData(fromHex("40000005 01020304")), /ChannelData/);
  throws(() => parseChannelData(fromHex("50000000")), /channel number/);
  throws(() => parseChannelData(fromHex("4000")), /ChannelData/);
});

Deno.test("packets: kinds by the first byte (RFC 7983)", () => {
  const kinds = Array.from({ length: 256 }, (_, first) => packetKind(Uint8Array.of(first)));
  const range = (
    kind: string,
  ) => [kinds.indexOf(kind as typeof kinds[0]), kinds.lastIndexOf(kind as typeof kinds[0])];
  equal([range("stun"), range("dtls"), range("channel"), range("media")], [[0, 3], [20, 63], [64, 79], [
    128,
    191,
  ]]);
  equal(packetKind(new Uint8Array(0)), "other");
});

Deno.test("streams: fuzz", () => {
  const seeds = [
    frameRfc4571({ bytes: new Uint8Array(40), sizes: [10, 30] }),
    fromHex("40010003 01020300 00010000"),
  ];
  for (const measure of [measureRfc4571, measureTurn]) {
    fuzz("frames", seeds, (bytes) => {
      for (const packet of new FrameReader(measure).push(bytes)) parseChannelData(packet);
    });
  }
});
