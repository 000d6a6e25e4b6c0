/** Media parts: moof and mdat, written in one go into a buffer whose size is computed first. */
import { ByteWriter } from "../../base/bytes.ts";

/** One frame. */
export interface Fmp4Sample {
  /** Ticks until the next sample in decoding order. */
  readonly duration: number;
  /** Presentation minus decoding time in ticks; may be negative. */
  readonly compositionOffset: number;
  /** Decoding can start here. */
  readonly sync: boolean;
  /** Joined in order; with `nalUnits` each behind its length. */
  readonly payload: readonly Uint8Array[];
}

/** Samples of one track, without holes between them. */
export interface Fmp4PartTrack {
  readonly id: number;
  /** Decoding time of the first sample, in ticks. */
  readonly baseTime: number;
  /** The payload's elements are NAL units and get a four-byte length each (ISO/IEC 14496-15 §4.3.3). */
  readonly nalUnits: boolean;
  readonly samples: readonly Fmp4Sample[];
}

const boxHeader = 8;
const mfhdSize = 16;
const tfhdSize = 16;
const tfdtSize = 20;
const trunHeader = 20;

/** tf_flags, ISO/IEC 14496-12 §8.8.7: default-base-is-moof. */
const defaultBaseIsMoof = 0x020000;
/** tr_flags, ISO/IEC 14496-12 §8.8.8. */
const TrunFlag = {
  dataOffset: 0x1,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionOffset: 0x800,
} as const;
/** Sample flags, ISO/IEC 14496-12 §8.8.3.1: depends on no other sample; depends on others and is no sync sample. */
const syncSample = 0x02000000;
const nonSyncSample = 0x01010000;

function sampleSize(track: Fmp4PartTrack, sample: Fmp4Sample): number {
  let size = track.nalUnits ? 4 * sample.payload.length : 0;
  for (const part of sample.payload) size += part.length;
  return size;
}

/** What the samples of a track share is not repeated: audio needs neither flags nor composition offsets. */
interface TrackPlan {
  readonly track: Fmp4PartTrack;
  readonly flags: number;
  readonly sizes: readonly number[];
  readonly trunSize: number;
  readonly dataSize: number;
}

function plan(track: Fmp4PartTrack): TrackPlan {
  const sizes = track.samples.map((sample) => sampleSize(track, sample));
  let flags = TrunFlag.dataOffset | TrunFlag.duration | TrunFlag.size;
  let perSample = 8;
  if (track.samples.some((sample) => !sample.sync)) {
    flags |= TrunFlag.flags;
    perSample += 4;
  }
  if (track.samples.some((sample) => sample.compositionOffset !== 0)) {
    flags |= TrunFlag.compositionOffset;
    perSample += 4;
  }
  return {
    track,
    flags,
    sizes,
    trunSize: trunHeader + perSample * track.samples.length,
    dataSize: sizes.reduce((sum, size) => sum + size, 0),
  };
}

function writeTraf(writer: ByteWriter, plan: TrackPlan, dataOffset: number): void {
  const { track, flags, sizes, trunSize } = plan;
  writer.u32(boxHeader + tfhdSize + tfdtSize + trunSize).ascii("traf");
  // tfhd, ISO/IEC 14496-12 §8.8.7; the defaults of trex are zero: all samples are sync samples unless trun says more.
  writer.u32(tfhdSize).ascii("tfhd").u32(defaultBaseIsMoof).u32(track.id);
  // tfdt, §8.8.12, version 1: 64 bits.
  writer.u32(tfdtSize).ascii("tfdt").u32(0x01000000).u64(BigInt(track.baseTime));
  // trun, §8.8.8, version 1: signed composition offsets.
  writer.u32(trunSize).ascii("trun").u32(0x01000000 | flags).u32(track.samples.length).u32(dataOffset);
  track.samples.forEach((sample, i) => {
    writer.u32(sample.duration).u32(sizes[i]);
    if ((flags & TrunFlag.flags) !== 0) writer.u32(sample.sync ? syncSample : nonSyncSample);
    if ((flags & TrunFlag.compositionOffset) !== 0) writer.u32(sample.compositionOffset | 0);
  });
}

function writeSample(writer: ByteWriter, track: Fmp4PartTrack, sample: Fmp4Sample): void {
  for (const part of sample.payload) {
    if (track.nalUnits) writer.u32(part.length);
    writer.raw(part);
  }
}

/** `sequence`: that of the fragment, from 1, growing. Tracks need at least one sample each. */
export function serializePart(sequence: number, tracks: readonly Fmp4PartTrack[]): Uint8Array<ArrayBuffer> {
  const plans = tracks.map(plan);
  let moofSize = boxHeader + mfhdSize;
  let dataSize = 0;
  for (const { trunSize, dataSize: size } of plans) {
    moofSize += boxHeader + tfhdSize + tfdtSize + trunSize;
    dataSize += size;
  }
  const writer = new ByteWriter(moofSize + boxHeader + dataSize);
  // moof, ISO/IEC 14496-12 §8.8.4, and mfhd, §8.8.5.
  writer.u32(moofSize).ascii("moof").u32(mfhdSize).ascii("mfhd").u32(0).u32(sequence);
  // data_offset counts from the start of moof.
  let dataOffset = moofSize + boxHeader;
  for (const one of plans) {
    writeTraf(writer, one, dataOffset);
    dataOffset += one.dataSize;
  }
  // mdat, §8.1.1.
  writer.u32(boxHeader + dataSize).ascii("mdat");
  for (const { track } of plans) for (const sample of track.samples) writeSample(writer, track, sample);
  return writer.bytes;
}
