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

/** Runs `deno test` with these arguments. */
export async function runTests(args: readonly string[]): Promise<Sum> {
  // A pipe would take the colours away.
  const env: Record<string, string> = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR")
    ? { FORCE_COLOR: "1" }
    : {};
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", ...args],
    cwd: root,
    env,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of child.stdout) {
    for (let at = 0; at < chunk.length;) at += Deno.stdout.writeSync(chunk.subarray(at));
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-tailLength);
  }
  const { success } = await child.status;
  return readSummary(tail, success);
}
