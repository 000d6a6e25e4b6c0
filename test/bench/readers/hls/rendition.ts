import type { ReaderColumns } from "../../shared.ts";
import type { Meter } from "../meter.ts";
import type { HttpConnection } from "./http_connection.ts";
import type { HttpResponse } from "./http_response.ts";
import { lastStampMicros, partFacts } from "./part.ts";
import { type MediaPlaylist, parseMediaPlaylist, type PartEntry, startIndex } from "./playlist.ts";

/** Part targets until something counts as late: one for the part to fill, and one and a half of patience. */
const patience = 2.5;
const maxPlaylistBytes = 1024 * 1024;
const maxPartBytes = 16 * 1024 * 1024;
/** Enough for the fragment's header and the first stamp. */
const peekBytes = 4 * 1024;
const retryMicros = 200_000;
const errorsToGiveUp = 5;
const decoder = new TextDecoder();

/** What a rendition needs of its player. */
export interface RenditionHost {
  readonly reader: number;
  readonly columns: ReaderColumns;
  readonly meter: Meter;
  now(): number;
  connect(): HttpConnection;
  cookies(): string;
  /** Called for every answer. */
  took(response: HttpResponse): void;
  /** The first part is there. */
  started(): void;
  /** Nothing can be played any more. */
  ended(reason: string): void;
}

/** One media playlist and its parts: one connection for blocking reloads, another for the media. */
export class Rendition {
  readonly #reloads: HttpConnection;
  readonly #media: HttpConnection;
  #playlist: MediaPlaylist | undefined;
  #map = "";
  readonly #queue: PartEntry[] = [];
  /** The last part that was asked for, by its place. */
  #last: { segment: number; index: number } | undefined;
  /** Asked for by a hint, not seen in a playlist yet. */
  #hinted: string[] = [];
  #lastHint = "";
  /** Has caught up with the live edge: from then on parts can be late. */
  #isLive = false;
  #hasStarted = false;
  #errors = 0;
  #retryAt = 0;
  #isClosed = false;

  constructor(private readonly host: RenditionHost, private readonly url: URL) {
    this.#reloads = host.connect();
    this.#media = host.connect();
  }

