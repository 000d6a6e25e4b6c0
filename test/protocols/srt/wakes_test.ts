import { steadyNow, Wakes } from "../../../src/protocols/srt/wakes.ts";
import { equal } from "../../support/assert.ts";
import { guarded } from "../../support/guarded.ts";
import { whileHeldUp } from "../../support/held_up.ts";

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

Deno.test("srt wakes: who was held up reads first what has arrived", async () => {
  const wakes = new Wakes();
  try {
    const heard = await whileHeldUp((arrived) => {
      let heard = false;
      arrived.then(() => heard = true);
      const woken = Promise.withResolvers<boolean>();
      const who = {
        nextWake: steadyNow() + 100_000,
        tick: () => {
          who.nextWake = Infinity;
          woken.resolve(heard);
        },
      };
      wakes.schedule(who);
      return guarded("the wake", woken.promise);
    });
    equal(heard, true);
  } finally {
    wakes.close();
  }
});
