/** Sources that bring RTP without RTSP around it: the description is in the configuration. */
export { rtpSource } from "./source.ts";
