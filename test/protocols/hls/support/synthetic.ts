/** Made-up streams: real parameter sets, frames of random bytes. */
import type { AudioSpecificConfig, Codec } from "../../../../src/codecs/codec.ts";
import { Track } from "../../../../src/stream/track.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { fromHex } from "../../../support/assert.ts";
import type { Random } from "../../../support/random.ts";

/** x264, 64×48, 25 frames a second, max_num_reorder_frames 2. */
export const sps = fromHex("6764000aacd9447b011000000300100000030320f1225960");
export const pps = fromHex("68ebe3cb22c0");
/** ITU-T H.264 §7.3.2.1.1: level_idc is the fourth byte. */
export function spsWithLevel(level: number): Uint8Array {
  const changed = sps.slice();
  changed[3] = level;
  return changed;
}

export const aacConfig: AudioSpecificConfig = {
  objectType: 2,
  sampleRate: 48000,
  channelCount: 2,
  frameLengthFlag: false,
  dependsOnCoreCoder: false,
  coreCoderDelay: 0,
};

export function h264Track(id: number): Track {
  return new Track(id, id, "video", { name: "H264", sps, pps, packetizationMode: 1 }, 96, 90000, 1400);
}

export function audioTrack(id: number, codec: Codec, clockRate: number): Track {
  return new Track(id, id, "audio", codec, 97, clockRate, 1400);
}

export function aacTrack(id: number, config = aacConfig): Track {
  const codec: Codec = {
    name: "MPEG-4 Audio",
    config,
    sizeLength: 13,
    indexLength: 3,
    indexDeltaLength: 3,
    profileLevelId: 1,
  };
  return audioTrack(id, codec, config.sampleRate);
}

export interface TimedUnit {
  readonly unit: Unit;
  /** When it arrives, in seconds of the stream. */
  readonly at: number;
}

const epoch = Date.UTC(2024, 0, 1);

export interface VideoOptions {
  readonly frames: number;
  readonly frameRate: number;
  readonly keyInterval: number;
  /** Frames between two that are not B-frames, 0 or 2. */
  readonly bFrames?: 0 | 2;
  /** Ticks by which timestamps are off, at the most. */
  readonly jitter?: number;
  /** Seconds to add from a frame on. */
  readonly jump?: { readonly frame: number; readonly seconds: number };
  /** The parameter sets of a key frame. */
  readonly spsAt?: (frame: number) => Uint8Array;
  readonly size?: number;
}

/** Where frame `i` of a group in decoding order is presented: I P B b P B b… */
function presentation(i: number, keyInterval: number, bFrames: number): number {
  if (bFrames === 0) return i;
  const inGroup = i % keyInterval;
  const group = i - inGroup;
  if (inGroup === 0) return group;
  const triple = Math.floor((inGroup - 1) / 3);
  const last = group + keyInterval - 1;
  return Math.min(last, group + triple * 3 + [3, 1, 2][(inGroup - 1) % 3]);
}

export function videoUnits(track: Track, random: Random, options: VideoOptions): TimedUnit[] {
  const { frames, frameRate, keyInterval, bFrames = 0, jitter = 0, jump } = options;
  // Groups of key frame, then complete triples.
  if (bFrames === 2 && keyInterval % 3 !== 1) {
    throw new Error("keyInterval has to be 1 more than a multiple of 3");
  }
  const units: TimedUnit[] = [];
  for (let i = 0; i < frames; i++) {
    const key = i % keyInterval === 0;
    const shift = jump !== undefined && i >= jump.frame ? jump.seconds : 0;
    const seconds = presentation(i, keyInterval, bFrames) / frameRate + shift;
    const pts = Math.round(seconds * 90000) + (jitter > 0 ? random.int(jitter) : 0);
    const slice = random.bytes(20 + random.int(options.size ?? 400));
    slice[0] = key ? 0x65 : 0x41;
    const payload = key ? [options.spsAt?.(i) ?? sps, pps, slice] : [slice];
    units.push({
      unit: Unit.fromPayload(track, pts, epoch + seconds * 1000, payload),
      at: i / frameRate + shift,
    });
  }
  return units;
}

/** AAC by 1024, or whatever `samplesPerFrame` says; `perUnit` frames in each unit. */
export function audioUnits(
  track: Track,
  random: Random,
  options: {
    readonly seconds: number;
    readonly samplesPerFrame: number;
    readonly perUnit?: number;
    readonly delay?: number;
    /** Nothing is sent between these times. */
    readonly silence?: readonly [number, number];
    readonly frame?: () => Uint8Array;
  },
): TimedUnit[] {
  const { samplesPerFrame, perUnit = 1, delay = 0, silence } = options;
  const units: TimedUnit[] = [];
  const step = samplesPerFrame * perUnit;
  for (let pts = 0; pts < options.seconds * track.clockRate; pts += step) {
    const seconds = pts / track.clockRate;
    if (silence !== undefined && seconds >= silence[0] && seconds < silence[1]) continue;
    const payload = Array.from(
      { length: perUnit },
      () => options.frame?.() ?? random.bytes(20 + random.int(100)),
    );
    units.push({ unit: Unit.fromPayload(track, pts, epoch + seconds * 1000, payload), at: seconds + delay });
  }
  return units;
}

/** In the order of arrival. */
export function interleave(...streams: readonly TimedUnit[][]): Unit[] {
  return streams.flat().sort((a, b) => a.at - b.at).map(({ unit }) => unit);
}
