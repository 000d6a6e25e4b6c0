import {
  applyEdit,
  buildLayers,
  type Conf,
  type ConfEdit,
  emptyOverlay,
  loadBase,
  loadConf,
  NoSuchPathError,
  type Overlay,
  type RawMap,
  serializeOverlay,
  shownGlobals,
  shownPath,
} from "../../src/conf/mod.ts";
import { equal, match, rejects, throws } from "../support/assert.ts";
import { memoryIo } from "./support.ts";

/** A configuration that is edited again and again. */
class Edited {
  overlay: Overlay = emptyOverlay;
  private constructor(private readonly text: string, public conf: Conf) {}

  static async of(text: string): Promise<Edited> {
    return new Edited(text, (await loadConf(memoryIo({ files: { "mediamtx.yml": text } }))).conf);
  }

  async edit(edit: ConfEdit): Promise<Conf> {
    const io = memoryIo({ files: { "mediamtx.yml": this.text } });
    const overlay = applyEdit(edit, this.overlay, this.conf);
    const loaded = await buildLayers(io, await loadBase(io, ""), overlay, { file: undefined });
    this.overlay = overlay;
    return this.conf = loaded.conf;
  }

  /** What a server that starts with the kept changes has. */
  async again(): Promise<Conf> {
    const files = {
      "mediamtx.yml": `apiPersist: kept.yml\n${this.text}`,
      "/work/kept.yml": serializeOverlay(this.overlay),
    };
    return (await loadConf(memoryIo({ files }))).conf;
  }
}

Deno.test("overlay: globals, defaults and paths are patched, and survive a new start", async () => {
  const edited = await Edited.of(
    "readTimeout: 5s\npathDefaults:\n  maxReaders: 3\npaths:\n  cam: {maxReaders: 4}\n  empty:\n",
  );
  await edited.edit({ kind: "patchGlobal", values: { readTimeout: "7s", writeTimeout: null } as RawMap });
  await edited.edit({ kind: "patchPathDefaults", values: { maxReaders: 5 } as unknown as RawMap });
  await edited.edit({
    kind: "patchPath",
    name: "cam",
    values: { runOnDemandCloseAfter: "3s" } as unknown as RawMap,
  });
  await edited.edit({
    kind: "addPath",
    name: "new",
    values: { name: "ignored", maxReaders: 1 } as unknown as RawMap,
  });
  for (const conf of [edited.conf, await edited.again()]) {
    equal(conf.readTimeout, 7000);
    equal(conf.writeTimeout, 10_000);
    equal([...conf.paths.keys()], ["cam", "empty", "new"]);
    equal(conf.paths.get("cam")?.maxReaders, 4);
    equal(conf.paths.get("cam")?.runOnDemandCloseAfter, 3000);
    equal(conf.paths.get("empty")?.maxReaders, 5);
    equal(conf.paths.get("new")?.maxReaders, 1);
  }
});

Deno.test("overlay: delete, add again, replace, reset", async () => {
  const edited = await Edited.of("paths:\n  cam: {maxReaders: 4, gopCache: no}\n");
  equal((await edited.edit({ kind: "deletePath", name: "cam" })).paths.size, 0);
  equal((await edited.again()).paths.size, 0);
  throws(() => applyEdit({ kind: "deletePath", name: "cam" }, edited.overlay, edited.conf), /path not found/);
  const added = await edited.edit({
    kind: "addPath",
    name: "cam",
    values: { maxReaders: 2 } as unknown as RawMap,
  });
  equal([added.paths.get("cam")?.maxReaders, added.paths.get("cam")?.gopCache], [2, "auto"]);
  throws(
    () => applyEdit({ kind: "addPath", name: "cam", values: {} }, edited.overlay, edited.conf),
    /path already exists/,
  );
  await edited.edit({ kind: "patchPath", name: "cam", values: { maxReaders: 9 } as unknown as RawMap });
  const replaced = await edited.edit({
    kind: "replacePath",
    name: "cam",
    values: { gopCache: "yes" } as unknown as RawMap,
  });
  equal([replaced.paths.get("cam")?.maxReaders, replaced.paths.get("cam")?.gopCache], [0, "yes"]);
  const reset = await edited.edit({ kind: "reset" });
  equal([reset.paths.get("cam")?.maxReaders, reset.paths.get("cam")?.gopCache], [4, "no"]);
});

