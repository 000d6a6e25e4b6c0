// @ts-check
/** A peer connection that is opened again after every failure: what reading and publishing have in common. */
import { describeProblem, needsPerson, ProblemError } from "./problem.js";
import { candidateFragment } from "./sdp.js";
import { Signaling } from "./signaling.js";

const defaultRetryMs = 2000;
const patientFactor = 5;
/** From the answer to the first packet; browsers themselves try longer. */
const connectMs = 15_000;
/** Packets that stay away for a moment may come back by themselves. */
const lostMs = 5000;

/**
 * @typedef {{ kind: "connecting" }
 *   | { kind: "connected" }
 *   | { kind: "failed", problem: import("./problem.js").Problem, retryMs: number }
 *   | { kind: "closed" }} ConnectionState
 */

/**
 * @typedef {object} ConnectionOptions
 * @property {string | URL} url of the endpoint: `…/whep` or `…/whip`
 * @property {string} [user] sent with every request, as is `pass`
 * @property {string} [pass]
 * @property {string} [token] sent with every request when there is no user
 * @property {number} [retryMs] 2000 when not given
 * @property {(message: string, problem: import("./problem.js").Problem) => void} [onError] for every try that fails
 * @property {(state: ConnectionState) => void} [onState]
 */

/**
 * What makes a connection read or publish.
 * @typedef {object} Role
 * @property {(peer: RTCPeerConnection) => void | Promise<void>} prepare adds tracks and listeners
 * @property {(sdp: string) => string} localOffer what of the offer the browser itself is to know
 * @property {(sdp: string) => string} sentOffer what of it only the server gets
 * @property {(sdp: string) => string} answer
 */

export class Connection {
  #options;
  #role;
  /** @type {ConnectionState} */
  #state = { kind: "connecting" };
  /** Ends everything that belongs to one try. */
  #attempt = new AbortController();
  /** @type {RTCPeerConnection | null} */
  #peer = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {ConnectionOptions} options
   * @param {Role} role
   */
  constructor(options, role) {
    this.#options = options;
    this.#role = role;
    // Whoever makes it can keep it before the first event.
    this.#retry = setTimeout(() => this.#open(), 0);
  }

  get state() {
    return this.#state;
  }

  /** That of the browser; null between two tries. */
  get peer() {
    return this.#peer;
  }

  close() {
    clearTimeout(this.#retry);
    this.#attempt.abort();
    this.#set({ kind: "closed" });
  }

  /** @param {ConnectionState} state */
  #set(state) {
    if (this.#state.kind === "closed") return;
    this.#state = state;
    this.#options.onState?.(state);
  }

  async #open() {
    const attempt = this.#attempt = new AbortController();
    this.#set({ kind: "connecting" });
    try {
      if (!("RTCPeerConnection" in globalThis)) throw new ProblemError({ kind: "browser" });
      await this.#connect(attempt.signal);
    } catch (error) {
      if (attempt.signal.aborted) return;
      const isKnown = error instanceof ProblemError;
      if (!isKnown) console.error(error);
      this.#fail(isKnown ? error.problem : { kind: "interrupted", detail: String(error) });
    }
  }

