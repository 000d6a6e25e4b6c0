import { Scope } from "../../src/base/scope.ts";
import { equal } from "../support/assert.ts";
import { guarded } from "../support/guarded.ts";
import { whileHeldUp } from "../support/held_up.ts";

Deno.test("scope: a patrol comes after what has arrived while the process was held up", async () => {
  await using scope = new Scope();
  const heard = await whileHeldUp((arrived) => {
    let heard = false;
    arrived.then(() => heard = true);
    const seen = Promise.withResolvers<boolean>();
    scope.patrol(100, () => seen.resolve(heard));
    return guarded("the patrol", seen.promise);
  });
  equal(heard, true);
});
