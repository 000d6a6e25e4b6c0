/**
 * Readers and publishers that come and go, round after round, against one server: its memory has to stay flat.
 * `deno run -A test/soak/main.ts [--rounds N] [--kinds tcp,udp,rtmp,hls] [options of the load tool]`: each round another
 * of the kinds of readers (default tcp,udp). A steady load over a long time is the load tool's own `--soak`.
 */
import { LoadRun } from "../bench/load.ts";
import { parseCount, parseOptions } from "../bench/options.ts";
import { isClean, type LoadResult } from "../bench/result.ts";
import { isReaderKindName, type ReaderKindName, readerKinds } from "../bench/readers/kinds.ts";
import { startServer } from "../bench/server.ts";
import { readUrl, resolveTarget } from "../bench/target.ts";

const defaultRounds = "20";
const defaultKinds = "tcp,udp";
/** The first rounds fill pools and caches. */
const roundsToSettle = 4;
const allowedGrowth = 1.2;

const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);

/** The options of this program, and the rest for the load tool. */
function takeOwn(args: readonly string[]): { rounds: number; kinds: ReaderKindName[]; rest: string[] } {
  const rest = [...args];
  const take = (name: string, otherwise: string) => {
    const at = rest.indexOf(`--${name}`);
    return at < 0 ? otherwise : rest.splice(at, 2)[1] ?? "";
  };
  const rounds = parseCount("rounds", take("rounds", defaultRounds));
  const kinds = take("kinds", defaultKinds).split(",").map((name) => {
    if (!isReaderKindName(name)) throw new Error(`--kinds: unknown '${name}'`);
    return name;
  });
  return { rounds, kinds, rest };
}

async function main(): Promise<boolean> {
  const { rounds, kinds, rest } = takeOwn(Deno.args);
  const options = parseOptions(["--duration", "5s", "--warm", "1s", ...rest]);
  const server = options.url === "" ? await startServer(options, kinds) : null;
  const pid = server?.pid ?? options.pid;
  const memory: number[] = [];
  let clean = true;
  try {
    for (let round = 1; round <= rounds; round++) {
      const transport = kinds[(round - 1) % kinds.length];
      const { scheme } = readerKinds[transport];
      const path = `soak${round}`;
      const publishUrl = server?.publishUrl(path) ?? options.url;
      const readFrom = server?.readUrl(path, transport) ??
        (options.readUrl.startsWith(`${scheme}://`) ? options.readUrl : readUrl(options.url, scheme));
      const targets = {
        publish: await resolveTarget(publishUrl),
        read: await resolveTarget(readFrom, scheme),
      };
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
