/**
 * Follows one media playlist of a live stream as a player does, shows every version to the validator, and looks at
 * the HTTP around it.
 */
import {
  applyDelta,
  type MediaPlaylist,
  parseMediaPlaylist,
} from "../../protocols/hls/support/media_playlist.ts";
import { PlaylistValidator } from "../../protocols/hls/support/validator.ts";
import type { HlsAnswer, HlsClient } from "./hls_client.ts";

const pollMs = 500;
/** Every so many blocking reloads one is for the whole playlist, the others for what has changed. */
const wholeEach = 4;
/** The version at which ranges and HEAD are tried. */
const rangeVersion = 12;
/** So many closed segments have their parts listed: who comes when more have been closed has missed some. */
const segmentsWithParts = 2;
/** What left the playlist so many segments ago may be gone. */
const lingering = 1;
/** For tests that hang. */
const limitMs = 120_000;

export interface LiveOptions {
  readonly client: HlsClient;
  /** Of the media playlist. */
  readonly url: string;
  readonly video: boolean;
  /** Blocking reloads, delta updates and preload hints; else it asks twice a second. */
  readonly lowLatency: boolean;
  readonly mediaType: string;
}

/** What comes next is no longer there: this process was not given the processor for too long. */
class LateError extends Error {}

function end({ mediaSequence, segments }: MediaPlaylist): number {
  return mediaSequence + segments.length;
}

/**
 * `problems` has one sentence each, and is empty when all is well. A player that is late opens the stream anew, and so does
 * this one: only playlists that it has read one after the other can be compared.
 */
export class LiveFollower {
  #validator: PlaylistValidator;
  /** Of the times before it was late. */
  readonly #validators: PlaylistValidator[] = [];
  readonly #problems: string[] = [];
  /** From preload hints: the server answers when the part is complete. */
  readonly #hinted = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>();
  readonly #pending = new Set<Promise<unknown>>();
  #rangesTried = false;
  /** Segments in the order of their numbers, `collect` only: those since it was late. */
  readonly segments: Uint8Array<ArrayBuffer>[] = [];
  deltas = 0;
  skipped = 0;
  hints = 0;
  /** From the end of the newest part, by the server's clock, to its arrival here, in milliseconds. */
  readonly ages: number[] = [];

  constructor(private readonly options: LiveOptions, private readonly collect = false) {
    this.#validator = this.#createValidator();
  }

