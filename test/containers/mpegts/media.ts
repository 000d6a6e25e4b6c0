/** Made-up media for tests: tracks of every codec, and units whose bytes are random where the format allows it. */
import { concat } from "../../../src/base/bytes.ts";
import type { Codec, CodecName } from "../../../src/codecs/codec.ts";
import { serializeAudioMuxElement } from "../../../src/codecs/latm/audio_mux_element.ts";
import {
  serializeStreamMuxConfig,
  streamMuxConfigFromAac,
} from "../../../src/codecs/latm/stream_mux_config.ts";
import type { DemuxerEvent } from "../../../src/containers/mpegts/demuxer_event.ts";
import { MpegtsDemuxer } from "../../../src/containers/mpegts/demuxer.ts";
import type { MpegtsMuxer, MuxerTrack } from "../../../src/containers/mpegts/muxer.ts";
import type { Random } from "../../support/random.ts";

const aac = {
  objectType: 2,
  sampleRate: 48000,
  channelCount: 2,
  frameLengthFlag: false,
  dependsOnCoreCoder: false,
  coreCoderDelay: 0,
};
const latmConfig = streamMuxConfigFromAac(aac);

export const codecs = {
  "H264": { name: "H264", packetizationMode: 1 },
  "H265": { name: "H265" },
  "MPEG-4 Video": { name: "MPEG-4 Video" },
  "MPEG-1/2 Video": { name: "MPEG-1/2 Video" },
  "Opus": { name: "Opus", channelCount: 2 },
  "MPEG-4 Audio": {
    name: "MPEG-4 Audio",
    config: aac,
    sizeLength: 13,
    indexLength: 3,
    indexDeltaLength: 3,
    profileLevelId: 1,
  },
  "MPEG-4 Audio LATM": {
    name: "MPEG-4 Audio LATM",
    profileLevelId: 30,
    configInBand: false,
    streamMuxConfig: serializeStreamMuxConfig(latmConfig),
    config: aac,
  },
  "MPEG-1/2 Audio": { name: "MPEG-1/2 Audio" },
  "AC3": { name: "AC3", sampleRate: 48000, channelCount: 2 },
  "KLV": { name: "KLV" },
} as const satisfies Partial<Record<CodecName, Codec>>;

export type Muxable = keyof typeof codecs;

export const muxable = Object.keys(codecs) as Muxable[];

/** Bytes among which there is no start code. */
function plain(random: Random, size: number): Uint8Array {
  return random.bytes(size).map((byte) => byte < 4 ? byte + 4 : byte);
}

function videoSize(random: Random): number {
  return random.int(10) === 0 ? 60_000 + random.int(20_000) : 1 + random.int(2000);
}

function nalUnits(random: Random, heads: readonly (readonly number[])[]): Uint8Array[] {
  return heads.map((head) => concat([Uint8Array.from(head), plain(random, videoSize(random))]));
}

function several(random: Random, make: () => Uint8Array): Uint8Array[] {
  return Array.from({ length: 1 + random.int(4) }, make);
}

/** A payload in the form of `codecs/codec.ts`. */
export function randomPayload(random: Random, name: Muxable, key: boolean): Uint8Array[] {
  switch (name) {
    case "H264":
      return nalUnits(random, key ? [[0x67], [0x68], [0x65], [0x65]] : [[0x41], [0x41]]);
    case "H265":
      return nalUnits(random, key ? [[0x40, 1], [0x42, 1], [0x44, 1], [0x26, 1]] : [[2, 1]]);
    case "MPEG-4 Video":
      return [concat([Uint8Array.of(0, 0, 1, 0xb6, key ? 0x10 : 0x50), plain(random, videoSize(random))])];
    case "MPEG-1/2 Video":
      return [concat([Uint8Array.of(0, 0, 1, key ? 0xb3 : 0x00), plain(random, videoSize(random))])];
    case "Opus":
      return several(random, () => concat([Uint8Array.of(0x78), random.bytes(random.int(600))]));
    case "MPEG-4 Audio":
      return several(random, () => random.bytes(1 + random.int(1000)));
    case "MPEG-4 Audio LATM":
      return several(
        random,
        () => serializeAudioMuxElement([random.bytes(1 + random.int(1000))], latmConfig, false),
      );
    case "MPEG-1/2 Audio":
      // 128 kbit/s, 44.1 kHz, layer III: 417 bytes
      return several(random, () => concat([Uint8Array.of(0xff, 0xfb, 0x90, 0x00), random.bytes(413)]));
    case "AC3":
      // 48 kHz, 192 kbit/s, stereo: 768 bytes
      return several(
        random,
        () => concat([Uint8Array.of(0x0b, 0x77, 1, 2, 0x14, 0x40, 0x40), random.bytes(761)]),
      );
    case "KLV": {
      const size = random.int(1000);
      const key = Uint8Array.of(6, 0xe, 0x2b, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
      return [concat([key, Uint8Array.of(0x82, size >> 8, size), random.bytes(size)])];
    }
  }
}

export interface SentUnit {
  readonly track: MuxerTrack;
  readonly payload: readonly Uint8Array[];
  readonly pts: number;
  readonly dts: number;
  readonly randomAccess: boolean;
}

/** Frames of 40 ms, each 12th a key frame, the others reordered at random; tracks take turns. */
export function randomUnits(
  random: Random,
  tracks: readonly MuxerTrack[],
  frames: number,
  start: number,
): SentUnit[] {
  const units: SentUnit[] = [];
  for (let frame = 0; frame < frames; frame++) {
    for (const track of tracks) {
      const name = track.codec.name as Muxable;
      const video = /Video|H26/.test(name);
      const randomAccess = !video || frame % 12 === 0;
      const dts = start + frame * 3600;
      const pts = video ? dts + random.int(4) * 3600 : dts;
      units.push({ track, payload: randomPayload(random, name, randomAccess), pts, dts, randomAccess });
    }
  }
  return units;
}

export function writeAll(muxer: MpegtsMuxer, units: readonly SentUnit[]): Uint8Array {
  return concat(
    units.map(({ track, payload, pts, dts, randomAccess }) =>
      muxer.write(track, payload, pts, dts, randomAccess)
    ),
  );
}

/** Everything that comes out, the bytes cut into chunks of up to `maxChunk` at random. */
export function demux(bytes: Uint8Array, random?: Random, maxChunk = 1000): DemuxerEvent[] {
  const demuxer = new MpegtsDemuxer();
  const events: DemuxerEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = random === undefined ? 1316 : 1 + random.int(maxChunk);
    // The demuxer may not rely on the chunk afterwards.
    const chunk = bytes.slice(at, at + size);
    events.push(...demuxer.push(chunk));
    chunk.fill(0x47);
    at += size;
  }
  events.push(...demuxer.flush());
  return events;
}

export type UnitEvent = DemuxerEvent & { readonly type: "unit" };

export function unitsOf(events: readonly DemuxerEvent[], trackNumber?: number): UnitEvent[] {
  return events.filter((event) => event.type === "unit").filter((event) =>
    trackNumber === undefined || event.track.number === trackNumber
  );
}

export function errorsOf(events: readonly DemuxerEvent[]): string[] {
  return events.filter((event) => event.type === "error").map(({ text }) => text);
}

export function announcementsOf(events: readonly DemuxerEvent[]): (DemuxerEvent & { type: "tracks" })[] {
  return events.filter((event) => event.type === "tracks");
}
