import { steadyNow, Wakes } from "../../../src/protocols/srt/wakes.ts";
import { equal } from "../../support/assert.ts";
import { guarded } from "../../support/guarded.ts";

Deno.test("srt wakes: a defect in one connection does not stop the timer of the others", async () => {
  const wakes = new Wakes();
  const errors: string[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    errors.push(event.message);
  };
  globalThis.addEventListener("error", onError);
  const woken = Promise.withResolvers<void>();
  const at = steadyNow() + 2000;
  wakes.schedule({
    nextWake: at,
    tick: () => {
      throw new Error("a defect");
    },
  });
  const other = {
    nextWake: at + 1,
    tick: () => {
      other.nextWake = Infinity;
      woken.resolve();
    },
  };
  wakes.schedule(other);
  try {
    await guarded("the other one", woken.promise);
    equal(errors.length, 1);
  } finally {
    globalThis.removeEventListener("error", onError);
    wakes.close();
  }
});
