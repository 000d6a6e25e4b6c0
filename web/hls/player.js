// @ts-check
/**
 * Plays a live HLS stream in a video element, for the server's own page and for any website:
 *
 *     import { HlsPlayer } from "https://server:8888/cam/player.js";
 *     const player = new HlsPlayer({ url: "https://server:8888/cam/index.m3u8", video });
 *
 * Safari plays by itself, which saves battery and allows AirPlay; elsewhere hls.js is loaded from beside this file.
 * After any failure the stream is opened again, for ever, until `close()`.
 */

import { authorizationHeaders, serverText } from "../shared/requests.js";

/**
 * Why nothing plays.
 * @typedef {{ kind: "noStream" }
 *   | { kind: "wrongCredentials" }
 *   | { kind: "codec", codecs: string[] }
 *   | { kind: "network" }
 *   | { kind: "server", status: number, text: string }
 *   | { kind: "interrupted", detail: string }
 *   | { kind: "browser" }} Problem `codecs` as in the playlist (RFC 6381); `text` is what the server said, or "".
 */

/**
 * @typedef {{ kind: "loading" }
 *   | { kind: "ready" }
 *   | { kind: "playing", soundBlocked: boolean }
 *   | { kind: "needsGesture" }
 *   | { kind: "failed", problem: Problem, retryMs: number }
 *   | { kind: "closed" }} PlayerState `ready`: loaded, and waits for the user as `autoplay` is off. `soundBlocked`:
 *   the browser allowed playing only without sound. `needsGesture`: not even that; `play()` in a click helps.
 */

/**
 * @typedef {object} PlayerOptions
 * @property {string | URL} url of the playlist: `…/index.m3u8`. Its query goes along with every playlist.
 * @property {HTMLVideoElement} video
 * @property {string} [user] sent with every request, as is `pass`
 * @property {string} [pass]
 * @property {string} [token] sent with every request when there is no user
 * @property {boolean} [autoplay] true when not given
 * @property {"auto" | "native" | "hls.js"} [engine]
 * @property {string | URL} [libraryUrl] of hls.js; when not given, `hls.min.js` beside this file
 * @property {number} [retryMs] 2000 when not given
 * @property {(state: PlayerState) => void} [onState]
 * @property {(problem: Problem, message: string) => void} [onError]
 * @property {(tracks: AudioTrack[]) => void} [onAudioTracks]
 */

/** @typedef {{ id: number, name: string }} AudioTrack */
/** @typedef {import("hls.js").default} Hls */
/** @typedef {typeof import("hls.js").default} HlsLibrary */

const defaultRetryMs = 2000;
/** What only a person can change is asked for less often: such tries look like guessing to the server. */
const patientFactor = 5;
/** Playing that does not advance for so long is begun anew. */
const stallMs = 10_000;
/** The same for the time from the playlist to the first picture, which may wait for a key frame. */
const startMs = 30_000;
const watchMs = 1000;

const fewTries = { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2000 };
const loading = {
  maxTimeToFirstByteMs: 10_000,
  maxLoadTimeMs: 60_000,
  timeoutRetry: fewTries,
  errorRetry: fewTries,
};
/** It is asked for again by ourselves, so that the message appears at once. A server may wait for a source. */
const opening = { ...loading, maxTimeToFirstByteMs: 30_000, timeoutRetry: null, errorRetry: null };

/** Further behind the live edge than so many target durations, it jumps there. */
const maxTargetDurations = 6;

/** For hls.js. */
const playback = {
  lowLatencyMode: true,
  // Behind the live edge: a little faster. Far behind, one jump: see `maxTargetDurations`.
  maxLiveSyncPlaybackRate: 1.5,
  liveDurationInfinity: true,
  backBufferLength: 30,
  manifestLoadPolicy: { default: opening },
  playlistLoadPolicy: { default: loading },
  fragLoadPolicy: { default: loading },
};

/** Names for people, by the beginning of the codec string. */
const codecNames = /** @type {[RegExp, string][]} */ ([
  [/^avc[1-4]/i, "H.264"],
  [/^(hvc1|hev1|dvh1|dvhe)/i, "H.265"],
  [/^av01/i, "AV1"],
  [/^vp0?9/i, "VP9"],
  [/^vp0?8/i, "VP8"],
  [/^mp4v/i, "MPEG-4 Video"],
  [/^mp4a\.(40\.34|69|6b)/i, "MP3"],
  [/^mp4a/i, "AAC"],
  [/^opus/i, "Opus"],
  [/^flac|^fLaC/i, "FLAC"],
  [/^ac-3/i, "AC-3"],
  [/^ec-3/i, "E-AC-3"],
]);

