/** What else happens with the stream of a path: the offline segment, forwarding, recording. */
import { legacy, planned } from "../key.ts";
import { bool, duration, int, size, structs, text, word } from "../value_type.ts";

const trackKeys = {
  codec: planned(
    word("AV1", "VP9", "H265", "H264", "MPEG4Audio", "Opus", "G711", "LPCM"),
    "H264",
    "Codec of the track.",
    { required: true },
  ),
  sampleRate: planned(int, 0, "Samples per second, for MPEG4Audio, G711 and LPCM."),
  channelCount: planned(int, 0, "Channels, for MPEG4Audio, G711 and LPCM."),
  muLaw: planned(bool, false, "G711 only: µ-law instead of A-law."),
};

/** Lowest sample rate of the codecs that need one. */
const lowestSampleRate: Readonly<Record<string, number>> = { MPEG4Audio: 22050, G711: 8000, LPCM: 8000 };

function trackProblem(
  track: { readonly codec: string; readonly sampleRate: number; readonly channelCount: number },
): string | undefined {
  const lowest = lowestSampleRate[track.codec];
  if (lowest === undefined) {
    if (track.sampleRate !== 0) return `sampleRate must be left out for codec ${track.codec}`;
    if (track.channelCount !== 0) return `channelCount must be left out for codec ${track.codec}`;
    return undefined;
  }
  if (track.sampleRate < lowest) return `sampleRate must be at least ${lowest} for codec ${track.codec}`;
  if (track.channelCount < 1) return `channelCount is needed for codec ${track.codec}`;
  return undefined;
}

export const pathAlwaysAvailableKeys = {
  alwaysAvailable: planned(
    bool,
    false,
    "Keep the stream readable all the time: while the source is away, an offline segment plays over and over.",
  ),
  alwaysAvailableTracks: planned(
    structs(trackKeys, trackProblem),
    [],
    "Tracks of the built-in offline segment: codec, and for MPEG4Audio, G711 and LPCM sampleRate and channelCount.",
  ),
  alwaysAvailableFile: planned(text, "", "An MP4 file to play instead of the built-in offline segment."),
};

const forwardKeys = {
  dest: planned(
    text,
    "",
    "URL to send to: rtmp, rtmps, rtsp, rtsps, srt, whip or whips. $MTX_PATH, $G1, $G2… are replaced.",
    { secret: "url", required: true },
  ),
  destFingerprint: planned(text, "", "SHA-256 fingerprint (hex) of the certificate there."),
  whipBearerToken: planned(text, "", "Token sent in the Authorization header, with WHIP.", { secret: "all" }),
};

export const pathForwardKeys = {
  forward: planned(
    structs(forwardKeys),
    [],
    "Servers that get a copy of the stream: dest (rtmp, rtmps, rtsp, rtsps, srt, whip or whips URL), destFingerprint, whipBearerToken.",
    { secret: "all", hot: true },
  ),
};

export const pathRecordKeys = {
  record: planned(bool, false, "Write the stream to disk.", { hot: true }),
  playback: legacy(
    bool,
    "Has no effect.",
    true,
    "parameter 'playback' is deprecated and has no effect",
  ),
  recordPath: planned(
    text,
    "./recordings/%path/%Y-%m-%d_%H-%M-%S-%f",
    "Where segments are written, without extension: %path, %Y %m %d (date), %H %M %S (time), %f (microseconds), " +
      "%z (time zone), %s (seconds since 1970).",
    { hot: true },
  ),
  recordFormat: planned(word("fmp4", "mpegts"), "fmp4", "Fragmented MP4 or MPEG-TS.", { hot: true }),
  recordPartDuration: planned(
    duration,
    1_000,
    "How often data is written: what a power failure can cost.",
    { hot: true },
  ),
  recordMaxPartSize: planned(
    size,
    50 * 1024 ** 2,
    "Largest size of what waits to be written: a limit on memory.",
    {
      hot: true,
    },
  ),
  recordSegmentDuration: planned(
    duration,
    3_600_000,
    "Shortest duration of a segment, one day at most; it ends with the next key frame.",
    { hot: true },
  ),
  recordDeleteAfter: planned(duration, 86_400_000, "Delete segments older than this; 0s keeps them.", {
    hot: true,
  }),
};
