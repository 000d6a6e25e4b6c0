import { gunzipSync } from "node:zlib";
import type { Asset } from "../../../src/net/http/assets.ts";
import { hlsLibrary, hlsPage, playerModule } from "../../../src/protocols/hls/page.ts";
import { equal, match, ok } from "../../support/assert.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const files: readonly (readonly [name: string, load: () => Promise<Asset>, type: RegExp, content: RegExp])[] =
  [
    ["page", hlsPage, /^text\/html; charset=utf-8$/, /^<!DOCTYPE html>[^]*from "\.\/player\.js"/],
    [
      "module",
      playerModule,
      /^text\/javascript/,
      /^export const \{ HlsPlayer \} = /m,
    ],
    ["library", hlsLibrary, /^text\/javascript/, /\.Hls=/],
  ];
for (const [name, load, type, content] of files) {
  Deno.test(`player's ${name}: content, headers, both forms`, async () => {
    const { body, gzipped, headers } = await load();
    match(headers["content-type"], type);
    match(text(body), content);
    equal(new Uint8Array(gunzipSync(gzipped)), body);
    ok(gzipped.length < body.length);
    match(headers["cache-control"], name === "library" ? /max-age=3600/ : /^no-cache$/);
    match(headers.etag, /^W\/"[\w-]{22}"$/);
  });
}

Deno.test("player's page: nothing of it comes from elsewhere", async () => {
  const { body, headers } = await hlsPage();
  equal(text(body).match(/(src|href)="(?!data:)[^"]*"/g), null);
  match(headers["content-security-policy"], /default-src 'none'; script-src 'self' 'unsafe-inline'/);
});

interface PlayerWords {
  codecName(codec: string): string;
  describeProblem(problem: Readonly<Record<string, unknown>>): string;
}

/** Not by its name: the module belongs to the browser's world of types. */
const playerUrl = String(new URL("../../../web/hls/player.js", import.meta.url));

Deno.test("player module: names codecs and problems for people", async () => {
  const { codecName, describeProblem }: PlayerWords = await import(playerUrl);
  const codecs = [
    "avc1.42e01e",
    "hev1.1.6.L93.B0",
    "av01.0.04M.08",
    "vp09.00.10.08",
    "mp4a.40.2",
    "mp4a.40.34",
  ];
  equal(codecs.map(codecName), ["H.264", "H.265", "AV1", "VP9", "AAC", "MP3"]);
  equal(["opus", "fLaC", "ac-3", "ec-3", "new1.0"].map(codecName), [
    "Opus",
    "FLAC",
    "AC-3",
    "E-AC-3",
    "new1.0",
  ]);
  const words = [
    describeProblem({ kind: "codec", codecs: ["hvc1.1", "hvc1.2", "ac-3"] }),
    describeProblem({ kind: "codec", codecs: [] }),
    describeProblem({ kind: "server", status: 502, text: "" }),
  ];
  equal(words, [
    "This browser cannot play H.265 and AC-3",
    "This browser cannot play the codecs of this stream",
    "The server reports an error (502)",
  ]);
});