/**
 * `hvc1.1.6.L93.B0` → `H.265`; unknown ones as they are.
 * @param {string} codec
 */
export function codecName(codec) {
  return codecNames.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;
}

/**
 * One sentence for people.
 * @param {Problem} problem
 * @returns {string}
 */
export function describeProblem(problem) {
  switch (problem.kind) {
    case "noStream":
      return "No stream on this path yet";
    case "wrongCredentials":
      return "Wrong credentials for this stream";
    case "codec": {
      const names = [...new Set(problem.codecs.map(codecName))].join(" and ");
      return `This browser cannot play ${names === "" ? "the codecs of this stream" : names}`;
    }
    case "network":
      return "The server cannot be reached";
    case "server":
      return `The server reports an error (${problem.status})${problem.text && `: ${problem.text}`}`;
    case "interrupted":
      return "The stream was interrupted";
    case "browser":
      return "This browser cannot play live streams";
  }
}

/** Safari on any device, and every browser on iOS. Others that claim to play HLS do it worse than hls.js. */
function isApple() {
  return "WebKitPlaybackTargetAvailabilityEvent" in globalThis;
}

/** @param {string} codec */
function isPlayable(codec) {
  const source = globalThis.MediaSource ?? Reflect.get(globalThis, "ManagedMediaSource");
  const supports = /** @param {string} type */ (type) =>
    source?.isTypeSupported(`${type}; codecs="${codec}"`);
  return source === undefined || supports("video/mp4") || supports("audio/mp4");
}

/**
 * Those that keep the stream from playing; all when no single one is to blame.
 * @param {string[]} codecs
 */
function unplayable(codecs) {
  const blamed = codecs.filter((codec) => !isPlayable(codec));
  return blamed.length > 0 ? blamed : codecs;
}

/** @param {string} list the value of CODECS */
function splitCodecs(list) {
  return list.split(/[\s,]+/).filter((codec) => codec !== "");
}

/**
 * @param {string} url of a playlist
 * @param {string} playlist whose URIs name the session, where cookies do not
 */
function inSession(url, playlist) {
  const session = /[?&](session=[\w-]+)/.exec(playlist)?.[1];
  if (session === undefined) return url;
  const [file, query = ""] = url.split("?", 2);
  const others = query.split("&").filter((part) => part !== "" && !part.startsWith("session="));
  return `${file}?${[...others, session].join("&")}`;
}

/**
 * @param {number} status
 * @param {string} body
 * @returns {Problem}
 */
function problemOfStatus(status, body) {
  if (status === 404) return { kind: "noStream" };
  if (status === 401 || status === 403) return { kind: "wrongCredentials" };
  return { kind: "server", status, text: serverText(body) };
}

/** @type {Map<string, Promise<HlsLibrary>>} */
const libraries = new Map();

/**
 * hls.js as a script, once per URL. What a website itself keeps in `Hls` stays.
 * @param {string} url
 * @returns {Promise<HlsLibrary>}
 */
function loadLibrary(url) {
  const loaded = libraries.get(url);
  if (loaded !== undefined) return loaded;
  const loading = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const before = Reflect.get(globalThis, "Hls");
    script.src = url;
    script.onload = () => {
      resolve(Reflect.get(globalThis, "Hls"));
      if (before !== undefined) Reflect.set(globalThis, "Hls", before);
    };
    script.onerror = () => {
      libraries.delete(url);
      script.remove();
      reject(new ProblemError({ kind: "network" }));
    };
    document.head.append(script);
  });
  libraries.set(url, loading);
  return loading;
}

export class HlsPlayer {
  /** @type {PlayerOptions} */
  #options;
  /** @type {HTMLVideoElement} */
  #video;
  /** @type {PlayerState} */
  #state = { kind: "loading" };
  /** Ends everything that belongs to one try. */
  #attempt = new AbortController();
  /** @type {Hls | undefined} */
  #hls;
  /** Native playing has failed on this stream and hls.js is to try. */
  #nativeFailed = false;
  #mutedByUs = false;
  /** @type {string[]} */
  #codecs = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /** @param {PlayerOptions} options */
  constructor(options) {
    this.#options = options;
    this.#video = options.video;
    this.#open();
  }

  get state() {
    return this.#state;
  }

  /** Seconds behind the live edge; undefined while nothing plays and in Safari. */
  get latency() {
    return this.#state.kind === "playing" ? this.#hls?.latency : undefined;
  }

