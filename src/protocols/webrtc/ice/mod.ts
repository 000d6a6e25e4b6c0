/** Connectivity of WebRTC sessions. */
export { IceMux, type IceMuxOptions, type IceMuxStats } from "./mux.ts";
export type { MuxSession } from "./session.ts";
export { candidateText, parseCandidate, serializeCandidate } from "./wire/candidate.ts";
