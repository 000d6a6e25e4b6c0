/** One call of `deno test`, watched: its output passes through, and its last line is counted. */
import { root } from "../repository.ts";

/** What came of a run. Ignored tests are failures: nothing is skipped silently. */
export interface Sum {
  readonly passed: number;
  readonly failed: number;
}

/** Characters kept of the output's end, where the summary is. */
const tailLength = 4096;

// deno-lint's no-control-regex is right in general; here the escapes are what is looked for.
const colorCodes = new RegExp(String.fromCharCode(27) + "\\[[0-9;]*m", "g");

/**
 * Reads `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`, the last such line. A run that ended badly without
 * a failed test (a type error, an uncaught error, no test found) counts as one failure.
 */
export function readSummary(output: string, success: boolean): Sum {
  const lines = output.replace(colorCodes, "").split("\n");
  const line = lines.findLast((candidate) => /^(ok|FAILED) \| \d+ passed/.test(candidate)) ?? "";
  const count = (what: string) => Number(line.match(new RegExp(`\\| (\\d+) ${what}`))?.[1] ?? 0);
  const failed = count("failed") + count("ignored");
  return { passed: count("passed"), failed: success ? failed : Math.max(failed, 1) };
}

/** Far longer than a run takes; only one that hangs gets there. */
const runLimitMs = 60 * 60_000;
/** Then those that do not obey are ended. */
const graceMs = 60_000;

export interface RunOptions {
  /** Files that run side by side; as many as there are processors when absent. */
  readonly jobs?: number;
  /** Aborted when the run has taken too long. */
  readonly limit?: AbortSignal;
  /** Where the output goes besides the sum. */
  readonly write?: (chunk: Uint8Array) => void;
}

/**
 * Runs `deno test` with these arguments. A run that hangs is interrupted, upon which it names the tests that were
 * pending, and counts as failed; what its tests have started ends with it.
 */
export async function runTests(args: readonly string[], options: RunOptions = {}): Promise<Sum> {
  const { jobs, limit = AbortSignal.timeout(runLimitMs), write = writeOut } = options;
  // A pipe would take the colours away.
  const env: Record<string, string> = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR")
    ? { FORCE_COLOR: "1" }
    : {};
  if (jobs !== undefined) env.DENO_JOBS = String(jobs);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", ...args],
    cwd: root,
    env,
    stdin: "null",
    stdout: "piped",
    // a group of its own, so that servers and clients of the tests end with them
    detached: true,
  }).spawn();
  using _forwarding = forwardSignals(child.pid);
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  const interrupt = () => {
    console.error("the tests take too long");
    signal(child.pid, "SIGINT");
    killTimer = setTimeout(() => signal(-child.pid, "SIGKILL"), graceMs);
  };
  limit.addEventListener("abort", interrupt);
  // What is left would hold the output open.
  const ended = child.status.finally(() => signal(-child.pid, "SIGKILL"));
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of child.stdout) {
    write(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-tailLength);
  }
  const { success } = await ended;
  limit.removeEventListener("abort", interrupt);
  clearTimeout(killTimer);
  return readSummary(tail, success && !limit.aborted);
}

function writeOut(chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += Deno.stdout.writeSync(chunk.subarray(at));
}

/** To a process, or to the group of one: all that it has started and that has not left. */
function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    // nobody is left
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The terminal tells only us that the user wants to stop. */
function forwardSignals(pid: number): Disposable {
  const names: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];
  const forward = names.map((name) => [name, () => signal(pid, name)] as const);
  for (const [name, handle] of forward) Deno.addSignalListener(name, handle);
  return {
    [Symbol.dispose]: () => {
      for (const [name, handle] of forward) Deno.removeSignalListener(name, handle);
    },
  };
}
