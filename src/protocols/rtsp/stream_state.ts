import type { Stream } from "../../stream/stream.ts";
import type { RtspContext } from "./context.ts";
import { RtspFanout } from "./fanout/rtsp_fanout.ts";
import { StreamMulticast } from "./multicast.ts";
import { createKeyedSender, type KeyedSender } from "./srtp_keys.ts";

/** What a server needs of its context for this. */
type StateContext = Pick<RtspContext, "secure" | "srtpCrypto" | "multicast">;

/** What one server keeps for one stream: SDP, SETUP and PLAY of all its readers look here. */
export interface StreamState {
  readonly fanout: RtspFanout;
  readonly multicast: StreamMulticast | null;
  /** By media index: what the server encrypts with for every reader. Null without TLS. */
  readonly keys: readonly KeyedSender[] | null;
}

/** Streams and their states go together: a stream that ended takes its state along. */
export class StreamStates {
  readonly #states = new WeakMap<Stream, StreamState>();

  of(context: StateContext, stream: Stream): StreamState {
    let state = this.#states.get(stream);
    if (state === undefined) {
      state = createState(context, stream);
      this.#states.set(stream, state);
    }
    return state;
  }
}

function createState(context: StateContext, stream: Stream): StreamState {
  const { secure, multicast, srtpCrypto } = context;
  // The stream may be older than this server: it keeps the fanout, and the keys that are used there.
  const fanout = stream.fanout(secure ? "rtsps" : "rtsp", () => {
    const mediaCount = 1 + Math.max(...stream.tracks.map((track) => track.mediaIndex));
    const keys = secure ? Array.from({ length: mediaCount }, () => createKeyedSender(srtpCrypto)) : null;
    return new RtspFanout(stream, crypto.randomUUID(), keys);
  });
  return {
    fanout,
    multicast: multicast === null ? null : new StreamMulticast(multicast, fanout, secure),
    keys: fanout.keys,
  };
}
