/** `onMetaData`: what a stream says about itself (FLV 10.1 §E.5; the track maps are of Enhanced RTMP v2). */
import { type Amf0Object, type Amf0Value, entriesOf } from "./amf0/value.ts";
import { fourCcFromNumber, fourCcNumber } from "./four_cc.ts";
import { maxTagTracks } from "./ex_header.ts";

/** A codec id of FLV, or a FourCC. */
export type CodecMark = number | string;

/** What a stream announces; null: not said. */
export interface FlvMetadata {
  /** Null: there is no video, or nothing is said about it. */
  readonly video: CodecMark | null;
  readonly audio: CodecMark | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Per second. */
  readonly frameRate: number | null;
  readonly audioSampleRate: number | null;
  readonly stereo: boolean | null;
  /** Further tracks by id, with their codecs where they are said. Track 0 is the one above. */
  readonly videoTracks: ReadonlyMap<number, CodecMark | null>;
  readonly audioTracks: ReadonlyMap<number, CodecMark | null>;
}

/** Encoders that write names in the place of numbers (nginx-rtmp, some hardware encoders). */
const namedCodecs: Readonly<Record<string, CodecMark>> = {
  h264: 7,
  H264: 7,
  hev1: "hvc1",
  hvc1: "hvc1",
  HEVC: "hvc1",
  aac: 10,
  AAC: 10,
  ".mp3": 2,
  mp3: 2,
};

function codecMark(value: Amf0Value): CodecMark | null {
  if (typeof value === "number" && value > 0) return fourCcFromNumber(value) ?? value;
  if (typeof value !== "string" || value === "") return null;
  return Object.hasOwn(namedCodecs, value) ? namedCodecs[value] : value.length === 4 ? value : null;
}

function positive(value: Amf0Value): number | null {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null;
}

/** Reads the first value of an `onMetaData`. Never throws: what is odd counts as not said. */
export function readMetadata(value: Amf0Value): FlvMetadata {
  const entries = entriesOf(value);
  const stereo = entries.get("stereo");
  return {
    video: codecMark(entries.get("videocodecid")),
    audio: codecMark(entries.get("audiocodecid")),
    width: positive(entries.get("width")),
    height: positive(entries.get("height")),
    frameRate: positive(entries.get("framerate")) ?? positive(entries.get("fps")),
    audioSampleRate: positive(entries.get("audiosamplerate")),
    stereo: typeof stereo === "boolean" ? stereo : null,
    videoTracks: readTracks(entries.get("videoTrackIdInfoMap"), "videocodecid"),
    audioTracks: readTracks(entries.get("audioTrackIdInfoMap"), "audiocodecid"),
  };
}

function readTracks(value: Amf0Value, codecKey: string): Map<number, CodecMark | null> {
  const tracks = new Map<number, CodecMark | null>();
  for (const [key, info] of entriesOf(value)) {
    const id = Number(key);
    if (!Number.isInteger(id) || id < 0 || id > 255 || tracks.size === maxTagTracks) continue;
    tracks.set(id, codecMark(entriesOf(info).get(codecKey)));
  }
  return tracks;
}

/** The value of an `onMetaData`, for readers of ours. FFmpeg waits for every kind of media whose key is there. */
export function writeMetadata(
  metadata: Pick<FlvMetadata, "video" | "audio" | "videoTracks" | "audioTracks">,
): Amf0Object {
  const entries = new Map<string, Amf0Value>();
  if (metadata.video !== null) {
    entries.set("videocodecid", markNumber(metadata.video));
    entries.set("videodatarate", 0);
  }
  if (metadata.audio !== null) {
    entries.set("audiocodecid", markNumber(metadata.audio));
    entries.set("audiodatarate", 0);
  }
  if (metadata.videoTracks.size > 0) {
    entries.set("videoTrackIdInfoMap", trackMap(metadata.videoTracks, "videocodecid"));
  }
  if (metadata.audioTracks.size > 0) {
    entries.set("audioTrackIdInfoMap", trackMap(metadata.audioTracks, "audiocodecid"));
  }
  return { kind: "ecmaArray", entries };
}

function markNumber(mark: CodecMark): number {
  return typeof mark === "number" ? mark : fourCcNumber(mark);
}

function trackMap(tracks: ReadonlyMap<number, CodecMark | null>, key: string): Amf0Object {
  const entries = new Map<string, Amf0Value>();
  for (const [id, mark] of tracks) {
    const info = new Map<string, Amf0Value>(mark === null ? [] : [[key, markNumber(mark)]]);
    entries.set(String(id), { kind: "object", entries: info });
  }
  return { kind: "object", entries };
}
