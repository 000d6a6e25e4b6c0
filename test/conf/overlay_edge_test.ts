/** The API's changes in corners: old names, words of YAML, entries that come and go, items that look alike. */
import {
  applyEdit,
  buildLayers,
  type Conf,
  type ConfEdit,
  defaultConf,
  emptyOverlay,
  loadBase,
  loadConf,
  loadOverlay,
  type Overlay,
  type Raw,
  type RawMap,
  redacted,
  serializeOverlay,
  shownGlobals,
  shownOverlay,
  shownPath,
  withoutIdleDeletions,
} from "../../src/conf/mod.ts";
import { isAlias, type KeyTable } from "../../src/conf/key.ts";
import { globalKeys, pathKeys } from "../../src/conf/keys/tables.ts";
import { restoreGlobals, restorePath } from "../../src/conf/shown.ts";
import { equal, match, ok, throws } from "../support/assert.ts";
import { memoryIo } from "./support.ts";

/** The configuration after these changes of a file. */
async function after(text: string, ...edits: readonly ConfEdit[]): Promise<{ conf: Conf; overlay: Overlay }> {
  const io = memoryIo({ files: { "mediamtx.yml": text } });
  const base = await loadBase(io, "");
  let overlay = emptyOverlay;
  let { conf } = await loadConf(io);
  for (const edit of edits) {
    overlay = applyEdit(edit, overlay, conf);
    conf = (await buildLayers(io, base, overlay, { file: undefined })).conf;
  }
  return { conf, overlay };
}

function globals(values: Record<string, Raw>): ConfEdit {
  return { kind: "patchGlobal", values };
}

function defaults(values: Record<string, Raw>): ConfEdit {
  return { kind: "patchPathDefaults", values };
}

Deno.test("overlay: of an old name and the present one, the last that was given counts", async () => {
  const [oldOn, oldOff] = [globals({ hlsDisable: false }), globals({ hlsDisable: true })];
  const [on, off] = [globals({ hls: true }), globals({ hls: false })];
  for (const first of [oldOn, oldOff, on, off]) {
    for (const second of [oldOn, oldOff, on, off]) {
      for (const third of [oldOn, on]) equal((await after("", first, second, third)).conf.hls, true);
      for (const third of [oldOff, off]) equal((await after("", first, second, third)).conf.hls, false);
    }
  }
  for (const text of ["hls: true\n", "hlsDisable: false\n"]) {
    equal((await after(text, off)).conf.hls, false, text);
    equal((await after(text, oldOff)).conf.hls, false, text);
  }
});

Deno.test("overlay: an old name at the top does not take a value of pathDefaults back", async () => {
  const { conf } = await after("recordPath: /old/%path/%s\n", defaults({ recordPath: "/new/%path/%s" }));
  equal(conf.pathDefaults.recordPath, "/new/%path/%s");
});

Deno.test("overlay: the old name of the address for authentication does not bring its method back", async () => {
  const text = "externalAuthenticationURL: http://auth/\n";
  equal((await after(text)).conf.authMethod, "http");
  const { conf } = await after(text, globals({ authMethod: "internal" }));
  equal([conf.authMethod, conf.authHTTPAddress], ["internal", "http://auth/"]);
});

Deno.test("overlay: words that YAML 1.1 takes for booleans are kept as words", async () => {
  const { conf, overlay } = await after(
    "",
    defaults({ gopCache: "no" }),
    ...["no", "on", "123", "1e3", "0x10", "null", "true", "~^(a|b)$"].map((name): ConfEdit => ({
      kind: "addPath",
      name,
      values: { gopCache: "yes" },
    })),
  );
  const files = { "mediamtx.yml": "apiPersist: kept.yml\n", "/work/kept.yml": serializeOverlay(overlay) };
  const again = (await loadConf(memoryIo({ files }))).conf;
  equal(again.pathDefaults.gopCache, "no");
  equal([...again.paths.keys()], [...conf.paths.keys()]);
});

Deno.test("overlay: names that come and go leave nothing behind", async () => {
  const add: ConfEdit = { kind: "addPath", name: "new", values: {} };
  const { overlay } = await after(
    "paths: {cam: }\n",
    add,
    { kind: "deletePath", name: "new" },
    { kind: "deletePath", name: "cam" },
  );
  const base = await loadBase(memoryIo({ files: { "mediamtx.yml": "paths: {cam: }\n" } }), "");
  equal([...withoutIdleDeletions(overlay, base.raw).paths], [["cam", { action: "delete" }]]);
});

Deno.test("overlay: where changes are kept is not changed by a change", async () => {
  const { conf } = await after("apiPersist: kept.yml\n");
  equal(applyEdit(globals({ apiPersist: "kept.yml" }), emptyOverlay, conf).globals.apiPersist, "kept.yml");
  throws(() => applyEdit(globals({ apiPersist: "x" }), emptyOverlay, conf), /in the configuration file only/);
});

Deno.test("shown: of users that look alike, each keeps the password in its place", async () => {
  const { conf } = await after([
    "authInternalUsers:",
    "  - {user: ann, pass: first, permissions: [{action: read}]}",
    "  - {user: ann, pass: second, permissions: [{action: read}]}",
  ].join("\n"));
  const users = structuredClone(shownGlobals(conf).authInternalUsers) as RawMap[];
  users[1].permissions = [];
  const restored = restoreGlobals({ authInternalUsers: users }, conf).authInternalUsers as RawMap[];
  equal(restored.map(({ pass }) => pass), ["first", "second"]);
  const added = [...shownGlobals(conf).authInternalUsers as RawMap[], { user: "bob", pass: "" }];
  const more = restoreGlobals({ authInternalUsers: added }, conf).authInternalUsers as RawMap[];
  equal(more.map(({ pass }) => pass), ["first", "second", ""]);
});

