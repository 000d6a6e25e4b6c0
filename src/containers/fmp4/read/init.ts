/** Reads an initialization segment. */
import { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import type { Fmp4Codec } from "../codec.ts";
import { boxesAt, type ReadBox, readBoxes, requireBox } from "./boxes.ts";
import { parseSampleEntry } from "./sample_entry.ts";

/** What an init segment says about a track. */
export interface ReadTrack {
  readonly id: number;
  readonly timescale: number;
  /** Null when the codec is not known here. */
  readonly codec: Fmp4Codec | null;
  /** Of trex: what samples have where their fragment does not say. */
  readonly defaults: SampleDefaults;
}

export interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

const maxTracks = 64;

/** Throws ParseError. */
export function parseInit(bytes: Uint8Array): ReadTrack[] {
  const moov = boxesAt(readBoxes(bytes), "moov");
  const defaults = new Map<number, SampleDefaults>();
  for (const box of boxesAt(moov, "mvex")) {
    if (box.type !== "trex") continue;
    const reader = new ByteReader(box.body);
    reader.skip(4, "version and flags");
    const id = reader.u32("track_ID");
    reader.skip(4, "default_sample_description_index");
    defaults.set(id, {
      duration: reader.u32("default_sample_duration"),
      size: reader.u32("default_sample_size"),
      flags: reader.u32("default_sample_flags"),
    });
  }
  const traks = moov.filter((box) => box.type === "trak");
  if (traks.length > maxTracks) {
    throw new ParseError("trak", `${traks.length} of them, at most ${maxTracks} allowed`);
  }
  return traks.map((trak) => parseTrak(trak, defaults));
}

function parseTrak(trak: ReadBox, defaults: ReadonlyMap<number, SampleDefaults>): ReadTrack {
  const boxes = readBoxes(trak.body);
  const id = afterTimes(requireBox(boxes, "tkhd"), "track_ID");
  if (id === 0) throw new ParseError("track_ID", "is 0");
  const mdia = boxesAt(boxes, "mdia");
  const timescale = afterTimes(requireBox(mdia, "mdhd"), "timescale");
  if (timescale === 0) throw new ParseError("timescale", "is 0");
  const stsd = new ByteReader(requireBox(boxesAt(mdia, "minf", "stbl"), "stsd").body);
  stsd.skip(8, "stsd header");
  const entries = readBoxes(stsd.rest());
  if (entries.length === 0) throw new ParseError("stsd", "is empty");
  const trackDefaults = defaults.get(id) ?? { duration: 0, size: 0, flags: 0 };
  return { id, timescale, codec: parseSampleEntry(entries[0]), defaults: trackDefaults };
}

/** The 32-bit field behind creation and modification time, whose width depends on the version. */
function afterTimes(box: ReadBox, field: string): number {
  const reader = new ByteReader(box.body);
  const version = reader.u8("version");
  reader.skip(3 + (version === 1 ? 16 : 8), "flags and times");
  return reader.u32(field);
}
