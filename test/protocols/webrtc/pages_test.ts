import { webrtcModule, webrtcPage } from "../../../src/protocols/webrtc/pages.ts";
import { equal, match, ok } from "../../support/assert.ts";

const get = (headers: Record<string, string> = {}) => new Request("http://server/cam/x", { headers });

for (const name of ["read", "publish"] as const) {
  Deno.test(`${name} page: complete, asks nobody else, is revalidated`, async () => {
    const response = await webrtcPage(name, get());
    const text = await response.text();
    equal(response.status, 200);
    match(response.headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/);
    equal(response.headers.get("cache-control"), "no-cache");
    match(
      response.headers.get("content-security-policy") ?? "",
      /^default-src 'none'; script-src 'unsafe-inline';/,
    );
    equal(text.match(/(src|href)="(?!data:)[^"]*"/g), null);
    equal(text.match(/^import .*/gm), null);
    const known = await webrtcPage(name, get({ "if-none-match": response.headers.get("etag") ?? "" }));
    equal([known.status, await known.text()], [304, ""]);
    const small = await webrtcPage(name, get({ "accept-encoding": "gzip" }));
    ok((await small.bytes()).length < text.length / 3);
  });
}

Deno.test("publish page: has the fields of the query of MediaMTX", async () => {
  const text = await (await webrtcPage("publish", get())).text();
  const ids = ["device", "codec", "bitrate", "framerate", "width", "height"].map((name) => `video-${name}`);
  ids.push(...["device", "codec", "bitrate", "voice"].map((name) => `audio-${name}`));
  for (const id of ids) ok(text.includes(`id="${id}"`), id);
  for (const [id, value] of [["video-bitrate", 10000], ["video-framerate", 30], ["audio-bitrate", 32]]) {
    ok(text.includes(`id="${id}" inputmode="numeric" value="${value}"`), String(id));
  }
});

const classes = { reader: "MediaMTXWebRTCReader", publisher: "MediaMTXWebRTCPublisher" } as const;

for (const name of ["reader", "publisher"] as const) {
  Deno.test(`${name}.js and ${name}.mjs: the class is global, and exported`, async () => {
    const script = await webrtcModule(`${name}.js`, get());
    const module = await webrtcModule(`${name}.mjs`, get());
    for (const response of [script, module]) {
      match(response?.headers.get("content-type") ?? "", /^text\/javascript; charset=utf-8$/);
      equal(response?.headers.get("cache-control"), "public, max-age=3600");
      equal(response?.headers.get("x-content-type-options"), "nosniff");
    }
    try {
      new Function(await script?.text() ?? "")();
      equal(Reflect.get(globalThis, classes[name]).name, classes[name]);
      const url = `data:text/javascript,${encodeURIComponent(await module?.text() ?? "")}`;
      equal(Object.keys(await import(url)), [classes[name], "describeProblem", "figureRows", "figures"]);
    } finally {
      Reflect.deleteProperty(globalThis, classes[name]);
    }
  });
}

Deno.test("modules: others are none", async () => {
  for (const name of ["", "reader", "connection.js", "toString", "__proto__"]) {
    equal(await webrtcModule(name, get()), null);
  }
});
