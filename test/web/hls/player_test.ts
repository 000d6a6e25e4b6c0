/** The player in a browser that is made up: what no browser of the tests is like. */
import { equal } from "../../support/assert.ts";

interface State {
  readonly kind: string;
  readonly problem?: { readonly kind: string };
}

interface Player {
  close(): void;
}

/** Not by its name: the module belongs to the browser's world of types. */
const { HlsPlayer }: {
  HlsPlayer: new (options: Readonly<Record<string, unknown>>) => Player;
} = await import(String(new URL("../../../web/hls/player.js", import.meta.url)));

class Video extends EventTarget {
  error: { code: number; message: string } | null = null;
  muted = true;
  paused = true;
  currentTime = 0;
  readonly sources: string[] = [];

  set src(url: string) {
    this.sources.push(url);
  }

  canPlayType(): string {
    return "maybe";
  }

  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }

  removeAttribute(): void {}

  load(): void {}
}

const pageUrl = "https://server/cam/";

/** As `fetch` gives it. */
function playlistAnswer(url: string, text: string): Response {
  return Object.defineProperty(new Response(text), "url", { value: new URL(url, pageUrl).href });
}

/** An old iPhone: plays HLS by itself, and has nothing that hls.js could use. */
function makeIphone(query = ""): Disposable {
  const text = `#EXTM3U\n#EXT-X-STREAM-INF:CODECS="avc1.64001f"\nvideo1_stream.m3u8${query}\n`;
  const made: Record<string, unknown> = {
    WebKitPlaybackTargetAvailabilityEvent: class {},
    MediaError: { MEDIA_ERR_SRC_NOT_SUPPORTED: 4 },
    Hls: { isSupported: () => false },
    fetch: (url: string) => Promise.resolve(playlistAnswer(url, text)),
    document: {
      baseURI: pageUrl,
      createElement: () => ({ remove() {} }),
      head: { append: (script: { onload(): void }) => script.onload() },
    },
  };
  const before = new Map(Object.keys(made).map((key) => [key, Reflect.get(globalThis, key)]));
  Object.assign(globalThis, made);
  return {
    [Symbol.dispose]() {
      for (const [key, value] of before) {
        if (value === undefined) Reflect.deleteProperty(globalThis, key);
        else Reflect.set(globalThis, key, value);
      }
    },
  };
}

Deno.test("player: where only the browser itself can play, it tries again after an error", async () => {
  using _iphone = makeIphone();
  const video = new Video();
  const failures: (string | undefined)[] = [];
  const tries = Promise.withResolvers<void>();
  const player = new HlsPlayer({
    url: "index.m3u8",
    video,
    retryMs: 1,
    onState(state: State) {
      if (state.kind === "failed") failures.push(state.problem?.kind);
      if (failures.length === 3) tries.resolve();
    },
  });
  // Whatever it plays ends, as after a restart of the server.
  const timer = setInterval(() => {
    video.error = { code: 2, message: "network" };
    video.dispatchEvent(new Event("error"));
  }, 5);
  await tries.promise;
  clearInterval(timer);
  player.close();
  equal(failures, ["interrupted", "interrupted", "interrupted"]);
  equal(video.sources.length >= 3, true);
});

const playlists: readonly (readonly [url: string, query: string, source: string])[] = [
  ["index.m3u8", "", `${pageUrl}index.m3u8`],
  ["index.m3u8?a=b", "?a=b", `${pageUrl}index.m3u8?a=b`],
  ["index.m3u8", "?session=x_Y-1", `${pageUrl}index.m3u8?session=x_Y-1`],
  ["index.m3u8?a=b%20", "?a=b%20&session=x_Y-1", `${pageUrl}index.m3u8?a=b%20&session=x_Y-1`],
  ["index.m3u8?session=old&a=b", "?a=b&session=new", `${pageUrl}index.m3u8?a=b&session=new`],
];
for (const [url, query, source] of playlists) {
  Deno.test(`player: the browser goes on in the session that looking at the playlist began: ${url}, ${query}`, async () => {
    using _iphone = makeIphone(query);
    const video = new Video();
    const loaded = Promise.withResolvers<void>();
    video.play = () => Promise.resolve(loaded.resolve());
    const player = new HlsPlayer({ url, video });
    await loaded.promise;
    player.close();
    equal(video.sources, [source]);
  });
}
