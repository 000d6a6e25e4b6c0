/** SRT: the server that clients publish to and read from. */
export { SrtServer, type SrtServerOptions } from "./server.ts";
export type { SrtConn } from "./conn.ts";
export type { SrtStats } from "./stats.ts";
