/** Connectivity of WebRTC sessions. */
export { IceMux, type IceMuxOptions, type IceMuxStats } from "./mux.ts";
export {
  type IceServer,
  type IceServerConf,
  iceServerLinks,
  iceServersFor,
  parseIceServerUrl,
} from "./ice_servers.ts";
export type { MuxSession } from "./session.ts";
export { candidateText, parseCandidate, serializeCandidate } from "./wire/candidate.ts";
