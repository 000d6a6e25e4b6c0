/** What we write we read, at any size and limit; what is lost takes its frame along and nothing else. */
import type { Codec } from "../../../src/codecs/codec.ts";
import { serializeAudioMuxElement } from "../../../src/codecs/latm/audio_mux_element.ts";
import { parseStreamMuxConfig } from "../../../src/codecs/latm/stream_mux_config.ts";
import { parseAudioSpecificConfig } from "../../../src/codecs/mpeg4audio/audio_specific_config.ts";
import { concat } from "../../../src/base/bytes.ts";
import { buildRtpPacket, parseRtpPacket, type RtpPacket } from "../../../src/rtp/packet.ts";
import { payloadFormat } from "../../../src/rtp/payload/formats.ts";
import { RtpStreamWriter } from "../../../src/rtp/stream_writer.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";
import { depacketizeAll } from "./audio_support.ts";

const muxConfig = fromHex("400024203fc0");
const lcConfig = parseAudioSpecificConfig(fromHex("1210"));

interface Kind {
  readonly name: string;
  readonly codec: Codec;
  /** A random frame of the codec. */
  readonly frame: (random: Random) => Uint8Array;
  /** Ticks of one frame; 0 when frames of a unit are joined to one. */
  readonly ticks: number;
  /** Frames are never cut: the limit may be exceeded. */
  readonly uncut?: boolean;
}

/** Not starting with an ADTS syncword, which would be taken off. */
function accessUnit(random: Random, max: number): Uint8Array {
  const bytes = random.bytes(1 + random.int(max));
  bytes[0] &= 0x7f;
  return bytes;
}

function withHeader(header: number[], size: number, random: Random): Uint8Array {
  const bytes = random.bytes(size);
  bytes.set(header);
  return bytes;
}

const kinds: readonly Kind[] = [
  {
    name: "AAC-hbr",
    codec: {
      name: "MPEG-4 Audio",
      config: lcConfig,
      sizeLength: 13,
      indexLength: 3,
      indexDeltaLength: 3,
      profileLevelId: 1,
    },
    frame: (random) => accessUnit(random, random.int(4) === 0 ? 3000 : 400),
    ticks: 1024,
  },
  {
    name: "AAC-lbr",
    codec: {
      name: "MPEG-4 Audio",
      config: lcConfig,
      sizeLength: 6,
      indexLength: 2,
      indexDeltaLength: 2,
      profileLevelId: 1,
    },
    frame: (random) => accessUnit(random, 63),
    ticks: 1024,
  },
  {
    name: "LATM",
    codec: {
      name: "MPEG-4 Audio LATM",
      profileLevelId: 1,
      configInBand: false,
      streamMuxConfig: muxConfig,
    },
    frame: (random) =>
      serializeAudioMuxElement([accessUnit(random, 1000)], parseStreamMuxConfig(muxConfig), false),
    ticks: 1024,
  },
  {
    name: "LATM in band",
    codec: { name: "MPEG-4 Audio LATM", profileLevelId: 1, configInBand: true, config: lcConfig },
    frame: (random) =>
      serializeAudioMuxElement([accessUnit(random, 1000)], parseStreamMuxConfig(muxConfig), true),
    // at 90 kHz, rounded down
    ticks: 2089.7959,
  },
  {
    name: "Opus",
    codec: { name: "Opus", channelCount: 2 },
    frame: (random) => withHeader([0xfc], 1 + random.int(400), random),
    ticks: 960,
    uncut: true,
  },
  {
    name: "AC-3",
    codec: { name: "AC3", sampleRate: 48000, channelCount: 2 },
    frame: (random) => withHeader([0x0b, 0x77, 0, 0, 12, 0x40, 0x40, 0], 384, random),
    ticks: 1536,
  },
  {
    name: "MPEG audio",
    codec: { name: "MPEG-1/2 Audio" },
    frame: (random) => withHeader([0xff, 0xfd, 0xc4, 0x04], 768, random),
    ticks: 2160,
  },
  {
    name: "Generic",
    codec: { name: "Generic", rtpmap: "x/8000", fmtp: "" },
    frame: (random) => random.bytes(1 + random.int(300)),
    ticks: 0,
    uncut: true,
  },
];

const samples: readonly Kind[] = [
  {
    name: "G711 stereo",
    codec: { name: "G711", muLaw: true, sampleRate: 8000, channelCount: 2 },
    frame: (random) => random.bytes(2 * (1 + random.int(2000))),
    ticks: 0,
  },
  { name: "G722", codec: { name: "G722" }, frame: (random) => random.bytes(1 + random.int(3000)), ticks: 0 },
  {
    name: "L24",
    codec: { name: "LPCM", bitDepth: 24, sampleRate: 48000, channelCount: 2 },
    frame: (random) => random.bytes(6 * (1 + random.int(700))),
    ticks: 0,
  },
  {
    name: "KLV",
    codec: { name: "KLV" },
    frame: (random) => {
      const value = random.bytes(300 + random.int(3000));
      return concat([
        fromHex("060e2b34020b01010e01030101000000"),
        Uint8Array.of(0x82, value.length >> 8, value.length),
        value,
      ]);
    },
    ticks: 0,
  },
];

