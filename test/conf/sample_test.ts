import { z } from "zod";
import { defaultConf, loadConf } from "../../src/conf/mod.ts";
import { confJsonSchema } from "../../src/conf/json_schema.ts";
import { isAlias, type KeyTable } from "../../src/conf/key.ts";
import { globalKeys, globalSections, pathKeys, pathSections } from "../../src/conf/keys/tables.ts";
import { confSample, documentedKeys } from "../../src/conf/sample.ts";
import { equal, match, ok } from "../support/assert.ts";
import { loadText, memoryIo } from "./support.ts";

function readTop(name: string): string {
  return Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url));
}

const sample = readTop("mediamtx.yml");

Deno.test("mediamtx.yml gives exactly the defaults, and all_others", async () => {
  const { conf, warnings, notImplemented } = await loadText(sample);
  const { paths, entries, ...rest } = conf;
  const { paths: _paths, entries: _entries, ...defaults } = defaultConf();
  equal(rest, defaults);
  equal([...paths.keys(), warnings, notImplemented], ["all_others", [], []]);
  equal([...entries], [["all_others", {}]]);
});

Deno.test("mediamtx.yml has every present key, once", () => {
  match(sample, /^# yaml-language-server: \$schema=\.\/mediamtx\.schema\.json\n/);
  match(sample, /\npaths:\n {2}all_others:\n$/);
  for (const [table, indent] of [[globalKeys, ""], [pathKeys, "  "]] as const) {
    const shown = documentedKeys(table).map(([name]) => name);
    ok(shown.length > 50);
    for (const name of Object.keys(table)) {
      const found = sample.split(`\n${indent}${name}:`).length - 1;
      equal(found, shown.includes(name) ? 1 : 0, name);
    }
  }
});

Deno.test("the generated files are up to date", () => {
  equal(sample, confSample());
  equal(readTop("mediamtx.schema.json"), `${JSON.stringify(confJsonSchema(), null, 2)}\n`);
});

Deno.test("sections have every key, once", () => {
  for (const [sections, table] of [[globalSections, globalKeys], [pathSections, pathKeys]] as const) {
    equal(sections.flatMap(({ keys }) => Object.keys(keys)).sort(), Object.keys(table).sort());
  }
});

Deno.test("keys and defaults are those of MediaMTX, and ours are marked", () => {
  const rows = Deno.readTextFileSync(new URL("./fixtures/keys.tsv", import.meta.url)).trim().split("\n")
    .slice(1);
  const known: Record<string, Set<string>> = { global: new Set(["authInternalUsers"]), path: new Set() };
  for (const row of rows) {
    const [scope, name, expected] = row.split("\t");
    known[scope].add(name);
    const table: KeyTable = scope === "global" ? globalKeys : pathKeys;
    const key = table[name];
    ok(key !== undefined, row);
    const value = isAlias(key) || key.default === undefined ? "-" : key.type.format(key.default);
    const text = typeof value === "string" ? value || '""' : JSON.stringify(value);
    const sorted = (list: string) => list.replace(/["[\]]/g, "").split(",").sort().join();
    if (name === "rtspTransports" || text.startsWith("[")) equal(sorted(text), sorted(expected), row);
    // The same duration in two spellings.
    else equal(text.replace(/(?<=h)0m0s$/, "").replace("1m0s", "60s"), expected, row);
  }
  for (const [scope, table] of [["global", globalKeys], ["path", pathKeys]] as const) {
    const ours = Object.entries(table as KeyTable).filter(([name]) => !known[scope].has(name));
    ok(ours.every(([, key]) => !isAlias(key) && key.own === true), scope);
  }
});

Deno.test("every key has a default that its own schema accepts", () => {
  for (const table of [globalKeys, pathKeys] as KeyTable[]) {
    for (const [name, key] of Object.entries(table)) {
      ok(key.doc.length > 5, name);
      if (isAlias(key) || key.default === undefined) continue;
      equal(key.type.schema.parse(key.type.format(key.default)), key.default, name);
    }
  }
});

Deno.test("old names lead to keys that exist", () => {
  for (const table of [globalKeys, pathKeys] as KeyTable[]) {
    for (const [name, key] of Object.entries(table)) {
      if (!isAlias(key)) continue;
      const { of, as } = key.alias;
      const home: KeyTable = of.startsWith("pathDefaults.")
        ? pathKeys
        : as === "credentials"
        ? globalKeys
        : table;
      const target = home[of.replace("pathDefaults.", "")];
      ok(target !== undefined && !isAlias(target), name);
      if (as === "same") equal(target.type.kind, key.type.kind, name);
    }
  }
});

Deno.test("the JSON Schema accepts what loading accepts, and little else", async () => {
  const schema = z.fromJSONSchema(confJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  const accepted = [
    {},
    {
      logLevel: "debug",
      readTimeout: "1d12h0.5s",
      hlsSegmentMaxSize: "1.5GiB",
      runOnConnect: null,
      pathDefaults: null,
      paths: null,
    },
    {
      udpFastPath: false,
      rtspDisable: true,
      encryption: "yes",
      paths: { a: null, "~^b": { gopCache: true, maxReaders: 3 } },
    },
    { authInternalUsers: [{ user: "a", permissions: [{ action: "read", path: null }] }] },
    { pathDefaults: { forward: [{ dest: "rtsp://h" }], rpiCameraAWBGains: [1, 0.5] } },
  ];
  for (const conf of accepted) {
    ok(schema.safeParse(conf).success, JSON.stringify(conf));
    await loadConf(memoryIo({ files: { "mediamtx.yml": JSON.stringify(conf) } }));
  }
  const refused = [
    { logLevl: "debug" },
    { logLevel: "loud" },
    { readTimeout: 10 },
    { readTimeout: "10" },
    { hlsSegmentMaxSize: "50" },
    { api: "yes" },
    { logDestinations: "stdout" },
    { udpReadBufferSize: -1 },
    { writeQueueSize: 1.5 },
    { paths: { a: { logLevel: "debug" } } },
    { authInternalUsers: [{ user: "a", permissions: [{}] }] },
  ];
  for (const conf of refused) equal(schema.safeParse(conf).success, false, JSON.stringify(conf));
});