Deno.test("overlay: an old name in the file does not take a value back", async () => {
  const edited = await Edited.of("readBufferCount: 1024\n");
  equal(edited.conf.writeQueueSize, 1024);
  equal(
    (await edited.edit({ kind: "patchGlobal", values: { writeQueueSize: 256 } as unknown as RawMap }))
      .writeQueueSize,
    256,
  );
});

Deno.test("overlay: what is wrong is told with its key, and nothing of the file", async () => {
  const edited = await Edited.of("readTimeout: 5s\n");
  const patch = (values: unknown) => edited.edit({ kind: "patchGlobal", values: values as RawMap });
  await rejects(patch({ readTimeout: "0s" }), /^ConfError: readTimeout: must be greater than zero/);
  await rejects(patch({ readTimout: "3s" }), /readTimout: .*readTimeout/);
  await rejects(patch({ paths: {} }), /unknown field "paths"/);
  await rejects(
    edited.edit({ kind: "patchPath", name: "none", values: {} }),
    /path not found/,
  );
  equal(edited.conf.readTimeout, 5000);
  try {
    applyEdit({ kind: "patchPath", name: "none", values: {} }, edited.overlay, edited.conf);
  } catch (error) {
    equal(error instanceof NoSuchPathError, true);
  }
});

Deno.test("overlay: a broken file of changes is named", async () => {
  const files = {
    "mediamtx.yml": "apiPersist: kept.yml\n",
    "/work/kept.yml": "paths: {cam: {action: eat}}\n",
  };
  await rejects(loadConf(memoryIo({ files })), /kept\.yml:1:\d+: paths\.cam\.action: must be one of/);
});

Deno.test("shown: secrets are marked, and a mark that comes back changes nothing", async () => {
  const edited = await Edited.of([
    "authInternalUsers:",
    "  - {user: ann, pass: secret1, permissions: [{action: read}]}",
    "  - {user: bob, pass: secret2, permissions: [{action: publish}]}",
    "paths:",
    "  cam: {source: 'rtsp://user:secret3@host/x?token=secret4', sourceOnDemand: yes}",
  ].join("\n"));
  const globals = shownGlobals(edited.conf);
  const path = shownPath(edited.conf.paths.get("cam")!);
  equal(JSON.stringify([globals, path]).includes("secret"), false);
  match(String(path.source), /^rtsp:\/\/<redacted>@host\/x\?<redacted>$/);

  const users = structuredClone(globals.authInternalUsers) as {
    user: string;
    pass: string;
    permissions: unknown[];
  }[];
  equal(users.map(({ pass }) => pass), ["<redacted>", "<redacted>"]);
  users.reverse();
  users[0].permissions = [];
  await edited.edit({ kind: "patchGlobal", values: { authInternalUsers: users } as unknown as RawMap });
  equal(edited.conf.authInternalUsers.map(({ user, pass }) => [user, pass]), [["bob", "secret2"], [
    "ann",
    "secret1",
  ]]);
  await edited.edit({ kind: "patchPath", name: "cam", values: path });
  equal(edited.conf.paths.get("cam")?.source, "rtsp://user:secret3@host/x?token=secret4");
  users.push({ user: "eve", pass: "<redacted>", permissions: [] });
  await rejects(
    edited.edit({ kind: "patchGlobal", values: { authInternalUsers: users } as unknown as RawMap }),
    /authInternalUsers\[2\]\.pass: '<redacted>' stands for no value/,
  );
});
