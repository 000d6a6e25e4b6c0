import { Random } from "../../../support/random.ts";
import { fuzz, fuzzRuns, mutate } from "../../../support/fuzz.ts";
import { equal } from "../../../support/assert.ts";
import { serializeRtcp } from "../../../../src/rtp/rtcp/compound.ts";
import { extensionText, extensionU16 } from "../../../../src/protocols/webrtc/media/receiver/header.ts";
import { createStream, h264, media, negotiated, opus, picture, start, videoMedia } from "./support/media.ts";
import { rtp, TestPublisher, text } from "./support/test_publisher.ts";
import { TestReader } from "./support/test_reader.ts";

const ids = { mid: 1, rid: 2, repairedRid: 3, transportSequence: 5 };
const base = { payloadType: 102, sequence: 1000, timestamp: 90_000, ssrc: 7 };
const extensions = { 1: text("video"), 2: text("high"), 5: Uint8Array.of(1, 2) };

const rtpSeeds: readonly Uint8Array[] = [
  rtp(base, Uint8Array.of(0x65, 1, 2, 3)),
  rtp({ ...base, extensions, marker: false }, Uint8Array.of(0x7c, 0x85, 1, 2, 3)),
  rtp(
    { ...base, payloadType: 103, ssrc: 9, extensions: { 3: text("high") } },
    Uint8Array.of(3, 232, 0x61, 1),
  ),
  rtp({ ...base, payloadType: 111, ssrc: 8 }, Uint8Array.of(0xfc, 1, 2)),
];

const block = {
  ssrc: 7,
  fractionLost: 1,
  cumulativeLost: 2,
  highestSequence: 3,
  jitter: 4,
  lastSenderReport: 5,
  delaySinceLastSenderReport: 6,
};

const rtcpSeeds: readonly Uint8Array[] = [
  serializeRtcp([{ kind: "receiverReport", ssrc: 1, reports: [block] }]),
  serializeRtcp([{
    kind: "senderReport",
    ssrc: 7,
    ntpSeconds: 3_900_000_000,
    ntpFraction: 1,
    rtpTimestamp: 1,
    packetCount: 1,
    octetCount: 1,
    reports: [block],
  }]),
  serializeRtcp([{ kind: "nack", senderSsrc: 1, mediaSsrc: 7, sequences: [1, 2, 40] }]),
  serializeRtcp([{ kind: "fir", senderSsrc: 1, mediaSsrc: 0, entries: [{ ssrc: 7, sequence: 1 }] }]),
  serializeRtcp([{ kind: "remb", senderSsrc: 1, bitrate: 1e6, ssrcs: [7] }]),
];

/** Authentic, yet nonsense: whoever has the keys must not be able to break the server. */
for (const rids of [[], ["high", "low"]]) {
  Deno.test(`WebRTC receiver: survives any authentic packet${rids.length > 0 ? " of layers" : ""}`, () => {
    const medias = [
      media("video", [negotiated(h264, 102, { transportWide: true })], { extensions: ids, rids }),
      media("audio", [negotiated(opus, 111)], { extensions: ids }),
    ];
    using publisher = new TestPublisher(medias);
    const random = new Random(3);
    for (let run = 0; run < fuzzRuns; run++) {
      const bytes = mutate(random, random.pick(random.int(4) === 0 ? rtcpSeeds : rtpSeeds));
      if (bytes.length < 12) continue;
      bytes[0] = (bytes[0] & 0x3f) | 0x80;
      // Numbers that grow, so that not everything counts as replayed.
      if (random.int(3) > 0 && bytes[1] < 192) bytes.set([run >> 8 & 0xff, run & 0xff], 2);
      publisher.now += random.int(30);
      try {
        if (bytes[1] >= 192 && bytes[1] <= 223) {
          publisher.receiver.receive([publisher.protectRtcp(bytes)], publisher.now);
        } else publisher.send(bytes);
      } catch (error) {
        // Only our own test sender may refuse to send what is no RTP.
        if (!`${error}`.includes("is no RTP")) throw error;
      }
      publisher.receiver.tick(publisher.now);
    }
    equal(publisher.errors, []);
  });
}

Deno.test("WebRTC reader: survives any authentic RTCP", () => {
  const { stream } = createStream([videoMedia]);
  using reader = new TestReader(stream, [media("video", [negotiated(h264, 102)], { trackId: 0 })]);
  for (let i = 0; i < 50; i++) stream.write([picture(stream.tracks[0], i, { key: i === 0 })], start + i * 33);
  const random = new Random(4);
  let now = start + 2000;
  for (let run = 0; run < fuzzRuns; run++) {
    const bytes = mutate(random, random.pick(rtcpSeeds));
    if (bytes.length < 8) continue;
    bytes[0] = (bytes[0] & 0x3f) | 0x80;
    bytes[1] = 192 + (bytes[1] & 0x1f);
    now += random.int(30);
    reader.sendRaw(bytes, now);
  }
  equal(reader.errors, []);
});

Deno.test("WebRTC receiver: bytes that are not authentic", () => {
  using publisher = new TestPublisher([media("video", [negotiated(h264, 102)])]);
  fuzz("datagram", [...rtpSeeds, ...rtcpSeeds], (bytes) => publisher.receiver.receive([bytes], start));
  equal(publisher.receiver.stats.inboundRTPPackets, 0);
});

Deno.test("RTP header extensions: any bytes", () => {
  fuzz("extension", rtpSeeds, (bytes) => {
    extensionText(bytes, 2);
    extensionU16(bytes, 5);
  });
});
