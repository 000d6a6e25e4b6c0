/** RTMP and RTMPS: the server that clients publish to and read from. */
export { RtmpServer, type RtmpServerOptions } from "./server.ts";
export type { RtmpConnSnapshot } from "./stats.ts";
export { pullRtmp } from "./source.ts";
