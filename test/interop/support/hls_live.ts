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

export interface LiveOptions {
  readonly client: HlsClient;
  /** Of the media playlist. */
  readonly url: string;
  readonly video: boolean;
  /** Blocking reloads, delta updates and preload hints; else it asks twice a second. */
  readonly lowLatency: boolean;
  readonly mediaType: string;
}

/** `problems` has one sentence each, and is empty when all is well. */
export class LiveFollower {
  readonly #validator: PlaylistValidator;
  readonly #problems: string[] = [];
  /** From preload hints: the server answers when the part is complete. */
  readonly #hinted = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>();
  #rangesTried = false;
  /** Segments in the order of their numbers, `collect` only. */
  readonly segments: Uint8Array<ArrayBuffer>[] = [];
  deltas = 0;
  skipped = 0;
  hints = 0;
  /** From the end of the newest part, by the server's clock, to its arrival here, in milliseconds. */
  readonly ages: number[] = [];

  constructor(private readonly options: LiveOptions, private readonly collect = false) {
    this.#validator = new PlaylistValidator({
      fetchFile: (uri) => this.#fetchFile(uri),
      video: options.video,
      regular: options.lowLatency,
    });
  }

  get problems(): readonly string[] {
    return [...this.#validator.problems, ...this.#problems];
  }

  /** Ranges and HEAD: once, when there are enough segments. */
  get rangesTried(): boolean {
    return this.#rangesTried;
  }

  get playlists(): number {
    return this.#validator.playlists;
  }

  get samples(): number {
    return this.#validator.samples;
  }

  get discontinuities(): number {
    return this.#validator.discontinuities;
  }

  /** Until then, in time of `performance.now()`. */
  async follow(endMs: number): Promise<void> {
    let playlist = await this.#load("");
    await this.#judge(playlist, null);
    while (performance.now() < endMs) {
      const before = playlist;
      playlist = this.options.lowLatency ? await this.#reload(before) : await this.#poll();
      await this.#judge(playlist, before);
    }
    await Promise.all(this.#hinted.values());
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
    const msn = before.mediaSequence + before.segments.length;
    const query = `_HLS_msn=${msn}&_HLS_part=${before.open.parts.length}`;
    if (before.canSkipUntil === null || this.playlists % wholeEach === 0) return await this.#load(query);
    const delta = await this.#load(`${query}&_HLS_skip=YES`);
    if (delta.skipped === 0) return delta;
    this.deltas++;
    this.skipped += delta.skipped;
    return applyDelta(before, delta);
  }

  async #load(query: string): Promise<MediaPlaylist> {
    const url = new URL(this.options.url);
    if (query !== "") url.search += `${url.search === "" ? "" : "&"}${query}`;
    const answer = await this.options.client.get(String(url));
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${answer.text}`);
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
    this.#hinted.set(preloadHint, this.#fetch(preloadHint));
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
      if (!segment.gap && await this.#fetch(segment.uri) === null) {
        this.#problem(`segment ${segment.msn} is gone at ${mediaSequence}`);
      }
    }
    if (this.playlists > rangeVersion && !this.#rangesTried) await this.#tryRanges(segments);
  }

  async #fetchFile(uri: string): Promise<Uint8Array | null> {
    const bytes = await (this.#hinted.get(uri) ?? this.#fetch(uri));
    if (this.collect && bytes !== null) this.segments.push(bytes);
    return bytes;
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
