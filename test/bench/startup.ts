import { TestServer } from "../interop/support/server.ts";

const probeEveryMs = 2;
const timeoutMs = 30_000;

/** From the start of the process to the first accepted connection, in milliseconds. */
async function once(command: readonly string[]): Promise<number> {
  const start = performance.now();
  const server = await TestServer.spawn({ command });
  try {
    while (performance.now() - start < timeoutMs) {
      try {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.ports.rtsp });
        const took = performance.now() - start;
        connection.close();
        return took;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
      }
    }
    throw new Error(`the server did not listen within ${timeoutMs} ms\n${server.log.lines.join("\n")}`);
  } finally {
    await server.kill();
  }
}

export interface StartupResult {
  /** The first run may find cold caches. */
  readonly firstMs: number;
  readonly bestMs: number;
  readonly medianMs: number;
  readonly runs: number;
}

export async function measureStartup(command: readonly string[], runs: number): Promise<StartupResult> {
  const times: number[] = [];
  for (let i = 0; i < Math.max(1, runs); i++) times.push(await once(command));
  const sorted = times.toSorted((a, b) => a - b);
  return { firstMs: times[0], bestMs: sorted[0], medianMs: sorted[sorted.length >> 1], runs: times.length };
}
