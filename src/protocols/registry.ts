/** Which room pulls which URL. Adding a protocol is a folder and a row. */
import { type PathSource, type SourceHost, type SourceKind, StaticSource } from "../paths/mod.ts";
import { mpegtsSource } from "./mpegts/mod.ts";
import { rtmpSource } from "./rtmp/mod.ts";
import { rtpSource } from "./rtp/mod.ts";
import { rtspSource } from "./rtsp/mod.ts";
import { srtSource } from "./srt/mod.ts";

/** By the scheme of the URL. */
const sourceKinds: Readonly<Record<string, SourceKind>> = {
  "udp": mpegtsSource,
  "udp+mpegts": mpegtsSource,
  "unix+mpegts": mpegtsSource,
  "udp+rtp": rtpSource,
  "unix+rtp": rtpSource,
  "rtmp": rtmpSource,
  "rtmps": rtmpSource,
  "rtsp": rtspSource,
  "rtsps": rtspSource,
  "rtsp+http": rtspSource,
  "rtsps+http": rtspSource,
  "rtsp+ws": rtspSource,
  "rtsps+ws": rtspSource,
  "srt": srtSource,
};

/** Null for sources that are no URL, and for schemes that nobody pulls yet. */
export function createSource(host: SourceHost): PathSource | null {
  const scheme = host.conf.source.split("://", 1)[0].toLowerCase();
  const kind = Object.hasOwn(sourceKinds, scheme) ? sourceKinds[scheme] : undefined;
  return kind === undefined ? null : new StaticSource(host, kind);
}