  /** Of `onAudioTracks`. @param {number} id */
  selectAudioTrack(id) {
    if (this.#hls !== undefined) this.#hls.audioTrack = id;
  }

  /** Starts playing where the browser or `autoplay: false` has kept it from starting by itself. */
  play() {
    void this.#play();
  }

  /** Ends playing and all requests. */
  close() {
    clearTimeout(this.#retry);
    this.#leave();
    this.#set({ kind: "closed" });
  }

  /** @param {PlayerState} state */
  #set(state) {
    if (this.#state.kind === "closed") return;
    this.#state = state;
    this.#options.onState?.(state);
  }

  async #open() {
    const attempt = this.#attempt = new AbortController();
    this.#codecs = [];
    if (this.#state.kind !== "loading") this.#set({ kind: "loading" });
    this.#watch(attempt.signal);
    try {
      if (this.#wantsNative()) await this.#openNative(attempt.signal);
      else await this.#openLibrary(attempt.signal);
    } catch (error) {
      if (attempt.signal.aborted) return;
      const isKnown = error instanceof ProblemError;
      if (!isKnown) console.error(error);
      this.#fail(isKnown ? error.problem : { kind: "interrupted", detail: String(error) });
    }
  }

  #wantsNative() {
    const { engine = "auto", user, token } = this.#options;
    if (engine !== "auto") return engine === "native";
    // A video element cannot send an Authorization header.
    if (user !== undefined || token !== undefined || this.#nativeFailed) return false;
    return isApple() && this.#video.canPlayType("application/vnd.apple.mpegurl") !== "";
  }

  /**
   * The playlist is fetched first, as a video element does not tell why it failed. Where that request ended after
   * redirects is given to the element, with the session that it began: another one would take another place.
   * @param {AbortSignal} signal
   */
  async #openNative(signal) {
    const init = { signal, headers: this.#headers, cache: /** @type {const} */ ("no-store") };
    const response = await fetch(this.#url, init).catch(() => {
      throw new ProblemError({ kind: "network" });
    });
    const text = await response.text();
    if (!response.ok) throw new ProblemError(problemOfStatus(response.status, text));
    for (const [, list] of text.matchAll(/CODECS="([^"]*)"/g)) this.#codecs.push(...splitCodecs(list));
    const video = this.#video;
    video.addEventListener("error", () => this.#onNativeError(video.error), { signal });
    this.#listen(signal);
    video.src = inSession(response.url, text);
    if (this.#autoplay) void this.#play();
  }

  /** @param {MediaError | null} error */
  #onNativeError(error) {
    this.#nativeFailed = true;
    const isCodec = error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    const blamed = this.#codecs.filter((codec) => !isPlayable(codec));
    if (isCodec && blamed.length > 0) this.#fail({ kind: "codec", codecs: blamed });
    else this.#fail({ kind: "interrupted", detail: error?.message ?? "" });
  }

  /** @param {AbortSignal} signal */
  async #openLibrary(signal) {
    const library = await loadLibrary(
      String(this.#options.libraryUrl ?? new URL("hls.min.js", import.meta.url)),
    );
    if (signal.aborted) return;
    if (!library.isSupported()) {
      // iPhones before iOS 17.1: there is only their own player, whatever has failed.
      if (!this.#nativeFailed) throw new ProblemError({ kind: "browser" });
      this.#nativeFailed = false;
      return await this.#openNative(signal);
    }
    const headers = Object.entries(this.#headers);
    const hls = this.#hls = new library({
      ...playback,
      xhrSetup: (xhr) => headers.forEach(([name, value]) => xhr.setRequestHeader(name, value)),
    });
    // As an option this would demand `liveSyncDurationCount` too, which overrides the hold-back of the playlist.
    hls.config.liveMaxLatencyDurationCount = maxTargetDurations;
    const { Events } = library;
    hls.on(Events.MANIFEST_LOADED, (_, { levels }) => {
      this.#codecs = levels.flatMap(({ attrs }) => splitCodecs(attrs.CODECS ?? ""));
    });
    hls.on(Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks }) => {
      this.#options.onAudioTracks?.(audioTracks.map(({ id, name }) => ({ id, name })));
    });
    hls.on(Events.MANIFEST_PARSED, () => {
      if (this.#autoplay) void this.#play();
    });
    hls.on(Events.ERROR, (_, data) => {
      if (data.fatal) this.#fail(this.#problemOf(data));
    });
    this.#listen(signal);
    hls.loadSource(this.#url);
    hls.attachMedia(this.#video);
  }

  /**
   * @param {import("hls.js").ErrorData} data
   * @returns {Problem}
   */
  #problemOf(data) {
    if (data.type === "mediaError" && /codec/i.test(data.details)) {
      const added = data.mimeType?.match(/codecs="?([^"]*)/)?.[1] ?? "";
      return { kind: "codec", codecs: unplayable(added === "" ? this.#codecs : splitCodecs(added)) };
    }
    if (data.type !== "networkError") return { kind: "interrupted", detail: data.details };
    const { details, response } = data;
    const status = response?.code ?? 0;
    if (status === 0 && /Load(Error|TimeOut)$/.test(details)) return { kind: "network" };
    // Once the stream was open, a refusal only means that it, or our session, has ended.
    const isRefused = status >= 500 || (status >= 400 && details === "manifestLoadError");
    if (!isRefused) return { kind: "interrupted", detail: `${details} ${status}` };
    return problemOfStatus(status, responseText(data.networkDetails));
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const video = this.#video;
    const on = (/** @type {string} */ name, /** @type {() => void} */ listener) =>
      video.addEventListener(name, listener, { signal });
    let hasPaused = false;
    on("loadeddata", () => {
      if (video.paused && !this.#autoplay) this.#set({ kind: "ready" });
    });
    on("playing", () => this.#onPlaying());
    on("volumechange", () => {
      if (this.#state.kind === "playing" && this.#state.soundBlocked && !video.muted) this.#onPlaying();
    });
    on("pause", () => hasPaused = true);
    // After a pause the stream goes on live; where it was left may not be available any more.
    on("play", () => {
      const live = this.#hls?.liveSyncPosition;
      if (hasPaused && typeof live === "number" && live > video.currentTime) video.currentTime = live;
      hasPaused = false;
    });
    on("ended", () => this.#fail({ kind: "interrupted", detail: "ended" }));
  }

  #onPlaying() {
    this.#nativeFailed = false;
    const soundBlocked = this.#mutedByUs && this.#video.muted;
    this.#mutedByUs = soundBlocked;
    this.#set({ kind: "playing", soundBlocked });
  }

  async #play() {
    const { signal } = this.#attempt;
    try {
      await this.#video.play();
    } catch (error) {
      if (signal.aborted || !(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      if (this.#video.muted) {
        this.#set({ kind: "needsGesture" });
        return;
      }
      this.#mutedByUs = true;
      this.#video.muted = true;
      await this.#play();
    }
  }

  /** Notices what no event tells: a stream that stands still. @param {AbortSignal} signal */
  #watch(signal) {
    const video = this.#video;
    let position = -1;
    let movedAt = performance.now();
    const timer = setInterval(() => {
      const waitsForUser = this.#state.kind === "ready" || this.#state.kind === "needsGesture";
      const isStarting = this.#state.kind === "loading";
      if (waitsForUser || (video.paused && !isStarting) || (!isStarting && video.currentTime !== position)) {
        movedAt = performance.now();
      }
      position = video.currentTime;
      if (performance.now() - movedAt < (isStarting ? startMs : stallMs)) return;
      this.#fail({ kind: "interrupted", detail: "stands still" });
    }, watchMs);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** @param {Problem} problem */
  #fail(problem) {
    if (this.#attempt.signal.aborted) return;
    this.#leave();
    const { retryMs: basicMs = defaultRetryMs, onError } = this.#options;
    const isPatient = ["wrongCredentials", "codec", "browser"].includes(problem.kind);
    const retryMs = isPatient ? patientFactor * basicMs : basicMs;
    this.#retry = setTimeout(() => this.#open(), retryMs);
    this.#set({ kind: "failed", problem, retryMs });
    onError?.(problem, describeProblem(problem));
  }

  #leave() {
    this.#attempt.abort();
    if (this.#hls === undefined) {
      this.#video.removeAttribute("src");
      this.#video.load();
    }
    this.#hls?.destroy();
    this.#hls = undefined;
    this.#options.onAudioTracks?.([]);
  }

  get #autoplay() {
    return this.#options.autoplay ?? true;
  }

  get #url() {
    return String(new URL(this.#options.url, document.baseURI));
  }

  /** @returns {Record<string, string>} */
  get #headers() {
    return authorizationHeaders(this.#options);
  }
}

class ProblemError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(describeProblem(problem));
    this.problem = problem;
  }
}

/** @param {unknown} request of hls.js */
function responseText(request) {
  const isText = request instanceof XMLHttpRequest && ["", "text"].includes(request.responseType);
  return isText ? request.responseText : "";
}
