import { equal, match } from "../support/assert.ts";
import { confOf, errorOf, loadText } from "./support.ts";

Deno.test("unquoted boolean words of YAML 1.1 are booleans", async () => {
  for (const word of ["yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]) {
    equal((await confOf(`api: ${word}`)).api, true, word);
  }
  for (const word of ["no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]) {
    equal((await confOf(`rtsp: ${word}`)).rtsp, false, word);
  }
  for (const word of ["y", "n", "yEs", "oN"]) {
    match((await errorOf(`api: ${word}`)).message, /must be true or false/);
  }
  for (const word of ['"yes"', "'no'"]) {
    match((await errorOf(`api: ${word}`)).message, /must be true or false/);
  }
});

Deno.test("quoted words stay text, unquoted ones do not fit into text", async () => {
  equal((await confOf('rtspEncryption: "no"')).rtspEncryption, "no");
  match((await errorOf("rtspEncryption: no")).message, /in quotes/);
  match((await errorOf("pathDefaults: {rtspTransport: no}")).message, /must be one of/);
  match((await errorOf("logFile: yes")).message, /must be text/);
  match((await errorOf("logFile: 12")).message, /must be text/);
});

Deno.test("our own words accept booleans", async () => {
  const written = ["auto", "yes", "no", '"yes"', '"no"', "true", "false", '"true"', '"false"', "on", "off"];
  const loaded = ["auto", "yes", "no", "yes", "no", "yes", "no", "yes", "no", "yes", "no"];
  for (const [index, word] of written.entries()) {
    equal((await confOf(`pathDefaults: {gopCache: ${word}}`)).pathDefaults.gopCache, loaded[index], word);
  }
  for (const word of ["no", '"no"', "false", '"false"']) {
    equal((await confOf(`udpFastPath: ${word}`)).udpFastPath, "no");
  }
  match((await errorOf("udpFastPath: yes")).message, /must be one of auto, no/);
});

Deno.test("boolean words as keys become booleans too, with a warning", async () => {
  const loaded = await loadText('paths:\n  on:\n  "off":\n  007:\n');
  equal([...loaded.conf.paths.keys()], ["true", "off", "007"]);
  equal(loaded.warnings.length, 1);
  match(loaded.warnings[0], /^line 2: the key on is read as true/);
});

Deno.test("exactly one document", async () => {
  for (const text of ["", "# nothing\n", "---\n", "---\napi: no\n...\n", "null\n"]) {
    equal((await confOf(text)).api, false, text);
  }
  match(
    (await errorOf("api: no\n---\napi: yes\n")).message,
    /^mediamtx.yml:2:1: invalid YAML: the file must be a single document/,
  );
});

Deno.test("JSON is YAML", async () => {
  const conf = await confOf('{"logLevel": "debug", "paths": {"a": {"maxReaders": 3}, "b": null}}');
  equal([conf.logLevel, conf.paths.get("a")?.maxReaders, conf.paths.has("b")], ["debug", 3, true]);
});

Deno.test("anchors, aliases and merge keys", async () => {
  const conf = await confOf(`
paths:
  base: &base
    maxReaders: 3
    gopCache: no
  one: *base
  two:
    <<: *base
    maxReaders: 4
  three:
    <<: [{maxReaders: 5}, *base]
`);
  const shown = [...conf.paths.values()].map((path) => [path.name, path.maxReaders, path.gopCache]);
  equal(shown, [["base", 3, "no"], ["one", 3, "no"], ["two", 4, "no"], ["three", 5, "no"]]);
  match(
    (await errorOf("paths:\n  x:\n    <<: 3\n")).message,
    /^mediamtx.yml:3:5: invalid YAML: '<<' needs a map/,
  );
});

Deno.test("syntax errors name the place and never quote the file", async () => {
  const secret = "hunter2";
  const cases: readonly [string, RegExp][] = [
    [`a: 1\n b: ${secret}\n`, /^mediamtx.yml:\d:\d+: invalid YAML: /],
    [`api: "${secret}\n`, /^mediamtx.yml:\d:\d+: invalid YAML: /],
    [`paths:\n\tcam: ${secret}\n`, /^mediamtx.yml:2:1: invalid YAML: tabs cannot be used/],
    [`x: [${secret}\n`, /invalid YAML/],
    [`x: @${secret}\n`, /^mediamtx.yml:1:4: invalid YAML: a text that begins with this character/],
    [`x: *${secret}\n`, /^mediamtx.yml:1:4: invalid YAML: an alias/],
    [`logLevel: info\nlogLevel: debug\n`, /^mediamtx.yml:2:1: invalid YAML: this key is given twice/],
    [`? [${secret}]\n: x\n`, /a key must be a single word/],
    ["x: &a [*a]\n", /an alias refers to itself/],
    [`${"[".repeat(100)}${"]".repeat(100)}`, /too many values or levels/],
    ["[".repeat(50_000), /invalid YAML/],
  ];
  for (const [text, expected] of cases) {
    const { message } = await errorOf(text);
    match(message, expected);
    equal(message.includes(secret), false, message);
  }
});

Deno.test("a file that unfolds without end is refused", async () => {
  const lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (let level = 0; level < 9; level++) {
    const [name, inner] = ["bcdefghij"[level], "abcdefghi"[level]];
    lines.push(`${name}: &${name} [${`*${inner},`.repeat(10)}]`);
  }
  match((await errorOf(lines.join("\n"))).message, /too many values/);
});

Deno.test("not text, not a map", async () => {
  match((await errorOf(Uint8Array.of(0x61, 0xff, 0xfe))).message, /not UTF-8/);
  for (const text of ["hello", "- a\n", "12"]) {
    match((await errorOf(text)).message, /must be a map of keys and values/);
  }
  equal((await confOf("\ufefflogLevel: warn\n")).logLevel, "warn");
});
