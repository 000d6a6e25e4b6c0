/** Sources that bring RTP without RTSP around it: the description is in the configuration. */
export { pullRtp } from "./source.ts";
