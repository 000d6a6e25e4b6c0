/** Which tracks of a stream a muxer carries. */
import type { CodecName } from "../../../../codecs/codec.ts";
import type { Track } from "../../../../stream/track.ts";
import type { HlsVariant } from "../settings.ts";
import { audioInput } from "./audio.ts";
import { Av1Input } from "./av1.ts";
import { h264Nal } from "./h264.ts";
import { h265Nal } from "./h265.ts";
import type { TrackInput } from "./input.ts";
import { NalInput } from "./nal_input.ts";
import { Vp9Input } from "./vp9.ts";

export interface SelectedTrack {
  readonly track: Track;
  readonly input: TrackInput;
}

export interface Selection {
  /** The video first, when there is one. */
  readonly selected: readonly SelectedTrack[];
  readonly skipped: readonly Track[];
}

/** The first one that the stream has is taken: the better codec is preferred. */
const videoOrder: readonly CodecName[] = ["AV1", "VP9", "H265", "H264"];

/** MPEG-TS players know H.264 and AAC, one of each. */
const mpegtsVideo: readonly CodecName[] = ["H264"];
const mpegtsAudio: ReadonlySet<CodecName> = new Set<CodecName>(["MPEG-4 Audio", "MPEG-4 Audio LATM"]);

function videoInput(track: Track): TrackInput {
  const report = (text: string) => track.reportError(text);
  switch (track.codec.name) {
    case "AV1":
      return new Av1Input(track.clockRate, report);
    case "VP9":
      return new Vp9Input(track.clockRate, report);
    case "H265":
      return new NalInput(h265Nal, track.clockRate, report);
    default:
      return new NalInput(h264Nal, track.clockRate, report);
  }
}

/** One video by preference and every audio track that the variant can carry. */
export function selectTracks(tracks: readonly Track[], variant: HlsVariant): Selection {
  const mpegts = variant === "mpegts";
  const selected: SelectedTrack[] = [];
  for (const name of mpegts ? mpegtsVideo : videoOrder) {
    const track = tracks.find((track) => track.codec.name === name);
    if (track === undefined) continue;
    selected.push({ track, input: videoInput(track) });
    break;
  }
  let audioTracks = 0;
  for (const track of tracks) {
    if (track.kind !== "audio" || (mpegts && (audioTracks > 0 || !mpegtsAudio.has(track.codec.name)))) {
      continue;
    }
    const input = audioInput(track.codec, track.clockRate, (text) => track.reportError(text));
    if (input === null) continue;
    selected.push({ track, input });
    audioTracks++;
  }
  return { selected, skipped: tracks.filter((track) => !selected.some((one) => one.track === track)) };
}
