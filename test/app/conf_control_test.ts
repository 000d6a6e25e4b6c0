import { LiveConf } from "../../src/app/conf_control.ts";
import { createLogger } from "../../src/base/logger.ts";
import { UserError } from "../../src/base/errors.ts";
import type { LoadedConf, RawMap } from "../../src/conf/mod.ts";
import { memoryIo } from "../conf/support.ts";
import { equal, match, rejects } from "../support/assert.ts";

/** A configuration in memory, whose files tests change. */
class Desk {
  readonly files: Record<string, string>;
  readonly lines: string[] = [];
  /** Configurations that have come into use. */
  readonly activated: LoadedConf[] = [];
  /** What the next activation fails with. */
  refusal: Error | null = null;
  /** Why files cannot be written; null when they can. */
  diskError: Error | null = null;

  private constructor(files: Record<string, string>) {
    this.files = files;
  }

  static async with(files: Record<string, string>): Promise<{ desk: Desk; live: LiveConf }> {
    const desk = new Desk(files);
    const live = await LiveConf.load({
      io: memoryIo({ files: desk.files }),
      path: "",
      writeFile: (path, text) => {
        if (desk.diskError !== null) return Promise.reject(desk.diskError);
        desk.files[path] = text;
        return Promise.resolve();
      },
    });
    live.connect({
      logger: createLogger((level, text) => void desk.lines.push(`${level} ${text}`), () => true),
      activate: (loaded) => {
        if (desk.refusal !== null) return Promise.reject(desk.refusal);
        desk.activated.push(loaded);
        return Promise.resolve();
      },
    });
    return { desk, live };
  }
}

function patch(values: RawMap): { kind: "patchGlobal"; values: RawMap } {
  return { kind: "patchGlobal", values };
}

Deno.test("live configuration: a file that is missing for a moment makes way for no other one", async () => {
  const { desk, live } = await Desk.with({ "mediamtx.yml": "readTimeout: 5s\npaths: {cam: }\n" });
  delete desk.files["mediamtx.yml"];
  desk.files["/etc/mediamtx/mediamtx.yml"] = "readTimeout: 9s\n";
  await rejects(live.reload(), /^ConfError: mediamtx\.yml: no such file/);
  equal([live.conf.readTimeout, [...live.conf.paths.keys()]], [5000, ["cam"]]);
  desk.files["mediamtx.yml"] = "readTimeout: 6s\n";
  await live.reload();
  equal(live.conf.readTimeout, 6000);
});

Deno.test("live configuration: a change that is refused is not kept, whatever the disk says", async () => {
  const { desk, live } = await Desk.with({ "mediamtx.yml": "apiPersist: kept.yml\n" });
  const kept = () => desk.files["/work/kept.yml"] ?? "";
  await live.edit(patch({ readTimeout: "7s" }));
  match(kept(), /readTimeout: 7s/);
  desk.refusal = new UserError("the address is taken");
  await rejects(live.edit(patch({ readTimeout: "8s" })), /the address is taken/);
  match(kept(), /readTimeout: 7s/);
  equal(live.conf.readTimeout, 7000);
  desk.refusal = null;
  desk.diskError = new Error("disk full");
  await rejects(
    live.edit(patch({ readTimeout: "9s" })),
    /apiPersist: \/work\/kept\.yml cannot be written: disk full/,
  );
  equal([live.conf.readTimeout, desk.activated.length], [7000, 1]);
});

Deno.test("live configuration: changes that come together are made one after the other", async () => {
  const { desk, live } = await Desk.with({ "mediamtx.yml": "apiPersist: kept.yml\n" });
  const edits = ["a", "b", "a", "c"].map((name) => live.edit({ kind: "addPath", name, values: {} }));
  const results = await Promise.allSettled([...edits, live.reload()]);
  equal(results.map(({ status }) => status), [
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  equal([...live.conf.paths.keys()], ["a", "b", "c"]);
  equal(desk.activated.length, 4);
});

Deno.test("live configuration: a new file that does not fit to the kept changes is refused and names them", async () => {
  const { desk, live } = await Desk.with({ "mediamtx.yml": "apiPersist: kept.yml\n" });
  await live.edit({ kind: "addPath", name: "all", values: {} });
  desk.files["mediamtx.yml"] += "paths: {all_others: }\n";
  await rejects(live.reload(), /\/work\/kept\.yml: paths\.all: .*same path/);
  equal([...live.conf.paths.keys()], ["all"]);
});

Deno.test("live configuration: names that come and go leave nothing in the file", async () => {
  const { desk, live } = await Desk.with({ "mediamtx.yml": "apiPersist: kept.yml\npaths: {cam: }\n" });
  await live.edit({ kind: "addPath", name: "new", values: {} });
  await live.edit({ kind: "deletePath", name: "new" });
  await live.edit({ kind: "deletePath", name: "cam" });
  equal([...live.overlay.paths], [["cam", { action: "delete" }]]);
  equal(/ new:/.test(desk.files["/work/kept.yml"]), false);
});
