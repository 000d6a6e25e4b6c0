/** The real process behind `AppHost`. */
import { raiseOpenFileLimit } from "../net/ffi/rlimit.ts";
import type { AppHost } from "./app.ts";
import { components } from "./components.ts";
import { LiveConf } from "./conf_control.ts";
import { createConfIo, replaceFile } from "./conf_io.ts";
import { processLogHost } from "./log/log.ts";
import { StopSignals } from "./signals.ts";

/** Takes over the stop signals of the process: they do nothing but abort `stop` from here on. */
export function createProcessHost(): AppHost {
  return {
    log: processLogHost,
    table: components,
    print: (line) => writeAll(Deno.stdout, line),
    printError: (line) => writeAll(Deno.stderr, line),
    loadConf: (path) => LiveConf.load({ io: createConfIo(), path: path ?? "", writeFile: replaceFile }),
    raiseLimits: () => void raiseOpenFileLimit(),
    stop: new StopSignals().signal,
  };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}
