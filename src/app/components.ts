/**
 * What the server is made of, from the first to start to the last. They stop in the reverse order. A component is
 * one row here; it reads from `Services` the configuration and what earlier rows have left for it.
 *
 * Everything below "paths" is a room that can be switched off, and whose code costs memory and time: its row imports
 * `rooms/<name>.ts` when the configuration first switches it on, and nothing else here imports the room's code.
 */
import { AuthManager } from "../auth/mod.ts";
import type { GlobalKey } from "../conf/mod.ts";
import { Hooks } from "../hooks/mod.ts";
import { LivePaths } from "../paths/mod.ts";
import { createSource } from "../protocols/registry.ts";
import type { Component } from "./lifecycle.ts";
import { type Room, room } from "./room.ts";
import type { Services } from "./services.ts";

const udpKeys: readonly GlobalKey[] = ["udpReadBufferSize", "udpFastPath"];
const rtspKeys: readonly GlobalKey[] = [
  "rtsp",
  "rtspEncryption",
  "rtspTransports",
  "rtspTrustedProxies",
  "rtspUDPReadBufferSize",
  "multicastIPRange",
  ...udpKeys,
];
const rtspAddresses: readonly GlobalKey[] = [
  "rtspAddress",
  "rtpAddress",
  "rtcpAddress",
  "multicastRTPPort",
  "multicastRTCPPort",
];
const rtspsAddresses: readonly GlobalKey[] = [
  "rtspsAddress",
  "srtpAddress",
  "srtcpAddress",
  "multicastSRTPPort",
  "multicastSRTCPPort",
];
const rtmpKeys: readonly GlobalKey[] = ["rtmp", "rtmpEncryption", "rtmpTrustedProxies"];

/** The table. */
export const components: readonly Component<Services>[] = [
  {
    name: "hooks",
    // They end after all the others: `Services.finish`.
    start: (services) => {
      const { conf, logger } = services;
      const hooks = services.hooks = new Hooks({ conf, logger });
      return { reload: (conf) => hooks.reload(conf), close: () => {} };
    },
  },
  {
    name: "authentication",
    start: (services) => services.auth = new AuthManager(services.conf, services.logger),
  },
  {
    name: "paths",
    start: (services) =>
      services.paths = new LivePaths({
        conf: services.conf,
        auth: services.auth,
        hooks: services.hooks,
        logger: services.logger,
        createSource,
      }),
  },
  room({
    name: "RTSP",
    restartOn: [...rtspKeys, ...rtspAddresses],
    listensOn: rtspAddresses,
    isOn: ({ rtsp, rtspEncryption }) => rtsp && rtspEncryption !== "strict",
    shows: ["rtspconns", "rtspsessions"],
    load: async () => (await import("./rooms/rtsp.ts")).startRtsp,
  }),
  room({
    name: "RTSPS",
    restartOn: [...rtspKeys, ...rtspsAddresses, "rtspServerKey", "rtspServerCert"],
    listensOn: rtspsAddresses,
    isOn: ({ rtsp, rtspEncryption }) => rtsp && rtspEncryption !== "no",
    shows: ["rtspsconns", "rtspssessions"],
    load: async () => (await import("./rooms/rtsp.ts")).startRtsps,
  }),
  room({
    name: "RTMP",
    restartOn: [...rtmpKeys, "rtmpAddress"],
    listensOn: ["rtmpAddress"],
    isOn: ({ rtmp, rtmpEncryption }) => rtmp && rtmpEncryption !== "strict",
    shows: ["rtmpconns"],
    load: async () => (await import("./rooms/rtmp.ts")).startRtmp,
  }),
  room({
    name: "RTMPS",
    restartOn: [...rtmpKeys, "rtmpsAddress", "rtmpServerKey", "rtmpServerCert"],
    listensOn: ["rtmpsAddress"],
    isOn: ({ rtmp, rtmpEncryption }) => rtmp && rtmpEncryption !== "no",
    shows: ["rtmpsconns"],
    load: async () => (await import("./rooms/rtmp.ts")).startRtmps,
  }),
  room({
    name: "HLS",
    restartOn: [
      "hls",
      "hlsAddress",
      "hlsEncryption",
      "hlsServerKey",
      "hlsServerCert",
      "hlsAlwaysRemux",
      "hlsVariant",
      "hlsSegmentCount",
      "hlsSegmentDuration",
      "hlsPartDuration",
      "hlsSegmentMaxSize",
      "hlsDirectory",
    ],
    listensOn: ["hlsAddress"],
    isOn: ({ hls }) => hls,
    shows: ["hlsmuxers", "hlssessions"],
    load: async () => (await import("./rooms/hls.ts")).startHls,
  }),
  room({
    name: "WebRTC",
    restartOn: [
      "webrtc",
      "webrtcAddress",
      "webrtcEncryption",
      "webrtcServerKey",
      "webrtcServerCert",
      "webrtcLocalUDPAddress",
      "webrtcLocalTCPAddress",
      "webrtcIPsFromInterfaces",
      "webrtcIPsFromInterfacesList",
      "webrtcAdditionalHosts",
      "webrtcICEServers2",
      "webrtcSTUNGatherTimeout",
      ...udpKeys,
    ],
    listensOn: ["webrtcAddress", "webrtcLocalUDPAddress", "webrtcLocalTCPAddress"],
    isOn: ({ webrtc }) => webrtc,
    shows: ["webrtcsessions"],
    load: async () => (await import("./rooms/webrtc.ts")).startWebrtc,
  }),
  room({
    name: "SRT",
    restartOn: ["srt", "srtAddress", ...udpKeys],
    listensOn: ["srtAddress"],
    isOn: ({ srt }) => srt,
    shows: ["srtconns"],
    load: async () => (await import("./rooms/srt.ts")).startSrt,
  }),
  room({
    ...operatorRow("metrics"),
    load: async () => (await import("./rooms/metrics.ts")).startMetrics,
  }),
  room({
    ...operatorRow("pprof"),
    load: async () => (await import("./rooms/pprof.ts")).startPprof,
  }),
  room({
    ...operatorRow("api"),
    load: async () => (await import("./rooms/api.ts")).startApi,
  }),
];

/** What the rows of servers for operators have in common. */
function operatorRow(name: "metrics" | "pprof" | "api"): Omit<Room, "load"> {
  return {
    name,
    restartOn: [name, `${name}Address`, `${name}Encryption`, `${name}ServerKey`, `${name}ServerCert`],
    listensOn: [`${name}Address`],
    isOn: (conf) => conf[name],
  };
}
