/**
 * Readers and publishers that come and go, round after round, against one server: its memory has to stay flat.
 * `deno run -A test/soak/main.ts [--rounds N] [options of the load tool]`; a steady load over a long time is the load
 * tool's own `--soak`.
 */
import { LoadRun } from "../bench/load.ts";
import { parseCount, parseOptions } from "../bench/options.ts";
import { isClean, type LoadResult } from "../bench/result.ts";
import { resolveTarget } from "../bench/target.ts";
import { TestServer } from "../interop/support/server.ts";

const defaultRounds = 20;
/** The first rounds fill pools and caches. */
const roundsToSettle = 4;
const allowedGrowth = 1.2;

const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);

function takeRounds(args: readonly string[]): { rounds: number; rest: string[] } {
  const at = args.indexOf("--rounds");
  if (at < 0) return { rounds: defaultRounds, rest: [...args] };
  return {
    rounds: parseCount("rounds", args[at + 1] ?? ""),
    rest: [...args.slice(0, at), ...args.slice(at + 2)],
  };
}

async function main(): Promise<boolean> {
  const { rounds, rest } = takeRounds(Deno.args);
  const options = parseOptions(["--duration", "5s", "--warm", "1s", ...rest]);
  const server = options.url === "" ? await TestServer.start({ command: options.serverCommand }) : null;
  const pid = server?.pid ?? options.pid;
  const memory: number[] = [];
  let clean = true;
  try {
    for (let round = 1; round <= rounds; round++) {
      // every other round over the other transport
      const transport = round % 2 === 0 ? "udp" : "tcp";
      const url = server?.rtspUrl(`soak${round}`) ?? options.url;
      const target = await resolveTarget(url);
      const targets = { publish: target, read: target };
      const result: LoadResult = await new LoadRun({ ...options, transport }, targets, pid, () => {}).run();
      const after = result.server?.residentBytesAfter ?? 0;
      memory.push(after);
      clean &&= isClean(result);
      console.log(
        `round ${round}, ${transport}: ${mebibytes(after)} MiB after, ${result.packetsLost} packets lost`,
      );
    }
  } finally {
    await server?.kill();
  }
  if (memory.length <= roundsToSettle) return clean;
  const settled = Math.max(...memory.slice(0, roundsToSettle));
  const last = memory[memory.length - 1];
  console.log(`${mebibytes(settled)} MiB after ${roundsToSettle} rounds, ${mebibytes(last)} MiB at the end`);
  return clean && last <= settled * allowedGrowth;
}

if (import.meta.main) Deno.exit(await main() ? 0 : 1);
