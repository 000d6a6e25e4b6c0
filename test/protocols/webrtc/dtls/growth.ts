/**
 * A process of its own, with `--v8-flags=--expose-gc`: prints by how many bytes many associations let the process and the
 * heap grow. Arguments: the implementation, and how many pairs of them.
 */
import { openDtlsProvider } from "../../../../src/protocols/webrtc/dtls/mod.ts";
import { Pair } from "./support.ts";

const [name, pairs] = Deno.args;
if (name !== "libssl" && name !== "portable") throw new Error(`unknown implementation ${name}`);
const provider = await openDtlsProvider({ implementation: name });

const batch = 50;

async function run(count: number): Promise<{ rss: number; heapUsed: number }> {
  for (let i = 0; i < count; i++) {
    const pair = new Pair({ server: provider, client: provider });
    await pair.connected();
    pair.close();
    if (i % batch === 0) collect();
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  return Deno.memoryUsage();
}

function collect(): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") throw new Error("to be run with --v8-flags=--expose-gc");
  gc();
}

const before = await run(150);
const after = await run(Number(pairs));
console.log(JSON.stringify({ process: after.rss - before.rss, heap: after.heapUsed - before.heapUsed }));
provider.close();
