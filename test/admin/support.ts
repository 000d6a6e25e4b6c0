/** What servers tell, made up. */
import type { PathLive } from "../../src/admin/live/mod.ts";
import type { PathSnapshot } from "../../src/paths/mod.ts";
import type { RtmpConnSnapshot } from "../../src/protocols/rtmp/mod.ts";
import type { RtspSessionSnapshot } from "../../src/protocols/rtsp/mod.ts";
import type { Track } from "../../src/stream/track.ts";

export const pathLive: PathLive = {
  inboundBitrate: 2000,
  outboundBitrate: 4000,
  queuedBytes: 5,
  tracks: [
    { codec: "H264", bitrate: 1500, frameRate: 25, keyFrameInterval: 1 },
    { codec: "Opus", bitrate: 500, frameRate: null, keyFrameInterval: null },
  ],
};

export interface PathOptions {
  readonly name: string;
  readonly available?: boolean;
  /** Ids of RTSP sessions. */
  readonly readers?: readonly string[];
  /** By a source of ours. */
  readonly pulled?: boolean;
  readonly tracks?: readonly Track[];
  readonly inboundBytes?: number;
}

export function pathSnapshot(options: PathOptions): PathSnapshot {
  const { name, available = true, readers = [], pulled = false, tracks = [], inboundBytes = 1000 } = options;
  return {
    name,
    confName: name,
    source: pulled ? { type: "rtspSource", id: "" } : null,
    sourceStatus: pulled ? { state: "error", lastError: "refused", lastErrorAt: 0, attempts: 3 } : null,
    availableTime: available ? 1000 : null,
    lastOnlineTime: available ? 1000 : null,
    tracks,
    readers: readers.map((id) => ({ type: "rtspSession", id })),
    stats: {
      inboundBytes,
      inboundFrames: 10,
      inboundFramesInError: 0,
      outboundBytes: 2 * inboundBytes,
      outboundFrames: 20,
    },
  };
}

const remote = { created: 0, remoteAddr: "192.0.2.1:5" };
const asked = { path: "cam", query: "", user: "", userAgent: "" };

export function rtspSession(id: string, changes: Partial<RtspSessionSnapshot> = {}): RtspSessionSnapshot {
  return {
    id,
    ...remote,
    state: "read",
    ...asked,
    transport: "TCP",
    profile: "AVP",
    conns: [],
    inboundBytes: 1,
    inboundRTPPackets: 2,
    inboundRTPPacketsLost: 3,
    inboundRTPPacketsInError: 0,
    inboundRTPPacketsJitter: 0.5,
    inboundRTCPPackets: 4,
    inboundRTCPPacketsInError: 0,
    outboundBytes: 6,
    outboundRTPPackets: 7,
    outboundRTPPacketsReportedLost: 0,
    outboundRTPPacketsDiscarded: 0,
    outboundRTCPPackets: 9,
    queuedBytes: 0,
    ...changes,
  };
}

export function rtmpConn(id: string): RtmpConnSnapshot {
  return {
    id,
    ...remote,
    state: "read",
    ...asked,
    inboundBytes: 1,
    outboundBytes: 2,
    outboundFramesDiscarded: 4,
    queuedBytes: 0,
  };
}
