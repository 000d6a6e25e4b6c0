import { type Component, RunningComponents } from "../../src/app/lifecycle.ts";
import { createLogger, silentLogger } from "../../src/base/logger.ts";
import { equal, rejects } from "../support/assert.ts";

const generous = 60_000;
const neverStop = new AbortController().signal;

/** A row that writes into `events`. */
function row(
  name: string,
  what: { fails?: boolean; off?: boolean; closeFails?: boolean; hangs?: boolean } = {},
): Component<string[]> {
  return {
    name,
    start(events) {
      events.push(`start ${name}`);
      if (what.fails) throw new Error(`${name} is busy`);
      if (what.off) return undefined;
      return {
        async close() {
          events.push(`close ${name}`);
          if (what.closeFails) throw new Error("oh");
          if (what.hangs) await new Promise(() => {});
        },
      };
    },
  };
}

Deno.test("components start in order and close in reverse", async () => {
  const events: string[] = [];
  const running = new RunningComponents(silentLogger);
  await running.start([row("a"), row("b", { off: true }), row("c")], events, neverStop, generous);
  equal(running.names, ["a", "c"]);
  await running.close(generous);
  equal(events, ["start a", "start b", "start c", "close c", "close a"]);
  equal(running.names, []);
});

Deno.test("a failing start closes what runs, starts nothing further and throws", async () => {
  const events: string[] = [];
  const running = new RunningComponents(silentLogger);
  const table = [row("a"), row("b"), row("c", { fails: true }), row("d")];
  await rejects(running.start(table, events, neverStop, generous), /c is busy/);
  equal(events, ["start a", "start b", "start c", "close b", "close a"]);
});

Deno.test("a component that fails to close keeps nobody from closing", async () => {
  const events: string[] = [];
  const lines: string[] = [];
  const logger = createLogger((level, text) => lines.push(`${level} ${text}`), () => true);
  const running = new RunningComponents(logger);
  await running.start([row("a"), row("b", { closeFails: true })], events, neverStop, generous);
  await running.close(generous);
  equal(events.slice(2), ["close b", "close a"]);
  equal(lines, ["error b did not stop cleanly: oh"]);
});

Deno.test("a component that never closes is named and left behind", async () => {
  const lines: string[] = [];
  const logger = createLogger((level, text) => lines.push(`${level} ${text}`), () => true);
  const running = new RunningComponents(logger);
  await running.start([row("a"), row("b", { hangs: true }), row("c")], [], neverStop, generous);
  await running.close(1);
  equal(lines, ["warn not stopped in time: a, b"]);
});

Deno.test("a stop during the start keeps the next row from starting", async () => {
  const stop = new AbortController();
  const events: string[] = [];
  const running = new RunningComponents(silentLogger);
  const stopping: Component<string[]> = { name: "s", start: () => (stop.abort(), undefined) };
  await running.start([row("a"), stopping, row("b")], events, stop.signal, generous);
  await running.close(generous);
  equal(events, ["start a", "close a"]);
});
