/**
 * A small HLS server around the player page, whose stream can fail in every way. The media is one file of FFmpeg, cut
 * into segments beforehand; a sliding window over it makes it live.
 */
import { assetResponse } from "../../../src/net/http/assets.ts";
import { hlsLibrary, hlsPage, playerModule } from "../../../src/protocols/hls/page.ts";
import { Client } from "./client.ts";
import { whenFree, withFreeTcpPort } from "../../support/ports.ts";

/** The stream stands still at its end: longer than a test takes on a busy machine. */
const mediaSeconds = 300;
const windowSegments = 5;
/** So much is already there when the stream starts. */
const headStartSeconds = 4;
/** Both are for tests that hang. */
const encodeLimitMs = 400_000;
const limitMs = 120_000;
const lookMs = 50;

export const picture = { width: 320, height: 180 };

/** One-second segments `0.m4s` … and `init.mp4` in a folder that the caller removes. */
export async function makeMedia(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "interop-hls-" });
  const size = `${picture.width}x${picture.height}`;
  const inputs = [
    "-f",
    "lavfi",
    "-i",
    `testsrc2=size=${size}:rate=15`,
    "-f",
    "lavfi",
    "-i",
    "sine=frequency=440",
  ];
  const encoders = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "15",
    "-c:a",
    "aac",
  ];
  const output = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4"];
  const names = ["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", `${folder}/%d.m4s`];
  await using ffmpeg = new Client(
    "ffmpeg",
    "ffmpeg",
    [
      "-v",
      "error",
      ...inputs,
      "-t",
      String(mediaSeconds),
      ...encoders,
      ...output,
      ...names,
      `${folder}/all.m3u8`,
    ],
    { timeLimitMs: encodeLimitMs },
  );
  const { code } = await ffmpeg.ended;
  if (code !== 0) throw new Error(`FFmpeg made no media: ${ffmpeg.errors.lines.join("\n")}`);
  return folder;
}

/** What happens to the stream: all is well, a status for every request of it, or another list of codecs. */
export type Trouble = {
  readonly kind: "status";
  readonly status: number;
  readonly from: "playlist" | "media";
} | {
  readonly kind: "codecs";
  readonly codecs: string;
};

export interface SiteRequest {
  readonly path: string;
  readonly search: string;
  readonly authorization: string | null;
}

export class HlsSite implements AsyncDisposable {
  /** Every request, in order. */
  readonly requests: SiteRequest[] = [];
  trouble: Trouble | undefined;
  /** Names of audio tracks; all of them are the one of the media. */
  audioTracks: readonly string[] = [];
  /** Served at `/embedding.html`. */
  embedding = "";
  readonly port: number;
  readonly #folder: string;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #generation = 1;
  #startedAt = performance.now() - 1000 * headStartSeconds;

  constructor(folder: string) {
    this.#folder = folder;
    // Not one that the system may give to the browser while the server is away.
    this.#server = withFreeTcpPort((port) => this.#serve(port));
    this.port = this.#server.addr.port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A new publisher: the old playlists are gone, times start again. */
  restart(): void {
    this.#generation++;
    this.#startedAt = performance.now() - 1000 * headStartSeconds;
  }

  /** The live edge jumps ahead, as it does for a viewer whose machine slept. */
  advance(seconds: number): void {
    this.#startedAt -= 1000 * seconds;
  }

  /** Resolves when such a path has been asked for so many times from now on. */
  async asked(path: RegExp, times: number): Promise<void> {
    const from = this.requests.length;
    const since = () => this.requests.slice(from).filter((request) => path.test(request.path)).length;
    await until(`${times} requests for ${path}`, () => since() >= times);
  }

  /** The server is gone until `comeBack`. */
  async goAway(): Promise<void> {
    await this.#server.shutdown();
  }

  async comeBack(): Promise<void> {
    this.#server = await whenFree(() => this.#serve(this.port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    this.requests.push({ path: pathname, search, authorization: request.headers.get("authorization") });
    const response = request.method === "OPTIONS"
      ? new Response(null, { status: 204 })
      : await this.#route(request, pathname);
    response.headers.set("access-control-allow-origin", "*");
    response.headers.set("access-control-allow-headers", "authorization");
    return response;
  }

  async #route(request: Request, path: string): Promise<Response> {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const load = new Map([["", hlsPage], ["player.js", playerModule], ["hls.min.js", hlsLibrary]]).get(name);
    if (load !== undefined) {
      return assetResponse(request, await load());
    }
    if (name === "embedding.html") {
      return new Response(this.embedding, { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    const url = new URL(request.url);
    // As our server does, to learn whether cookies come back.
    if (name === "index.m3u8" && !url.searchParams.has("cookieCheck") && this.trouble?.kind !== "status") {
      url.searchParams.set("cookieCheck", "1");
      return new Response(null, { status: 302, headers: { location: url.pathname + url.search } });
    }
    return await this.#stream(name);
  }

  async #stream(name: string): Promise<Response> {
    const { trouble } = this;
    if (trouble?.kind === "status" && (trouble.from === "playlist" || name !== "index.m3u8")) {
      return Response.json({ status: "error", error: "the disk is full" }, { status: trouble.status });
    }
    if (name === "index.m3u8") return playlist(this.#multivariant());
    if (name === `media${this.#generation}.m3u8`) return playlist(this.#media());
    if (!/^(\d+\.m4s|init\.mp4)$/.test(name)) return Response.json({ error: "not found" }, { status: 404 });
    const bytes = await Deno.readFile(`${this.#folder}/${name}`);
    return new Response(bytes, { headers: { "content-type": "video/mp4" } });
  }

  #multivariant(): string {
    const codecs = this.trouble?.kind === "codecs" ? this.trouble.codecs : "avc1.42c00d,mp4a.40.2";
    const { width, height } = picture;
    const tracks = this.audioTracks.map((name, index) =>
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="${name}",AUTOSELECT=YES,DEFAULT=${
        index === 0 ? "YES" : "NO"
      }\n`
    );
    return `#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-INDEPENDENT-SEGMENTS\n${tracks.join("")}` +
      `#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="${codecs}",RESOLUTION=${width}x${height}` +
      `${tracks.length > 0 ? ',AUDIO="audio"' : ""}\nmedia${this.#generation}.m3u8\n`;
  }

  #media(): string {
    const elapsed = Math.floor((performance.now() - this.#startedAt) / 1000);
    const last = Math.min(elapsed, mediaSeconds - 1);
    const first = Math.max(0, last - windowSegments + 1);
    const lines = Array.from({ length: last - first + 1 }, (_, i) => `#EXTINF:1.00000,\n${first + i}.m4s`);
    return `#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${first}\n` +
      `#EXT-X-MAP:URI="init.mp4"\n${lines.join("\n")}\n`;
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

function playlist(text: string): Response {
  return new Response(text, {
    headers: { "content-type": "application/vnd.apple.mpegurl", "cache-control": "no-cache" },
  });
}
