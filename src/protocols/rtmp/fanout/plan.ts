/** Which tracks a reader gets, and in which form. */
import { type Codec, isVideo, type LpcmCodec } from "../../../codecs/codec.ts";
import { fourCcs } from "../../../containers/flv/four_cc.ts";
import { SoundFormat, soundRates } from "../../../containers/flv/legacy_audio.ts";
import { VideoCodecId } from "../../../containers/flv/legacy_video.ts";
import type { Track } from "../../../stream/track.ts";
import { anyFourCc } from "../wire/message/connect.ts";
import { flacHeader } from "../tracks/flac.ts";

/** How a track is told on the wire. */
export type WireForm =
  | { readonly kind: "legacyVideo"; readonly codecId: number }
  | {
    readonly kind: "legacyAudio";
    readonly soundFormat: number;
    readonly rateIndex: number;
    readonly sampleSize: 8 | 16;
    readonly channelCount: 1 | 2;
  }
  /** `trackId` 0: without multitrack. */
  | { readonly kind: "enhanced"; readonly fourCc: string; readonly trackId: number };

export interface PlannedTrack {
  readonly track: Track;
  readonly media: "video" | "audio";
  /** Of RTMP, counted apart for video and audio. */
  readonly trackId: number;
  readonly form: WireForm;
}

export interface Plan {
  readonly tracks: readonly PlannedTrack[];
  /** Tracks of the stream that this reader cannot get, with the reason. */
  readonly skipped: readonly { readonly track: Track; readonly reason: string }[];
}

const g711Rate = 8000;

/**
 * `fourCcs`: of the client's `connect`. Without any it gets the first H.264 and the first audio that FLV has; with some
 * it gets every track whose codec it has listed, and those of FLV.
 */
export function planTracks(tracks: readonly Track[], fourCcs: ReadonlySet<string>): Plan {
  const enhanced = fourCcs.size > 0;
  const planned: PlannedTrack[] = [];
  const skipped: { track: Track; reason: string }[] = [];
  const counts = { video: 0, audio: 0 };
  for (const track of tracks) {
    const media = isVideo(track.codec) ? "video" : "audio";
    const trackId = counts[media];
    const form = trackId > 0 && !enhanced
      ? "the client knows one video and one audio track"
      : chooseForm(track.codec, trackId, fourCcs);
    if (typeof form === "string") skipped.push({ track, reason: form });
    else {
      planned.push({ track, media, trackId, form });
      counts[media]++;
    }
  }
  return { tracks: planned, skipped };
}

/** Text: why it cannot be sent. */
function chooseForm(codec: Codec, trackId: number, listed: ReadonlySet<string>): WireForm | string {
  const fourCc = fourCcOf(codec);
  if (trackId === 0) {
    const legacy = legacyForm(codec);
    if (legacy !== null) return legacy;
  }
  if (fourCc === null) {
    return trackId === 0 ? "RTMP has no form for it" : "RTMP has no form for it as a further track";
  }
  if (codec.name === "FLAC" && flacHeader(codec) === null) return "its parameters are not known";
  // Readers that list codecs know those of FLV in the new form, too.
  const everywhere = fourCc === fourCcs.avc || fourCc === fourCcs.aac || fourCc === fourCcs.mp3;
  if (everywhere || listed.has(fourCc) || listed.has(anyFourCc)) return { kind: "enhanced", fourCc, trackId };
  return `the client does not list ${fourCc}`;
}

function fourCcOf(codec: Codec): string | null {
  switch (codec.name) {
    case "H264":
      return fourCcs.avc;
    case "H265":
      return fourCcs.hevc;
    case "AV1":
      return fourCcs.av1;
    case "VP9":
      return fourCcs.vp9;
    case "MPEG-4 Audio":
    case "MPEG-4 Audio LATM":
      return fourCcs.aac;
    case "MPEG-1/2 Audio":
      return fourCcs.mp3;
    case "Opus":
      return fourCcs.opus;
    case "FLAC":
      return fourCcs.flac;
    case "AC3":
      return fourCcs.ac3;
    default:
      return null;
  }
}

function legacyForm(codec: Codec): WireForm | null {
  switch (codec.name) {
    case "H264":
      return { kind: "legacyVideo", codecId: VideoCodecId.h264 };
    // AAC and MP3 have their rates and channels inside.
    case "MPEG-4 Audio":
    case "MPEG-4 Audio LATM":
      return { kind: "legacyAudio", soundFormat: SoundFormat.aac, ...fullAudio };
    case "MPEG-1/2 Audio":
      return { kind: "legacyAudio", soundFormat: SoundFormat.mp3, ...fullAudio };
    case "G711": {
      if (codec.sampleRate !== g711Rate || codec.channelCount > 2) return null;
      const soundFormat = codec.muLaw ? SoundFormat.muLaw : SoundFormat.aLaw;
      return {
        kind: "legacyAudio",
        soundFormat,
        rateIndex: 0,
        sampleSize: 16,
        channelCount: channels(codec),
      };
    }
    case "LPCM":
      return lpcmForm(codec);
    default:
      return null;
  }
}

const fullAudio = { rateIndex: 3, sampleSize: 16, channelCount: 2 } as const;

function channels({ channelCount }: { readonly channelCount: number }): 1 | 2 {
  return channelCount === 1 ? 1 : 2;
}

function lpcmForm(codec: LpcmCodec): WireForm | null {
  const rateIndex = soundRates.indexOf(codec.sampleRate);
  if (rateIndex < 0 || codec.bitDepth === 24 || codec.channelCount > 2) return null;
  const soundFormat = SoundFormat.lpcmLittleEndian;
  return {
    kind: "legacyAudio",
    soundFormat,
    rateIndex,
    sampleSize: codec.bitDepth,
    channelCount: channels(codec),
  };
}
