/** Media of the WebRTC room: what is sent to readers, and what publishers send. Neither sockets nor timers. */
export { chooseTracks, type ChosenTracks, sentCodec } from "./choose_tracks.ts";
export {
  type AttachReceiverOptions,
  type ReceiverOptions,
  type ReceiverStats,
  WebrtcReceiver,
} from "./receiver/receiver.ts";
export { WebrtcFanout, webrtcFanoutKey } from "./sender/fanout.ts";
export type { ReaderOptions, ReaderStats, WebrtcReader } from "./sender/reader.ts";
