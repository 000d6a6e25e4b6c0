/**
 * `deno task compile [--target=…]`: one executable in dist/. Other flags are handed to `deno compile`.
 * Targets: x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu, x86_64-apple-darwin, aarch64-apple-darwin,
 * x86_64-pc-windows-msvc.
 */
import denoConfig from "../deno.json" with { type: "json" };
import { filesBelow, root } from "./repository.ts";

const output = `${root}/dist/${denoConfig.name}`;

/** Deno finds imports by itself, but not the files that start workers. */
const workers = filesBelow("src", (name) => name.endsWith("worker.ts"));

Deno.mkdirSync(`${root}/dist`, { recursive: true });
const child = new Deno.Command(Deno.execPath(), {
  args: [
    ...["compile", "--allow-all", "--no-prompt", "--output", output],
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
