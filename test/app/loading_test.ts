/** What the imports of the program say about what is loaded when. */
import denoConfig from "../../deno.json" with { type: "json" };
import { equal, match, ok } from "../support/assert.ts";

const root = new URL("../../", import.meta.url);

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: true;
    }[];
  }[];
}

async function readGraph(): Promise<Info> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: root,
    stderr: "null",
  });
  return JSON.parse(new TextDecoder().decode((await command.output()).stdout));
}

/** The files of ours that come with `main.ts`: those of its static imports, or all. */
function reached({ modules }: Info, which: "at start" | "ever"): string[] {
  const byName = new Map(modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const waiting = [new URL("main.ts", root).href];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { code, isDynamic } of byName.get(name)?.dependencies ?? []) {
      if (code?.specifier !== undefined && (which === "ever" || !isDynamic)) waiting.push(code.specifier);
    }
  }
  return [...seen].filter((name) => name.startsWith(root.href)).map((name) => name.slice(root.href.length));
}

Deno.test("start: no room is loaded that the configuration can switch off, but all are part of the program", async () => {
  const graph = await readGraph();
  const rooms = /^src\/(app\/rooms|admin|protocols)\/./;
  equal(reached(graph, "at start").filter((path) => rooms.test(path)), ["src/protocols/registry.ts"]);
  const all = reached(graph, "ever");
  for (const folder of ["protocols", "app/rooms"]) {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(`src/${folder}/`, root))) {
      const path = `src/${folder}/${isDirectory ? `${name}/mod.ts` : name}`;
      ok(all.includes(path), path);
    }
  }
});

Deno.test("start: everybody starts the engine with the same flags", () => {
  const flags = denoConfig.tasks.start.split(" ").filter((word) => word.startsWith("--v8-flags="));
  equal(flags.length, 1);
  const entryPoint = Deno.readTextFileSync(new URL("Dockerfile", root)).match(/^ENTRYPOINT (.*)$/m)?.[1] ??
    "";
  match(entryPoint, new RegExp(`"${flags[0]}"`));
});
