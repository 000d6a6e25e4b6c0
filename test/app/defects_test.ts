import { DefectReporter } from "../../src/app/defects.ts";
import { createLogger } from "../../src/base/logger.ts";
import { equal, match } from "../support/assert.ts";

Deno.test("defects: logged with their stack, at most one a second, the others counted", () => {
  const lines: string[] = [];
  let now = 0;
  const logger = createLogger((level, text) => lines.push(`${level} ${text}`), () => true);
  using reporter = new DefectReporter(logger, () => now);
  for (let i = 0; i < 5; i++) reporter.report(new Error(`defect ${i}`));
  equal(lines.length, 1);
  match(lines[0], /^error unexpected error, please report it: Error: defect 0\n\s+at .*defects_test/);
  now = 1000;
  reporter.report("a string");
  equal(lines[1], "error unexpected error (and 4 more before it), please report it: a string");
});

Deno.test("defects: a rejection that nobody handles is caught", async () => {
  const caught = Promise.withResolvers<string>();
  const logger = createLogger((_, text) => caught.resolve(text), () => true);
  using _reporter = new DefectReporter(logger, () => 0);
  void Promise.reject(new Error("nobody cares"));
  match(await caught.promise, /nobody cares/);
});