const mark = "s3cret";

/** A value of a key with something in it that must not be shown. */
function secretValue(kind: string, secret: "all" | "url"): unknown {
  const value = secret === "url" ? `http://user:${mark}@host/path?token=${mark}#${mark}` : mark;
  return kind === "list" ? [value, value] : value;
}

const plainValues: Readonly<Record<string, unknown>> = {
  list: [],
  structs: [],
  bool: false,
  int: 1,
  uint: 1,
  float: 1,
  duration: 1000,
  size: 1024,
};

/** Values of all keys of the table that are secret, also inside of lists of maps. */
function secretValues(table: KeyTable): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(table)) {
    if (isAlias(key)) continue;
    if (key.type.keys !== undefined) {
      const inner = secretValues(key.type.keys);
      if (Object.keys(inner).length > 0) {
        const plain = Object.entries(key.type.keys).map((
          [each, { type }],
        ) => [
          each,
          plainValues[type.kind] ?? "x",
        ]);
        values[name] = [{ ...Object.fromEntries(plain), ...inner }];
      }
    } else if (key.secret !== undefined) values[name] = secretValue(key.type.kind, key.secret);
  }
  return values;
}

Deno.test("shown: no secret of any key is shown, and every mark is understood", () => {
  const conf = defaultConf();
  const tables = [
    {
      table: globalKeys,
      shown: (values: object) => shownGlobals({ ...conf, ...values }),
      restored: (given: RawMap, values: object) => restoreGlobals(given, { ...conf, ...values }),
    },
    {
      table: pathKeys,
      shown: (values: object) => shownPath({ ...conf.pathDefaults, ...values }),
      restored: (given: RawMap, values: object) => restorePath(given, { ...conf.pathDefaults, ...values }),
    },
  ];
  for (const { table, shown, restored } of tables) {
    const values = secretValues(table as KeyTable);
    ok(Object.keys(values).length > 3, Object.keys(values).join());
    const seen = shown(values);
    for (const [name, loaded] of Object.entries(values)) {
      const value = (table as KeyTable)[name].type.kind === "structs"
        ? structForm((table as KeyTable)[name], loaded)
        : loaded;
      const text = JSON.stringify(seen[name]);
      equal(text.includes(mark), false, `${name}: ${text}`);
      match(text, new RegExp(redacted), name);
      equal(restored({ [name]: seen[name] }, values)[name], value, name);
      // As a client sends it that has keys in another order.
      if (!Array.isArray(seen[name])) continue;
      const turned = seen[name].map((item) =>
        typeof item === "object" && item !== null ? Object.fromEntries(Object.entries(item).reverse()) : item
      );
      equal(sorted(restored({ [name]: turned as Raw[] }, values)[name]), sorted(value), name);
    }
  }
});

/** As it is written. */
function structForm(key: KeyTable[string], loaded: unknown): unknown {
  return isAlias(key) ? loaded : key.type.format(loaded);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort().map(([name, each]) => [name, sorted(each)]));
}

Deno.test("shown: secrets of the overlay under old names are hidden too", () => {
  const hidden = (table: KeyTable) => {
    const values: Record<string, Raw> = {};
    for (const [name, key] of Object.entries(table)) {
      if (key.secret === undefined) continue;
      values[name] = secretValue(key.type.keys === undefined ? key.type.kind : "text", key.secret) as Raw;
    }
    return values;
  };
  const overlay: Overlay = {
    globals: { ...hidden(globalKeys), unknown: mark },
    pathDefaults: { ...hidden(pathKeys) },
    paths: new Map([["cam", { action: "patch", values: { ...hidden(pathKeys), unknown: { x: mark } } }]]),
  };
  equal(JSON.stringify(shownOverlay(overlay)).includes(mark), false);
});

Deno.test("overlay: what is no file of changes", async () => {
  for (const text of ["[]", "paths: {cam: {action: patch, values: 3}}", "global: x", "more: 1"]) {
    const files = { "mediamtx.yml": "apiPersist: kept.yml\n", "/work/kept.yml": text };
    const io = memoryIo({ files });
    const error = await loadOverlay(io, await loadBase(io, "")).then(() => "loaded", String);
    match(error, /^ConfError: \/work\/kept\.yml/, text);
  }
});

Deno.test("overlay: an entry that has left the file does not come back as its changes", async () => {
  const { overlay } = await after(
    "paths: {cam: {source: 'rtsp://host/x'}, other: }\n",
    { kind: "patchPath", name: "cam", values: { maxReaders: 3 } },
    { kind: "replacePath", name: "other", values: { maxReaders: 4 } },
  );
  const loaded = async (text: string) => {
    const io = memoryIo({ files: { "mediamtx.yml": text } });
    return (await buildLayers(io, await loadBase(io, ""), overlay, { file: undefined })).conf.paths;
  };
  equal([...(await loaded("paths: {}\n")).keys()], ["other"]);
  equal((await loaded("paths: {cam: {maxReaders: 9}}\n")).get("cam")?.maxReaders, 3);
});
