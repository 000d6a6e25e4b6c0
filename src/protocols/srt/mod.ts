/** SRT: the server that clients publish to and read from, and the client. */
export { SrtServer, type SrtServerOptions } from "./server.ts";
export type { SrtConn, SrtConnSnapshot } from "./conn.ts";
export type { SrtStats } from "./stats.ts";
export { type DialOptions, dialSrt, type SrtClient } from "./client.ts";
export { pullSrt } from "./source.ts";
export { parseSrtUrl, type SrtUrl } from "./wire/url.ts";
