/** HLS: segments and playlists of live streams for players in browsers, phones and televisions. */
export type { HlsMuxerSnapshot } from "./muxer.ts";
export { HlsServer, type HlsServerOptions } from "./server.ts";
export type { HlsSessionSnapshot } from "./session.ts";
