/** `deno task check`: everything that can be said about the code without running it. Reports all findings at once. */
import { type Part, parts } from "./check/parts.ts";

interface Result {
  readonly part: Part;
  readonly findings: readonly string[];
  readonly millis: number;
}

async function runPart(part: Part): Promise<Result> {
  const startedAt = performance.now();
  const findings = await part.run();
  return { part, findings, millis: performance.now() - startedAt };
}

const results: Promise<Result>[] = parts.map(runPart);
const failed: Result[] = [];
for (const pending of results) {
  const result = await pending;
  const passed = result.findings.length === 0;
  console.log(`${passed ? "ok    " : "FAILED"} ${result.part.name} (${(result.millis / 1000).toFixed(1)} s)`);
  if (!passed) failed.push(result);
}
for (const { part, findings } of failed) console.log(`\n--- ${part.name}\n${findings.join("\n")}`);
console.log(
  failed.length === 0 ? "all checks passed" : `\n${failed.length} of ${parts.length} checks failed`,
);
Deno.exit(failed.length === 0 ? 0 : 1);
