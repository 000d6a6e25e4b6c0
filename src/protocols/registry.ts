/** Which room pulls which URL. Adding a protocol is a folder and a row. */
import {
  type PathSource,
  type Pull,
  type SourceHost,
  type SourceKind,
  type SourceType,
  StaticSource,
} from "../paths/mod.ts";

/** `load` brings the room's code when the first source connects, and not before. */
function kind(
  type: SourceType,
  label: string,
  load: () => Promise<(pull: Pull) => Promise<void>>,
): SourceKind {
  return {
    type,
    label,
    connect: async (pull) => {
      const connect = await load();
      if (!pull.signal.aborted) await connect(pull);
    },
  };
}

const mpegts = kind("mpegtsSource", "MPEG-TS", async () => (await import("./mpegts/mod.ts")).pullMpegts);
const rtmp = kind("rtmpSource", "RTMP", async () => (await import("./rtmp/mod.ts")).pullRtmp);
const rtp = kind("rtpSource", "RTP", async () => (await import("./rtp/mod.ts")).pullRtp);
const rtsp = kind("rtspSource", "RTSP", async () => (await import("./rtsp/mod.ts")).pullRtsp);
const srt = kind("srtSource", "SRT", async () => (await import("./srt/mod.ts")).pullSrt);

/** By the scheme of the URL. */
const sourceKinds: Readonly<Record<string, SourceKind>> = {
  "udp": mpegts,
  "udp+mpegts": mpegts,
  "unix+mpegts": mpegts,
  "udp+rtp": rtp,
  "unix+rtp": rtp,
  rtmp,
  "rtmps": rtmp,
  rtsp,
  "rtsps": rtsp,
  "rtsp+http": rtsp,
  "rtsps+http": rtsp,
  "rtsp+ws": rtsp,
  "rtsps+ws": rtsp,
  srt,
};

/** Null for sources that are no URL, and for schemes that nobody pulls yet. */
export function createSource(host: SourceHost): PathSource | null {
  const scheme = host.conf.source.split("://", 1)[0].toLowerCase();
  const kind = Object.hasOwn(sourceKinds, scheme) ? sourceKinds[scheme] : undefined;
  return kind === undefined ? null : new StaticSource(host, kind);
}
