/** RTSP and RTSPS: the server that clients publish to and read from. */
export { RtspServer, type RtspServerOptions } from "./server.ts";
export type { RtspConnSnapshot, RtspSessionSnapshot } from "./stats.ts";
export { pullRtsp } from "./source.ts";
