// @ts-check
/**
 * Publishes a stream of the browser by WebRTC (WHIP), for the server's own page and for any website:
 *
 *     import { MediaMTXWebRTCPublisher } from "https://server:8889/cam/publisher.mjs";
 *     const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
 *     const publisher = new MediaMTXWebRTCPublisher({ url: "https://server:8889/cam/whip", stream });
 *
 * `publisher.js` is the same as a plain script, which puts the class on `window`. After any failure it connects again,
 * for ever, until `close()`, which leaves the stream itself as it is.
 */
import { Connection } from "./connection.js";
import { ProblemError } from "./problem.js";
import { setFormats } from "./sdp.js";

/**
 * @typedef {object} OwnPublisherOptions
 * @property {MediaStream} stream
 * @property {string} [videoCodec] `h264/90000`: the only one that is offered. All when not given
 * @property {number | string} [videoBitrate] kilobits a second; the browser decides when not given
 * @property {string} [audioCodec] `opus/48000`, and so on
 * @property {number | string} [audioBitrate] kilobits a second
 * @property {boolean} [audioVoice] one channel with error correction, instead of stereo; true when not given
 * @property {boolean} [simulcast] in three sizes; the server chooses
 * @property {RTCDegradationPreference} [degradationPreference] what a slow network takes from first
 * @property {() => void} [onConnected] after every connection, also when it was lost before
 */
/** @typedef {import("./connection.js").ConnectionOptions & OwnPublisherOptions} PublisherOptions */
/** @typedef {"maintain-framerate" | "maintain-resolution" | "balanced"} RTCDegradationPreference */

/** Best first (RFC 8853 §5.2). @type {readonly { rid: string, scale: number, share: number }[]} */
const layers = [
  { rid: "h", scale: 1, share: 1 },
  { rid: "m", scale: 2, share: 0.3 },
  { rid: "l", scale: 4, share: 0.1 },
];

/** Few networks have less, and those that do are found out at once. */
const maxStartKbps = 1500;

/**
 * Bits a second; undefined for what is no such number.
 * @param {number | string | undefined} kbps
 */
function bitrate(kbps) {
  const value = Math.round(1000 * Number(kbps));
  return value > 0 && Number.isFinite(value) ? value : undefined;
}

/**
 * That one and what repairs it. Throws when the browser cannot send it.
 * @param {"audio" | "video"} kind
 * @param {string} wanted `h264/90000`
 */
function codecPreferences(kind, wanted) {
  const [name, clockRate] = wanted.toLowerCase().split("/");
  const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
  const own = known.filter((codec) =>
    codec.mimeType.toLowerCase() === `${kind}/${name}` &&
    (clockRate === undefined || codec.clockRate === Number(clockRate))
  );
  if (own.length === 0) {
    throw new ProblemError({ kind: "codec", text: `this browser cannot send ${name.toUpperCase()}` });
  }
  return [...own, ...known.filter(({ mimeType }) => mimeType.toLowerCase() === `${kind}/rtx`)];
}

export class MediaMTXWebRTCPublisher {
  #options;
  #connection;

  /** @param {PublisherOptions} options */
  constructor(options) {
    this.#options = options;
    /** @param {string} sdp */
    const withSound = (sdp) => setFormats(sdp, "audio", "opus", this.#opusFormat());
    this.#connection = new Connection({
      ...options,
      onState: (state) => {
        options.onState?.(state);
        if (state.kind === "connected") options.onConnected?.();
      },
    }, {
      prepare: (peer) => this.#prepare(peer),
      localOffer: (sdp) => sdp,
      // The server learns from the offer what comes; what the browser sends depends on the answer.
      sentOffer: withSound,
      answer: (sdp) => setFormats(withSound(sdp), "video", "", this.#startFormat()),
    });
  }

  get state() {
    return this.#connection.state;
  }

  /** The connection of the browser, such as for statistics; null between two tries. */
  get peer() {
    return this.#connection.peer;
  }

  /** Ends publishing and the session. */
  close() {
    this.#connection.close();
  }

  /** RFC 7587 §6.1. @returns {Record<string, number>} */
  #opusFormat() {
    const { audioVoice = true, audioBitrate } = this.#options;
    const maxaveragebitrate = bitrate(audioBitrate);
    return {
      ...audioVoice ? { useinbandfec: 1 } : { stereo: 1, "sprop-stereo": 1 },
      ...maxaveragebitrate === undefined ? {} : { maxaveragebitrate },
    };
  }

  /**
   * Chromium begins with 300 kbit/s, and small pictures; it is told that it may begin with more.
   * @returns {Record<string, number>}
   */
  #startFormat() {
    const limit = bitrate(this.#options.videoBitrate);
    return limit === undefined
      ? {}
      : { "x-google-start-bitrate": Math.min(maxStartKbps, Math.ceil(limit / 1000)) };
  }

  /** @param {RTCPeerConnection} peer */
  async #prepare(peer) {
    const { stream, videoCodec = "", audioCodec = "" } = this.#options;
    for (const track of stream.getTracks()) {
      const isVideo = track.kind === "video";
      const sendEncodings = isVideo ? this.#videoEncodings() : this.#audioEncodings();
      const transceiver = peer.addTransceiver(track, {
        direction: "sendonly",
        streams: [stream],
        sendEncodings,
      });
      const wanted = isVideo ? videoCodec : audioCodec;
      // Firefox before 128 cannot choose, and offers all.
      if (wanted !== "" && "setCodecPreferences" in transceiver) {
        transceiver.setCodecPreferences(codecPreferences(isVideo ? "video" : "audio", wanted));
      }
      if (isVideo) await this.#degrade(transceiver.sender);
    }
  }

  /** @returns {RTCRtpEncodingParameters[]} */
  #videoEncodings() {
    const { simulcast = false, videoBitrate } = this.#options;
    const maxBitrate = bitrate(videoBitrate);
    const limit = (/** @type {number} */ share) =>
      maxBitrate === undefined ? {} : { maxBitrate: Math.round(share * maxBitrate) };
    if (!simulcast) return [limit(1)];
    return layers.map(({ rid, scale, share }) => ({ rid, scaleResolutionDownBy: scale, ...limit(share) }));
  }

  /** @returns {RTCRtpEncodingParameters[]} */
  #audioEncodings() {
    const maxBitrate = bitrate(this.#options.audioBitrate);
    return [maxBitrate === undefined ? {} : { maxBitrate }];
  }

  /** @param {RTCRtpSender} sender */
  async #degrade(sender) {
    const { degradationPreference } = this.#options;
    if (degradationPreference === undefined) return;
    try {
      await sender.setParameters(Object.assign(sender.getParameters(), { degradationPreference }));
    } catch (error) {
      // Not all browsers know it, and it is only a wish.
      console.warn(error);
    }
  }
}

Reflect.set(globalThis, "MediaMTXWebRTCPublisher", MediaMTXWebRTCPublisher);
