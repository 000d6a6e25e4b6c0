/**
 * `deno task compile [--target=…]`: one executable in dist/. Other flags are handed to `deno compile`.
 * Targets: x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu, x86_64-apple-darwin, aarch64-apple-darwin,
 * x86_64-pc-windows-msvc.
 */
import denoConfig from "../deno.json" with { type: "json" };
import { filesBelow, root } from "./repository.ts";

const output = `${root}/dist/${denoConfig.name}`;

/** Those of the engine, as the start task gives them: an executable cannot be given any. */
const engineFlags = denoConfig.tasks.start.split(" ").filter((word) => word.startsWith("--v8-flags="));

/** Deno finds imports by itself, but not the files that start workers. */
const workers = filesBelow("src", (name) => name.endsWith("worker.ts"));

/**
 * hls.js as one file: an import of it from its package would put the whole package, 30 MB of variants and source maps,
 * into the executable.
 */
const library = "hls.js/dist/hls.min.js";
const importMap = `${root}/dist/compile/import_map.json`;

Deno.mkdirSync(`${root}/dist/compile`, { recursive: true });
Deno.copyFileSync(new URL(import.meta.resolve(library)), `${root}/dist/compile/hls.min.js`);
Deno.writeTextFileSync(
  importMap,
  JSON.stringify({ imports: { ...denoConfig.imports, [library]: "./hls.min.js" } }),
);
const child = new Deno.Command(Deno.execPath(), {
  args: [
    ...["compile", "--allow-all", "--no-prompt", "--output", output],
    // The tests' packages stay out.
    ...["--import-map", importMap, "--exclude-unused-npm"],
    ...engineFlags,
    ...workers.map((path) => `--include=${path}`),
    ...Deno.args,
    "main.ts",
  ],
  cwd: root,
  stdin: "null",
}).spawn();
const { success } = await child.status;
if (!success) {
  console.error(
    "\nno executable was made. deno compile downloads a base program of the target system from Deno's release " +
      "server once: when the message above speaks of a download, that server cannot be reached from here. " +
      "On such a machine start from source: deno task start",
  );
}
Deno.exit(success ? 0 : 1);
