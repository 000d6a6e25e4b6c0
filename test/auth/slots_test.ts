import { Refused } from "../../src/auth/refused.ts";
import { Slots } from "../../src/auth/slots.ts";
import { equal, rejects } from "../support/assert.ts";

const hour = 3_600_000;

Deno.test("slots: in turn, not too many, not for ever, and none is lost", async () => {
  const slots = new Slots(2, 3);
  const order: number[] = [];
  const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
  const run = (i: number, maxWaitMs = hour) =>
    slots.run(maxWaitMs, async () => {
      order.push(i);
      await gates[i].promise;
      if (i === 1) throw new Error("failed");
    });
  const running = [run(0), run(1)];
  const impatient = run(2, 0);
  running.push(run(3), run(4));
  await rejects(run(5), Refused, "too many wait");
  await rejects(impatient, /too many requests wait/);
  equal(order, [0, 1]);
  gates[1].resolve();
  await rejects(running[1], /^Error: failed$/);
  equal(order, [0, 1, 3]);
  gates[0].resolve();
  await running[0];
  equal(order, [0, 1, 3, 4]);
  gates[3].resolve();
  gates[4].resolve();
  await Promise.all([running[2], running[3]]);
  gates[5].resolve();
  await Promise.all([run(5), run(5)]);
  equal(order, [0, 1, 3, 4, 5, 5]);
});

Deno.test("slots: closing refuses those who wait", async () => {
  const slots = new Slots(1, 10);
  const gate = Promise.withResolvers<void>();
  const first = slots.run(hour, () => gate.promise);
  const waiting = [1, 2, 3].map(() => slots.run(hour, () => Promise.resolve()));
  slots.close();
  for (const one of waiting) await rejects(one, /terminated/);
  gate.resolve();
  await first;
});