function written(kind: Kind, payload: Uint8Array[], maxPayload: number): RtpPacket[] {
  const writer = new RtpStreamWriter({
    payloadType: 96,
    ssrc: 1,
    sequence: 0xfffe,
    timestampOffset: 0xffffff00,
  });
  const fragments = payloadFormat(kind.codec).packetize(payload, kind.codec, maxPayload);
  return writer.write(fragments, 0).map((packet) => parseRtpPacket(packet.bytes));
}

for (const kind of kinds) {
  Deno.test(`${kind.name}: round trip`, () => {
    const random = new Random(7);
    for (let run = 0; run < 60; run++) {
      const payload = Array.from({ length: 1 + random.int(6) }, () => kind.frame(random));
      const maxPayload = 80 + random.int(1400);
      const packets = written(kind, payload, maxPayload);
      if (!kind.uncut) ok(packets.every((packet) => packet.payload.length <= maxPayload));
      const read = depacketizeAll(packets, kind.codec);
      equal(read.errors, []);
      equal(read.payload.map(hex), payload.map(hex));
      const duration = payloadFormat(kind.codec).duration?.(payload, kind.codec);
      if (kind.ticks > 0) equal(duration, Math.floor(payload.length * kind.ticks));
    }
  });

  Deno.test(`${kind.name}: a lost packet takes only its own frames`, () => {
    const random = new Random(8);
    for (let run = 0; run < 100; run++) {
      const payload = Array.from({ length: 4 }, () => kind.frame(random));
      const packets = written(kind, payload, 250);
      if (packets.length < 2) continue;
      const lost = random.int(packets.length);
      const { timestamp } = packets[lost];
      const left = packets.filter((_, i) => i !== lost);
      const survivors = depacketizeAll(
        packets.filter((packet) => packet.timestamp !== timestamp),
        kind.codec,
      );
      const got = depacketizeAll(left, kind.codec).payload.map(hex);
      const all = payload.map(hex);
      // In LATM with the config in band a frame that lost its start cannot be told from a whole one.
      if (kind.name !== "LATM in band") ok(got.every((frame) => all.includes(frame)));
      for (const frame of survivors.payload) ok(got.includes(hex(frame)));
    }
  });
}

for (const kind of samples) {
  Deno.test(`${kind.name}: round trip`, () => {
    const random = new Random(9);
    for (let run = 0; run < 40; run++) {
      const bytes = kind.frame(random);
      const maxPayload = 80 + random.int(1400);
      const packets = written(kind, [bytes], maxPayload);
      ok(packets.every((packet) => packet.payload.length <= maxPayload));
      equal(hex(concat(depacketizeAll(packets, kind.codec).payload)), hex(bytes));
      // Each packet begins where the one before ends.
      const format = payloadFormat(kind.codec);
      for (let i = 0; i + 1 < packets.length && format.duration !== undefined; i++) {
        const ticks = (packets[i + 1].timestamp - packets[i].timestamp) >>> 0;
        equal(format.duration([packets[i].payload], kind.codec), ticks);
      }
    }
  });
}

Deno.test("KLV: a unit with a gap, without start or without end is dropped", () => {
  const kind = samples[3];
  const packets = written(kind, [kind.frame(new Random(1))], 100);
  const read = (some: RtpPacket[]) => payloadFormat(kind.codec).depacketize(some, kind.codec);
  equal(read(packets.slice(1)).payload, null);
  equal(read(packets.slice(0, -1)).payload, null);
  equal(read(packets.filter((_, i) => i !== 1)).payload, null);
  equal(read(packets).payload?.length, 1);
});

for (const kind of [...kinds, ...samples]) {
  Deno.test(`${kind.name}: depacketizing never throws`, () => {
    const random = new Random(10);
    const payload = [kind.frame(random), kind.frame(random)];
    const seeds = written(kind, payload, 200).map((packet) => packet.payload);
    const format = payloadFormat(kind.codec);
    let sequence = 0;
    let before: RtpPacket[] = [];
    fuzz(kind.name, seeds, (bytes) => {
      sequence += 1 + (random.int(10) === 0 ? 1 : 0);
      const header = { payloadType: 96, sequence: sequence & 0xffff, timestamp: 1, ssrc: 1 };
      const packet = buildRtpPacket({ ...header, marker: random.int(3) === 0 }, [bytes]);
      before = [...before, packet].slice(-4);
      format.endsUnit(packet);
      const result = format.depacketize(before, kind.codec);
      if (result.payload !== null) {
        ok(result.payload.length > 0);
        ok((format.duration?.(result.payload, kind.codec) ?? 0) >= 0);
        format.updateCodec?.(result.payload, kind.codec);
        format.packetize(result.payload, kind.codec, 300);
      }
    }, 1500);
  });
}
