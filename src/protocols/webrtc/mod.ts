/** WebRTC: publishing by WHIP and reading by WHEP, from browsers and encoders. */
export { WebrtcServer, type WebrtcServerOptions } from "./server.ts";
export type { WebrtcFailure, WebrtcSessionSnapshot } from "./stats.ts";
