import type { TrackKind } from "./evidence.ts";

/** Encoder arguments of FFmpeg and the suffix of the file. */
export interface Encoding {
  readonly encode: string;
  readonly suffix: string;
}

/** How the real clients make and name a codec. */
export interface Codec {
  readonly name: string;
  readonly kind: TrackKind;
  /** null: FFmpeg 5.1 cannot publish it over RTP. */
  readonly ffmpeg: Encoding | null;
  /** From the raw test source to `rtspclientsink`; null: GStreamer 1.22 has no payloader for it. */
  readonly gstreamer: string | null;
  /** `codec_name` of ffprobe. */
  readonly probe: string;
}

const x264 = "-c:v libx264 -preset ultrafast";
/** The encoders insist on a profile once `rtspclientsink` is behind them. */
const gstVpx = "deadline=1 cpu-used=8 keyframe-max-dist=25";

/** AV1 is missing: neither client can packetize it (FFmpeg from 7.1, GStreamer with the Rust plugins). */
export const codecs = {
  h264: {
    name: "H264",
    kind: "video",
    ffmpeg: { encode: `${x264} -tune zerolatency`, suffix: "mp4" },
    gstreamer: "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse",
    probe: "h264",
  },
  h264WithBFrames: {
    name: "H264 with B-frames",
    kind: "video",
    ffmpeg: { encode: `${x264} -bf 2 -x264-params b-adapt=0:scenecut=0`, suffix: "mp4" },
    gstreamer:
      "x264enc speed-preset=ultrafast bframes=2 b-adapt=false rc-lookahead=0 key-int-max=24 ! h264parse",
    probe: "h264",
  },
  h265: {
    name: "H265",
    kind: "video",
    ffmpeg: {
      encode: "-c:v libx265 -preset ultrafast -x265-params log-level=error:bframes=0",
      suffix: "mp4",
    },
    gstreamer: "x265enc speed-preset=ultrafast tune=zerolatency key-int-max=25 ! h265parse",
    probe: "hevc",
  },
  vp8: {
    name: "VP8",
    kind: "video",
    ffmpeg: { encode: "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 500k", suffix: "mkv" },
    gstreamer: `vp8enc ${gstVpx} ! video/x-vp8,profile=(string)0`,
    probe: "vp8",
  },
  vp9: {
    name: "VP9",
    kind: "video",
    ffmpeg: { encode: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k", suffix: "mkv" },
    gstreamer: `vp9enc ${gstVpx} ! video/x-vp9,profile=(string)0`,
    probe: "vp9",
  },
  aac: {
    name: "AAC",
    kind: "audio",
    ffmpeg: { encode: "-ar 48000 -c:a aac", suffix: "mp4" },
    // packetized as MP4A-LATM, while FFmpeg uses mpeg4-generic
    gstreamer: "audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse",
    probe: "aac",
  },
  opus: {
    name: "Opus",
    kind: "audio",
    ffmpeg: { encode: "-ar 48000 -ac 2 -c:a libopus", suffix: "mkv" },
    gstreamer: "audio/x-raw,rate=48000,channels=2 ! opusenc",
    probe: "opus",
  },
  pcmu: {
    name: "G711 µ-law",
    kind: "audio",
    ffmpeg: { encode: "-ar 8000 -ac 1 -c:a pcm_mulaw", suffix: "mkv" },
    gstreamer: "audio/x-raw,rate=8000,channels=1 ! mulawenc",
    probe: "pcm_mulaw",
  },
  pcma: {
    name: "G711 A-law",
    kind: "audio",
    ffmpeg: { encode: "-ar 8000 -ac 1 -c:a pcm_alaw", suffix: "mkv" },
    gstreamer: "audio/x-raw,rate=8000,channels=1 ! alawenc",
    probe: "pcm_alaw",
  },
  mp3: {
    name: "MP3",
    kind: "audio",
    ffmpeg: { encode: "-ar 48000 -ac 2 -c:a libmp3lame -b:a 128k", suffix: "mkv" },
    gstreamer:
      "audio/x-raw,rate=48000,channels=2 ! lamemp3enc target=bitrate bitrate=128 cbr=true ! mpegaudioparse",
    probe: "mp3",
  },
  ac3: {
    name: "AC-3",
    kind: "audio",
    // its RTP muxer writes no rtpmap for AC-3
    ffmpeg: null,
    gstreamer: "audio/x-raw,rate=48000,channels=2 ! avenc_ac3 ! ac3parse",
    probe: "ac3",
  },
} as const satisfies Record<string, Codec>;

export type CodecKey = keyof typeof codecs;
