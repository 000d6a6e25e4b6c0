// @ts-check
/**
 * Plays a live stream by WebRTC (WHEP), for the server's own page and for any website:
 *
 *     import { MediaMTXWebRTCReader } from "https://server:8889/cam/reader.mjs";
 *     const reader = new MediaMTXWebRTCReader({
 *       url: "https://server:8889/cam/whep",
 *       onTrack: ({ streams }) => video.srcObject = streams[0],
 *     });
 *
 * `reader.js` is the same as a plain script, which puts the class on `window`. After any failure the stream is opened
 * again, for ever, until `close()`.
 */
import { Connection } from "./connection.js";
import { extraCodecs } from "./extra_codecs.js";
import { addAudioCodecs, setFormats } from "./sdp.js";

/**
 * @typedef {object} OwnReaderOptions
 * @property {(event: RTCTrackEvent) => void} [onTrack] for every track, of every try; all are of one stream
 * @property {(event: RTCDataChannelEvent) => void} [onDataChannel]
 */
/** @typedef {import("./connection.js").ConnectionOptions & OwnReaderOptions} ReaderOptions */

export class MediaMTXWebRTCReader {
  #options;
  #connection;
  /** @type {readonly import("./extra_codecs.js").ExtraCodec[]} */
  #extraCodecs = [];

  /** @param {ReaderOptions} options */
  constructor(options) {
    this.#options = options;
    this.#connection = new Connection(options, {
      prepare: (peer) => this.#prepare(peer),
      localOffer: (sdp) =>
        addAudioCodecs(setFormats(sdp, "audio", "opus", { stereo: 1, "sprop-stereo": 1 }), this.#extraCodecs),
      sentOffer: (sdp) => sdp,
      answer: (sdp) => sdp,
    });
  }

  get state() {
    return this.#connection.state;
  }

  /** The connection of the browser, such as for statistics; null between two tries. */
  get peer() {
    return this.#connection.peer;
  }

  /** Ends playing and the session. */
  close() {
    this.#connection.close();
  }

  /** @param {RTCPeerConnection} peer */
  async #prepare(peer) {
    const { onTrack, onDataChannel } = this.#options;
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    // The server can open channels only when the offer has room for some.
    peer.createDataChannel("");
    if (onTrack !== undefined) peer.addEventListener("track", onTrack);
    if (onDataChannel !== undefined) peer.addEventListener("datachannel", onDataChannel);
    this.#extraCodecs = await extraCodecs();
  }
}

Reflect.set(globalThis, "MediaMTXWebRTCReader", MediaMTXWebRTCReader);