  #createValidator(): PlaylistValidator {
    const validator = new PlaylistValidator({
      fetchFile: (uri) => this.#fetchFile(uri),
      video: this.options.video,
      regular: this.options.lowLatency,
    });
    this.#validators.push(validator);
    return validator;
  }

  get problems(): readonly string[] {
    return [...this.#validators.flatMap(({ problems }) => problems), ...this.#problems];
  }

  /** How often it had to open the stream anew. */
  get timesLate(): number {
    return this.#validators.length - 1;
  }

  /** Ranges and HEAD: once, when there are enough segments. */
  get rangesTried(): boolean {
    return this.#rangesTried;
  }

  get playlists(): number {
    return this.#sum("playlists");
  }

  get samples(): number {
    return this.#sum("samples");
  }

  get discontinuities(): number {
    return this.#sum("discontinuities");
  }

  #sum(name: "playlists" | "samples" | "discontinuities"): number {
    return this.#validators.reduce((total, validator) => total + validator[name], 0);
  }

  /** Until then, in time of `performance.now()`, and until there were so many versions. Throws when these do not come. */
  async follow(endMs: number, playlists = 1): Promise<void> {
    let playlist: MediaPlaylist | null = null;
    while (playlist === null || performance.now() < endMs || this.playlists < playlists) {
      if (performance.now() > endMs + limitMs) throw new Error(`only ${this.playlists} playlists`);
      try {
        playlist = await this.#next(playlist);
      } catch (error) {
        if (!(error instanceof LateError)) throw error;
        this.#startAnew();
        playlist = null;
      }
    }
    await Promise.all(this.#pending);
  }

  async #next(before: MediaPlaylist | null): Promise<MediaPlaylist> {
    const playlist = before === null
      ? await this.#load("")
      : this.options.lowLatency
      ? await this.#reload(before)
      : await this.#poll();
    if (before !== null) {
      const missed = end(before) < playlist.mediaSequence ||
        this.options.lowLatency && end(playlist) - end(before) > segmentsWithParts;
      if (missed) throw new LateError();
    }
    await this.#judge(playlist, before);
    return playlist;
  }

  #startAnew(): void {
    this.#validator = this.#createValidator();
    this.#hinted.clear();
    this.segments.length = 0;
  }

  #problem(text: string): void {
    if (this.#problems.length < 50) this.#problems.push(text);
  }

  async #poll(): Promise<MediaPlaylist> {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    return await this.#load("");
  }

  /** RFC 8216bis §6.2.5: asks for the next part, and for that part itself. */
  async #reload(before: MediaPlaylist): Promise<MediaPlaylist> {
    this.#followHint(before);
    const msn = end(before);
    const query = `_HLS_msn=${msn}&_HLS_part=${before.open.parts.length}`;
    if (before.canSkipUntil === null || this.playlists % wholeEach === 0) return await this.#load(query);
    const delta = await this.#load(`${query}&_HLS_skip=YES`);
    if (delta.skipped === 0) return delta;
    if (delta.mediaSequence + delta.skipped > msn) throw new LateError();
    this.deltas++;
    this.skipped += delta.skipped;
    return applyDelta(before, delta);
  }

  async #load(query: string): Promise<MediaPlaylist> {
    const url = new URL(this.options.url);
    if (query !== "") url.search += `${url.search === "" ? "" : "&"}${query}`;
    const answer = await this.options.client.get(String(url));
    if (answer.status !== 200) {
      const asked = Number(url.searchParams.get("_HLS_msn") ?? Infinity);
      if (answer.status === 400 && asked < (await this.#load("")).mediaSequence) throw new LateError();
      throw new Error(`${url}: ${answer.status} ${answer.text}`);
    }
    this.#checkHeaders(answer, "application/vnd.apple.mpegurl");
    const playlist = parseMediaPlaylist(answer.text);
    if (query !== "") this.#addAge(playlist);
    return playlist;
  }

  #addAge(playlist: MediaPlaylist): void {
    const last = playlist.segments.findLastIndex(({ dateTime }) => dateTime !== null);
    if (last === -1) return;
    const rest = playlist.segments.slice(last).reduce((sum, { duration }) => sum + duration, 0);
    const open = playlist.open.parts.reduce((sum, { duration }) => sum + duration, 0);
    const end = Date.parse(playlist.segments[last].dateTime ?? "") + 1000 * (rest + open);
    this.ages.push(Date.now() - end);
  }

  #followHint({ preloadHint }: MediaPlaylist): void {
    if (preloadHint === null || this.#hinted.has(preloadHint)) return;
    this.hints++;
    const file = this.#fetch(preloadHint);
    this.#hinted.set(preloadHint, file);
    this.#pending.add(file);
    void file.finally(() => this.#pending.delete(file));
  }

  async #judge(playlist: MediaPlaylist, before: MediaPlaylist | null): Promise<void> {
    await this.#validator.checkPlaylist(playlist);
    const { open, segments, mediaSequence } = playlist;
    const parts = [...segments.flatMap((segment) => segment.parts), ...open.parts];
    for (const uri of this.#hinted.keys()) {
      // what is no longer listed is not asked for again
      if (uri !== playlist.preloadHint && !parts.some((part) => part.uri === uri)) this.#hinted.delete(uri);
    }
    if (before === null || before.mediaSequence === mediaSequence) return;
    // the one that leaves next has to be there still; the one that has just left, too (§6.2.2)
    for (const segment of [before.segments[0], segments[0]]) {
      if (segment.gap || await this.#fetch(segment.uri) !== null) continue;
      const now = await this.#load("");
      if (now.mediaSequence - segment.msn <= lingering) {
        this.#problem(`segment ${segment.msn} is gone at ${mediaSequence}`);
      }
    }
    if (this.playlists > rangeVersion && !this.#rangesTried) await this.#tryRanges(segments);
  }

  async #fetchFile(uri: string): Promise<Uint8Array | null> {
    const bytes = await this.#hinted.get(uri) ?? await this.#fetch(uri);
    if (bytes === null && !await this.#isListed(uri)) throw new LateError();
    if (this.collect && bytes !== null) this.segments.push(bytes);
    return bytes;
  }

  async #isListed(uri: string): Promise<boolean> {
    const { segments, open } = await this.#load("");
    return [...segments, { uri: "", ...open }].some((segment) =>
      segment.uri === uri || segment.map === uri || segment.parts.some((part) => part.uri === uri)
    );
  }

  async #fetch(uri: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const answer = await this.options.client.ask(this.#absolute(uri));
    if (answer.status !== 200) return null;
    this.#checkHeaders(answer, this.options.mediaType);
    return answer.bytes;
  }

  #absolute(uri: string): string {
    return String(new URL(uri, this.options.url));
  }

  #checkHeaders({ url, headers, bytes }: HlsAnswer, type: string, length = bytes.length): void {
    const found = (name: string) => headers.get(name);
    if (found("content-type") !== type) {
      this.#problem(`${url} is ${found("content-type")} instead of ${type}`);
    }
    if (found("content-length") !== String(length)) {
      this.#problem(`${url} has ${length} bytes, Content-Length is ${found("content-length")}`);
    }
    if (found("cache-control") !== "private, no-cache") {
      this.#problem(`${url} has Cache-Control ${found("cache-control")}`);
    }
    if (found("access-control-allow-origin") !== "*") this.#problem(`${url} is not for all origins`);
  }

  /** RFC 9110 §9.3.2 and §14. */
  async #tryRanges(segments: MediaPlaylist["segments"]): Promise<void> {
    const uri = segments.findLast(({ gap }) => !gap)?.uri;
    if (uri === undefined) return;
    this.#rangesTried = true;
    const url = this.#absolute(uri);
    const { client } = this.options;
    const whole = await client.ask(url);
    const size = whole.bytes.length;
    const head = await client.ask(url, { method: "HEAD" });
    if (head.status !== 200 || head.bytes.length > 0) this.#problem(`HEAD ${url}: ${head.status}`);
    this.#checkHeaders(head, this.options.mediaType, size);
    const ranges = [["0-99", 0, 100], [`${size - 10}-`, size - 10, size], ["-7", size - 7, size], [
      `10-${2 * size}`,
      10,
      size,
    ]] as const;
    for (const [range, start, end] of ranges) {
      const part = await client.ask(url, { headers: { range: `bytes=${range}` } });
      const wanted = whole.bytes.subarray(start, end);
      const isRight = part.status === 206 && part.bytes.every((byte, i) => byte === wanted[i]) &&
        part.bytes.length === wanted.length &&
        part.headers.get("content-range") === `bytes ${start}-${end - 1}/${size}`;
      if (!isRight) {
        this.#problem(`${url}, range ${range}: ${part.status} ${part.headers.get("content-range")}`);
      }
    }
    const beyond = await client.ask(url, { headers: { range: `bytes=${size}-` } });
    if (beyond.status !== 416 || beyond.headers.get("content-range") !== `bytes */${size}`) {
      this.#problem(`${url}, a range behind the end: ${beyond.status}`);
    }
  }
}
