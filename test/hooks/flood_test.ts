import { createLogger, silentLogger } from "../../src/base/logger.ts";
import { maxBytesPerSecond, OutputLog } from "../../src/hooks/command/output.ts";
import { HookProcess } from "../../src/hooks/command/process.ts";
import { equal } from "../support/assert.ts";
import { until } from "./support.ts";

Deno.test("hooks: more than so many bytes a second of output are not read", () => {
  let now = 5000;
  const log = new OutputLog(silentLogger, () => now);
  equal(log.spend(maxBytesPerSecond), 0);
  now += 300;
  equal([log.spend(1), log.spend(1)], [700, 700]);
  now += 700;
  equal(log.spend(1), 0);
  equal(log.spend(maxBytesPerSecond), 1000);
  now -= 60_000;
  equal(log.spend(1), 0, "the clock was set back");
});

Deno.test("hooks: a command that writes without end has to wait, and is ended all the same", async () => {
  let lines = 0;
  const logger = createLogger(() => lines++, () => true);
  const process = new HookProcess("yes", {}, logger);
  await until(() => lines > 0, () => "the first line");
  process.kill();
  equal((await process.ended).signal, "SIGKILL");
  await process.released;
});
