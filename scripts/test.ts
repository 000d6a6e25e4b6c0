/**
 * `deno task test [paths and flags of deno test]`: the tests of single parts side by side, then those with foreign
 * programs, two files at a time. The last line is always `N passed, N failed`.
 */
import { planRuns } from "./test/plan.ts";
import { runTests, type Sum } from "./test/run.ts";
import { provideTools } from "./test/tools.ts";

/** `.ci/run` hands on what failed before, so that the last line does not hide it. */
const failedBefore = Number(Deno.env.get("FAILED_BEFORE") ?? 0);

/** Each file has several clients at work, which have to keep up with live streams. */
const interopJobs = 2;

const plan = planRuns(Deno.args);
const toolsProblem = plan.interop === undefined ? undefined : await provideTools();
const sums: Sum[] = [{ passed: 0, failed: failedBefore }];
if (plan.unit !== undefined) sums.push(await runTests(plan.unit));
if (plan.interop !== undefined) {
  sums.push(
    toolsProblem === undefined
      ? await runTests(plan.interop, { jobs: interopJobs })
      : { passed: 0, failed: 1 },
  );
}
if (toolsProblem !== undefined) console.error(`\n${toolsProblem}\n`);

const passed = sums.reduce((total, sum) => total + sum.passed, 0);
const failed = sums.reduce((total, sum) => total + sum.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 && passed > 0 ? 0 : 1);
