/** Sources that bring MPEG-TS as it is: over UDP, or through a socket file. */
export { pullMpegts } from "./source.ts";
