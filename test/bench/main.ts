/** The load tool: `deno task bench --help`. Linux. */
import { LoadRun } from "./load.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { formatResult, isClean, type LoadResult } from "./result.ts";
import { readerKinds } from "./readers/kinds.ts";
import { startServer } from "./server.ts";
import { measureStartup } from "./startup.ts";
import { readUrl, resolveTarget } from "./target.ts";
import { formatWebrtcLatency, measureWebrtcLatency } from "./webrtc_latency.ts";

async function load(options: Options): Promise<LoadResult> {
  const run = async (url: string, readFrom: string, pid: number) => {
    const { scheme } = readerKinds[options.transport];
    const targets = {
      publish: await resolveTarget(url),
      read: await resolveTarget(readFrom || readUrl(url, scheme), scheme),
    };
    return await new LoadRun(options, targets, pid, (line) => console.log(line)).run();
  };
  if (options.url !== "") return await run(options.url, options.readUrl, options.pid);
  const server = await startServer(options);
  try {
    return await run(server.publishUrl("bench"), server.readUrl("bench", options.transport), server.pid);
  } finally {
    await server.kill();
  }
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const save = async (value: unknown) => {
    if (options.json !== "") await Deno.writeTextFile(options.json, JSON.stringify(value, null, 2) + "\n");
  };
  switch (options.mode) {
    case "help":
      console.log(usage);
      return 0;
    case "startup": {
      const result = await measureStartup(options.serverCommand, options.runs);
      const ms = (value: number) => `${value.toFixed(0)} ms`;
      console.log(`first ${ms(result.firstMs)}, best ${ms(result.bestMs)}, median ${ms(result.medianMs)}`);
      await save(result);
      return 0;
    }
    case "webrtcLatency": {
      const result = await measureWebrtcLatency(options.serverCommand, options.serverConfig, options.runs);
      console.log(formatWebrtcLatency(result));
      await save(result);
      return 0;
    }
    case "load": {
      const result = await load(options);
      console.log(formatResult(result));
      await save(result);
      return isClean(result) ? 0 : 1;
    }
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