  /** @param {AbortSignal} signal */
  async #connect(signal) {
    const signaling = new Signaling(this.#options.url, this.#options);
    const iceServers = await signaling.iceServers();
    signal.throwIfAborted();
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer = peer;
    signal.addEventListener("abort", () => {
      // What the server itself has ended is not there any more.
      if (signal.reason !== gone) signaling.end();
      peer.close();
      if (this.#peer === peer) this.#peer = null;
    });
    const trickle = new Trickle(peer, signaling, () => this.#fail(gone));
    await this.#role.prepare(peer);
    const offer = await this.#describe(peer);
    signal.throwIfAborted();
    // Not aborted: the session that it begins has to be ended.
    const answer = await signaling.offer(this.#role.sentOffer(offer));
    if (signal.aborted) signaling.end();
    signal.throwIfAborted();
    this.#watch(peer, signal);
    await peer.setRemoteDescription({ type: "answer", sdp: this.#role.answer(answer) });
    signal.throwIfAborted();
    this.#watchTransports(peer, signal);
    trickle.start(offer);
  }

  /**
   * Sets the local description and gives it.
   * @param {RTCPeerConnection} peer
   */
  async #describe(peer) {
    const { sdp = "" } = await peer.createOffer();
    const edited = this.#role.localOffer(sdp);
    try {
      await peer.setLocalDescription({ type: "offer", sdp: edited });
      return edited;
    } catch (error) {
      // Browsers may forbid changes of the text some day.
      if (edited === sdp) throw error;
      await peer.setLocalDescription({ type: "offer", sdp });
      return sdp;
    }
  }

  /**
   * @param {RTCPeerConnection} peer
   * @param {AbortSignal} signal
   */
  #watch(peer, signal) {
    let wasConnected = false;
    /** @param {string} detail @returns {import("./problem.js").Problem} */
    const problem = (detail) => {
      const isBlocked = !wasConnected && !["connected", "completed"].includes(peer.iceConnectionState);
      return isBlocked ? { kind: "blocked" } : { kind: "interrupted", detail };
    };
    const failLater = (/** @type {number} */ ms, /** @type {string} */ detail) =>
      setTimeout(() => this.#fail(problem(detail)), ms);
    let timer = failLater(connectMs, "nothing came");
    signal.addEventListener("abort", () => clearTimeout(timer));
    peer.addEventListener("connectionstatechange", () => {
      if (signal.aborted) return;
      const state = peer.connectionState;
      if (state === "connected") {
        clearTimeout(timer);
        const isFirst = !wasConnected;
        wasConnected = true;
        if (isFirst) this.#set({ kind: "connected" });
      } else if (state === "disconnected") {
        clearTimeout(timer);
        timer = failLater(lostMs, "packets stay away");
      } else if (state === "failed") {
        this.#fail(problem("failed"));
      } else if (state === "closed") {
        this.#fail(gone);
      }
    }, { signal });
  }

  /**
   * The server says goodbye by DTLS, which Chromium tells here only: its connection stays "connected" for seconds.
   * @param {RTCPeerConnection} peer
   * @param {AbortSignal} signal
   */
  #watchTransports(peer, signal) {
    const all = peer.getTransceivers().flatMap((
      { sender, receiver },
    ) => [sender.transport, receiver.transport]);
    for (const transport of new Set(all)) {
      transport?.addEventListener("statechange", () => {
        if (transport.state === "closed") this.#fail(gone);
      }, { signal });
    }
  }

  /** @param {import("./problem.js").Problem} problem */
  #fail(problem) {
    if (this.#attempt.signal.aborted) return;
    this.#attempt.abort(problem);
    const { retryMs: basicMs = defaultRetryMs, onError } = this.#options;
    const retryMs = needsPerson(problem) ? patientFactor * basicMs : basicMs;
    this.#retry = setTimeout(() => this.#open(), retryMs);
    this.#set({ kind: "failed", problem, retryMs });
    onError?.(`${describeProblem(problem)}, retrying in some seconds`, problem);
  }
}

/** @type {import("./problem.js").Problem} */
const gone = { kind: "interrupted", detail: "the server has ended the session" };

/** Sends candidates once the session exists: all that have been found meanwhile in one request, one at a time. */
class Trickle {
  #signaling;
  #onGone;
  /** @type {(RTCIceCandidate | null)[]} */
  #found = [];
  #offer = "";
  #isSending = false;

  /**
   * @param {RTCPeerConnection} peer
   * @param {Signaling} signaling
   * @param {() => void} onGone
   */
  constructor(peer, signaling, onGone) {
    this.#signaling = signaling;
    this.#onGone = onGone;
    peer.addEventListener("icecandidate", ({ candidate }) => {
      this.#found.push(candidate);
      void this.#send();
    });
  }

  /** @param {string} offer */
  start(offer) {
    this.#offer = offer;
    void this.#send();
  }

  async #send() {
    if (this.#offer === "" || this.#isSending) return;
    this.#isSending = true;
    while (this.#found.length > 0) {
      const outcome = await this.#signaling.addCandidates(
        candidateFragment(this.#offer, this.#found.splice(0)),
      );
      if (outcome === "gone") this.#onGone();
      // It stays sending: there is no use in more.
      if (outcome !== "taken") return;
    }
    this.#isSending = false;
  }
}
