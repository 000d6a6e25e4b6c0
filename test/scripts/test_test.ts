import { planRuns } from "../../scripts/test/plan.ts";
import { readSummary, runTests } from "../../scripts/test/run.ts";
import { equal, match } from "../support/assert.ts";

const summaries: readonly (readonly [output: string, success: boolean, passed: number, failed: number])[] = [
  ["ok | 12 passed | 0 failed (2s)\n\n", true, 12, 0],
  ["ok | 12 passed (3 steps) | 0 failed | 2 filtered out (2s)\n", true, 12, 0],
  ["\x1b[0m\x1b[32mok\x1b[0m | 12 passed | 0 failed \x1b[38;5;245m(2s)\x1b[0m\n", true, 12, 0],
  ["FAILED | 10 passed (1 step) | 2 failed (1 step) (2s)\n", false, 10, 2],
  ["ok | 10 passed | 0 failed | 3 ignored (2s)\n", true, 10, 3],
  ["FAILED | 10 passed | 1 failed | 3 ignored (2s)\n", false, 10, 4],
  ["ok | 9 passed | 0 failed (1s)\nok | 10 passed | 0 failed (2s)\nerror: leak\n", false, 10, 1],
  ["error: Type checking failed.\n", false, 0, 1],
  ["", true, 0, 0],
];
for (const [output, success, passed, failed] of summaries) {
  Deno.test(`test sum: ${JSON.stringify(output)} gives ${passed} and ${failed}`, () => {
    equal(readSummary(output, success), { passed, failed });
  });
}

const all = ["test/a_test.ts", "test/codecs/h264/b_test.ts", "test/interop/c_test.ts"];

Deno.test("test plan: everything, interop apart", () => {
  equal(planRuns([], all), {
    unit: ["--parallel", "test/a_test.ts", "test/codecs/h264/b_test.ts"],
    interop: ["--parallel", "test/interop/c_test.ts"],
  });
});

Deno.test("test plan: folders, files and flags choose", () => {
  equal(planRuns(["./test/codecs/", "--filter=x"], all), {
    unit: ["--parallel", "--filter=x", "test/codecs/h264/b_test.ts"],
    interop: undefined,
  });
  equal(planRuns(["test/interop"], all), {
    unit: undefined,
    interop: ["--parallel", "test/interop/c_test.ts"],
  });
});

Deno.test("test plan: what does not exist is handed on, so that it fails", () => {
  equal(planRuns(["test/code"], all), { unit: ["--parallel", "test/code"], interop: undefined });
});

Deno.test("test run: one that hangs is interrupted, names the test and ends what it has started", async () => {
  const file = await Deno.makeTempFile({ suffix: "_test.ts" });
  try {
    const child = `new Deno.Command("sh", { args: ["-c", "echo started; exec sleep 1000"] }).spawn()`;
    await Deno.writeTextFile(file, `Deno.test("it hangs", async () => void await ${child}.status);`);
    const abort = new AbortController();
    const decoder = new TextDecoder();
    let output = "";
    const write = (chunk: Uint8Array) => {
      output += decoder.decode(chunk, { stream: true });
      if (output.includes("started")) abort.abort();
    };
    // The output ends when the last process that holds it does.
    const sum = await runTests(["--no-check", file], { limit: abort.signal, write });
    equal(sum, { passed: 0, failed: 1 });
    match(output, /pending:[^]*it hangs/);
  } finally {
    await Deno.remove(file);
  }
});
