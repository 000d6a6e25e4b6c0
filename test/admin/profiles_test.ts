import { watched } from "../../src/admin/profiles/handler.ts";
import { equal, rejects } from "../support/assert.ts";

Deno.test("profiles: the next one may be taken when one was read, given up, or broke", async () => {
  const done: string[] = [];
  const body = (name: string, failing = false) =>
    watched(
      new ReadableStream<Uint8Array>({
        pull: (controller) => failing ? controller.error(new Error("broken")) : controller.close(),
      }, { highWaterMark: 0 }),
      () => done.push(name),
    );
  await new Response(body("read")).text();
  await body("given up").cancel();
  await rejects(new Response(body("broke", true)).text(), Error, "broken");
  equal(done, ["read", "given up", "broke"]);
});
