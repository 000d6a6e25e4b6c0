import { OnDemand } from "../../src/paths/on_demand.ts";
import { equal } from "../support/assert.ts";

/** Everything that happened, and timers that fire when told to. */
function setup() {
  const log: string[] = [];
  let timers: { readonly delayMs: number; readonly action: () => void }[] = [];
  const onDemand = new OnDemand({
    source: {
      start: (query) => log.push(`start ${query}`),
      stop: (reason) => log.push(`stop: ${reason}`),
    },
    startTimeoutMs: () => 10,
    closeAfterMs: () => 20,
    timers: {
      after(delayMs, action) {
        const timer = { delayMs, action };
        timers.push(timer);
        return () => timers = timers.filter((other) => other !== timer);
      },
    },
    onTimeout: () => log.push("timed out"),
    onUnneeded: () => log.push("unneeded"),
    onStopped: () => log.push("stopped"),
  });
  return {
    onDemand,
    log,
    /** The delays of the timers that run. */
    pending: () => timers.map((timer) => timer.delayMs),
    fire() {
      for (const timer of timers.splice(0)) timer.action();
    },
  };
}

Deno.test("on demand: started once, with the first query", () => {
  const { onDemand, log, pending } = setup();
  equal(onDemand.idle, true);
  onDemand.want("a=1");
  onDemand.want("b=2");
  equal(log, ["start a=1"]);
  equal(pending(), [10]);
  equal(onDemand.idle, false);
});

Deno.test("on demand: the stream does not come", () => {
  const { onDemand, log, pending, fire } = setup();
  onDemand.want("");
  fire();
  equal(log, ["start ", "timed out", "stop: timed out", "stopped"]);
  equal([onDemand.idle, pending()], [true, []]);
  onDemand.want("again");
  equal(log.at(-1), "start again");
});

Deno.test("on demand: the close timer runs from the arrival until a reader joins", () => {
  const { onDemand, log, pending, fire } = setup();
  onDemand.want("");
  onDemand.arrived();
  equal(pending(), [20]);
  onDemand.needed();
  equal(pending(), []);
  onDemand.unneeded();
  onDemand.unneeded();
  equal(pending(), [20]);
  onDemand.needed();
  equal(pending(), []);
  onDemand.unneeded();
  fire();
  equal(log, ["start ", "unneeded", "stop: not needed by anyone", "stopped"]);
  equal([onDemand.idle, pending()], [true, []]);
});

Deno.test("on demand: a stream that comes by itself arms nothing", () => {
  const { onDemand, log, pending } = setup();
  onDemand.arrived();
  onDemand.needed();
  onDemand.unneeded();
  onDemand.stop("whatever");
  equal([log, pending(), onDemand.idle], [[], [], true]);
});

Deno.test("on demand: waiting for a stream that went away has no time-out", () => {
  const { onDemand, log, pending } = setup();
  onDemand.want("");
  onDemand.arrived();
  onDemand.needed();
  onDemand.unneeded();
  onDemand.want("later");
  equal([log, pending()], [["start "], []]);
  onDemand.arrived();
  equal(pending(), [20]);
});

Deno.test("on demand: stop cancels whatever timer runs", () => {
  for (const arrived of [false, true]) {
    const { onDemand, log, pending } = setup();
    onDemand.want("");
    if (arrived) onDemand.arrived();
    onDemand.stop("path destroyed");
    onDemand.stop("path destroyed");
    equal([log, pending()], [["start ", "stop: path destroyed"], []]);
  }
});
