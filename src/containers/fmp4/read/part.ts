/** Reads media parts: any number of moof and mdat pairs. */
import { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import { type ReadBox, readBoxes, requireBox } from "./boxes.ts";
import type { ReadTrack, SampleDefaults } from "./init.ts";

/** One frame as it was stored. */
export interface ReadSample {
  readonly duration: number;
  readonly compositionOffset: number;
  readonly sync: boolean;
  /** A view. */
  readonly data: Uint8Array;
}

/** What a traf box holds. */
export interface ReadPartTrack {
  readonly id: number;
  /** Decoding time of the first sample. */
  readonly baseTime: number;
  readonly samples: readonly ReadSample[];
}

/** A moof with its samples. */
export interface ReadFragment {
  readonly sequence: number;
  readonly tracks: readonly ReadPartTrack[];
}

/** Samples of one fragment: hours of audio. */
const maxSamples = 1 << 18;
const noDefaults: SampleDefaults = { duration: 0, size: 0, flags: 0 };
/** tfhd flags, ISO/IEC 14496-12 §8.8.7.1. */
const Tfhd = { baseDataOffset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
/** trun flags, §8.8.8.1. */
const Trun = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  offset: 0x800,
} as const;
const nonSyncFlag = 0x10000;

/** `tracks`: of the init segment, for the defaults. Throws ParseError. */
export function parseParts(bytes: Uint8Array, tracks: readonly ReadTrack[] = []): ReadFragment[] {
  const boxes = readBoxes(bytes);
  const fragments: ReadFragment[] = [];
  for (const box of boxes) if (box.type === "moof") fragments.push(parseMoof(box, bytes, tracks));
  return fragments;
}

function parseMoof(moof: ReadBox, bytes: Uint8Array, tracks: readonly ReadTrack[]): ReadFragment {
  const boxes = readBoxes(moof.body);
  const mfhd = new ByteReader(requireBox(boxes, "mfhd").body);
  mfhd.skip(4, "version and flags");
  const sequence = mfhd.u32("sequence_number");
  const state: MoofState = { bytes, start: moof.start, samples: 0 };
  const found: ReadPartTrack[] = [];
  for (const box of boxes) if (box.type === "traf") found.push(parseTraf(box, state, tracks));
  return { sequence, tracks: found };
}

interface MoofState {
  readonly bytes: Uint8Array;
  /** Offset of the moof. */
  readonly start: number;
  samples: number;
}

function parseTraf(traf: ReadBox, state: MoofState, tracks: readonly ReadTrack[]): ReadPartTrack {
  const boxes = readBoxes(traf.body);
  const tfhd = new ByteReader(requireBox(boxes, "tfhd").body);
  const flags = tfhd.u32("version and flags");
  const id = tfhd.u32("track_ID");
  const defaults = { ...tracks.find((track) => track.id === id)?.defaults ?? noDefaults };
  let base = state.start;
  if ((flags & Tfhd.baseDataOffset) !== 0) base = safe(tfhd.u64("base_data_offset"), "base_data_offset");
  if ((flags & Tfhd.description) !== 0) tfhd.skip(4, "sample_description_index");
  if ((flags & Tfhd.duration) !== 0) defaults.duration = tfhd.u32("default_sample_duration");
  if ((flags & Tfhd.size) !== 0) defaults.size = tfhd.u32("default_sample_size");
  if ((flags & Tfhd.flags) !== 0) defaults.flags = tfhd.u32("default_sample_flags");
  const tfdt = new ByteReader(requireBox(boxes, "tfdt").body);
  const version = tfdt.u8("version");
  tfdt.skip(3, "flags");
  const baseTime = version === 1
    ? safe(tfdt.u64("baseMediaDecodeTime"), "baseMediaDecodeTime")
    : tfdt.u32("baseMediaDecodeTime");
  const samples: ReadSample[] = [];
  let at = base;
  for (const box of boxes) {
    if (box.type === "trun") at = parseTrun(box.body, base, at, defaults, state, samples);
  }
  return { id, baseTime, samples };
}

function safe(value: bigint, field: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ParseError(field, `is ${value}`);
  return Number(value);
}

/** Appends to `samples`; returns where the data of the next run starts. */
function parseTrun(
  body: Uint8Array,
  base: number,
  next: number,
  defaults: SampleDefaults,
  state: MoofState,
  samples: ReadSample[],
): number {
  const reader = new ByteReader(body);
  const version = reader.u8("version");
  const flags = reader.u24("flags");
  const count = reader.u32("sample_count");
  state.samples += count;
  if (state.samples > maxSamples) throw new ParseError("sample_count", `is ${count}`, 4);
  let at = (flags & Trun.dataOffset) !== 0 ? base + reader.i32("data_offset") : next;
  const firstFlags = (flags & Trun.firstFlags) !== 0 ? reader.u32("first_sample_flags") : null;
  for (let i = 0; i < count; i++) {
    const duration = (flags & Trun.duration) !== 0 ? reader.u32("sample_duration") : defaults.duration;
    const size = (flags & Trun.size) !== 0 ? reader.u32("sample_size") : defaults.size;
    let sampleFlags = (flags & Trun.flags) !== 0 ? reader.u32("sample_flags") : defaults.flags;
    if (i === 0 && firstFlags !== null) sampleFlags = firstFlags;
    let compositionOffset = 0;
    if ((flags & Trun.offset) !== 0) {
      const unsigned = reader.u32("sample_composition_time_offset");
      compositionOffset = version === 0 ? unsigned : unsigned | 0;
    }
    if (at < 0 || at + size > state.bytes.length) {
      throw new ParseError("sample", `at ${at} with ${size} bytes is outside the data`, reader.offset);
    }
    const sync = (sampleFlags & nonSyncFlag) === 0;
    samples.push({ duration, compositionOffset, sync, data: state.bytes.subarray(at, at + size) });
    at += size;
  }
  return at;
}