  /** Asks for the playlist: for a new player the current one, then always the next one. */
  reload(): void {
    const url = new URL(this.url);
    const before = this.#playlist;
    if (before !== undefined) {
      const directives = [`_HLS_msn=${before.next.segment}`, `_HLS_part=${before.next.index}`];
      if (before.canSkip) directives.push("_HLS_skip=YES");
      // by hand: the server's own parameters keep their spelling
      url.search += (url.search === "" ? "?" : "&") + directives.join("&");
    }
    const asked = this.host.now();
    this.#get(this.#reloads, url, maxPlaylistBytes, (response) => this.#reloaded(response, asked), () => {
      this.#retryAt = this.host.now() + retryMicros;
    });
  }

  /** Called again and again: a failed reload is repeated after a while. */
  tick(now: number): void {
    if (this.#retryAt === 0 || now < this.#retryAt) return;
    this.#retryAt = 0;
    this.reload();
  }

  close(): void {
    this.#isClosed = true;
    this.#reloads.close();
    this.#media.close();
  }

  #reloaded(response: HttpResponse, asked: number): void {
    const { host } = this;
    const playlist = parseMediaPlaylist(decoder.decode(response.body));
    const before = this.#playlist;
    this.#playlist = playlist;
    if (before === undefined) {
      if (!playlist.canBlock || !(playlist.partTarget > 0)) {
        return this.#end("the playlist is not a low-latency one");
      }
      const start = startIndex(playlist);
      if (start >= 0) this.#queue.push(...playlist.parts.slice(start));
    } else {
      this.#follow(before, playlist);
      const isLate = host.now() - asked > patience * playlist.partTarget * 1e6;
      if (isLate && host.meter.measuring) host.columns.stalls[host.reader]++;
    }
    if (playlist.isEnded) return this.#end("the stream has ended");
    this.#next();
    if (before !== undefined && isSame(before.next, playlist.next)) {
      // the server gave up waiting: a playlist without the part that was asked for
      if (host.meter.measuring) host.columns.stalls[host.reader]++;
      this.#retryAt = host.now() + retryMicros;
    } else if (before === undefined && this.#queue.length === 0 && this.#last === undefined) {
      // nothing to start with yet
      this.#playlist = undefined;
      this.#retryAt = host.now() + retryMicros;
    } else {
      this.reload();
    }
  }

  /** Parts that are new in the playlist, without those that were asked for by a hint. */
  #follow(before: MediaPlaylist, playlist: MediaPlaylist): void {
    const { columns, reader } = this.host;
    if (playlist.mediaSequence < before.mediaSequence) columns.partGaps[reader]++;
    const known = before.parts.at(-1);
    for (const part of playlist.parts) {
      if (known !== undefined && !isAfter(part, known)) continue;
      const hinted = this.#hinted.indexOf(part.uri);
      if (hinted >= 0) {
        this.#hinted.splice(0, hinted + 1);
        this.#proceed(part);
      } else {
        this.#queue.push(part);
      }
    }
  }

  /** Counts what lies between the last part and this one. */
  #proceed(part: PartEntry): void {
    const { columns, reader } = this.host;
    const last = this.#last;
    this.#last = part;
    if (last === undefined) return;
    const follows = part.segment === last.segment
      ? part.index === last.index + 1
      : part.segment === last.segment + 1 && part.index === 0;
    if (!follows) columns.partGaps[reader]++;
  }

  #next(): void {
    const playlist = this.#playlist;
    if (this.#isClosed || this.#media.isBusy || playlist === undefined) return;
    // delta updates leave the map out
    if (playlist.map !== "" && playlist.map !== this.#map) return this.#fetchMap(playlist.map);
    const part = this.#queue.shift();
    if (part !== undefined) {
      this.#proceed(part);
      this.#fetchPart(part.uri);
    } else if (this.#last !== undefined && playlist.hint !== "" && playlist.hint !== this.#lastHint) {
      this.#lastHint = playlist.hint;
      this.#hinted.push(playlist.hint);
      this.#isLive = true;
      this.#fetchPart(playlist.hint);
    }
  }

  #fetchMap(uri: string): void {
    this.#get(this.#media, new URL(uri, this.url), peekBytes, (response) => {
      const name = String.fromCharCode(...response.body.subarray(4, 8));
      if (name !== "ftyp") return this.#end(`the initialization begins with '${name}'`);
      this.#map = uri;
      this.#next();
    }, () => this.#end("no initialization"));
  }

  #fetchPart(uri: string): void {
    const { host } = this;
    const isLive = this.#isLive;
    const keep = host.meter.isSampled(host.reader) ? maxPartBytes : peekBytes;
    this.#get(this.#media, new URL(uri, this.url), keep, (response) => {
      this.#part(response.body, isLive);
      this.#next();
    }, () => this.#next());
  }

  #part(body: Uint8Array, isLive: boolean): void {
    const { meter, columns, reader } = this.host;
    const facts = partFacts(body);
    if (meter.measuring) columns.parts[reader]++;
    if (facts.firstNumber >= 0) {
      meter.frames(reader, facts.firstNumber, facts.frames);
      const target = this.#playlist?.partTarget ?? 0;
      const isLate = this.host.now() - facts.firstMicros > patience * target * 1e6;
      if (isLate && isLive && meter.measuring) columns.lateParts[reader]++;
      const last = isLive && meter.isSampled(reader) ? lastStampMicros(body) : 0;
      if (last > 0) meter.delay(last);
    }
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.host.started();
  }

  #get(
    connection: HttpConnection,
    url: URL,
    keep: number,
    done: (response: HttpResponse) => void,
    failed: () => void,
  ): void {
    const { host } = this;
    const failure = (reason: string) => {
      if (this.#isClosed) return;
      host.columns.httpErrors[host.reader]++;
      if (++this.#errors >= errorsToGiveUp) this.#end(reason);
      else failed();
    };
    connection.request({
      path: url.pathname + url.search,
      cookies: host.cookies(),
      keep,
      failed: failure,
      done: (response) => {
        host.took(response);
        if (response.status !== 200) return failure(`${url.pathname} was answered with ${response.status}`);
        this.#errors = 0;
        try {
          done(response);
        } catch (error) {
          this.#end(error instanceof Error ? error.message : String(error));
        }
      },
    });
  }

  #end(reason: string): void {
    this.close();
    this.host.ended(reason);
  }
}

type Place = { readonly segment: number; readonly index: number };

function isSame(one: Place, other: Place): boolean {
  return one.segment === other.segment && one.index === other.index;
}

function isAfter(one: Place, other: Place): boolean {
  return one.segment > other.segment || (one.segment === other.segment && one.index > other.index);
}
