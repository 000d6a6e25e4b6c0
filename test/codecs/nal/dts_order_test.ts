import { DtsOrder, maxReorderDepth } from "../../../src/codecs/nal/dts_order.ts";
import { equal, match, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

const hint = { depth: 0, frameRate: 25, needed: 0, randomAccess: false };

Deno.test("presentation times of x264 with B pyramid (as FFmpeg muxes them) give its decoding times", () => {
  const order = new DtsOrder(1000);
  const pts = [0, 160, 80, 40, 120, 320, 240, 200, 280, 440, 360, 400, 480, 640, 560, 520, 600];
  const dts = pts.map((value, i) => order.place(value, { ...hint, depth: 2, randomAccess: i % 12 === 0 }));
  equal(dts.map((result) => result.dts), pts.map((_, i) => (i - 2) * 40));
  ok(dts.every((result) => result.warning === null));
});

Deno.test("without reordering the decoding time is the presentation time", () => {
  const order = new DtsOrder(90_000);
  for (const pts of [1000, 4600, 8200, 90_000, 93_600]) {
    equal(order.place(pts, hint), { dts: pts, warning: null });
  }
});

Deno.test("a parameter set that allows too little is told, then corrected", () => {
  const order = new DtsOrder(1000);
  const results = [0, 160, 80, 40, 120, 320, 240, 200, 280].map((pts) =>
    order.place(pts, { ...hint, depth: 1 })
  );
  match(
    results.find((result) => result.warning !== null)!.warning!,
    /reordered by 2, the parameter set allows 1/,
  );
  const late = results.slice(4);
  ok(late.every((result) => result.dts !== null));
});

Deno.test("a picture that comes too late has no decoding time", () => {
  const order = new DtsOrder(1000);
  order.place(1000, hint);
  order.place(1040, hint);
  const late = order.place(500, hint);
  equal(late.dts, null);
  match(late.warning!, /500 is behind decoding time/);
});

Deno.test("time that starts anew at a random access point is followed", () => {
  const order = new DtsOrder(1000);
  order.place(100_000, hint);
  const again = order.place(0, { ...hint, randomAccess: true });
  equal(again.dts, 0);
  match(again.warning!, /starting anew/);
});

Deno.test("whatever the times: rising, and never above the presentation time", () => {
  const random = new Random(1);
  for (let run = 0; run < 200; run++) {
    const order = new DtsOrder(90_000);
    let last = -Infinity;
    for (let i = 0; i < 60; i++) {
      const pts = (i + random.int(6)) * 3000;
      const { dts } = order.place(pts, { ...hint, depth: random.int(5) });
      if (dts === null) continue;
      ok(dts <= pts && dts > last, `${dts} after ${last}, presented at ${pts}`);
      last = dts;
    }
  }
});

Deno.test("a frame rate that is not true does not push the first decoding times far away", () => {
  // Containers and players leave ten seconds for them: more would be a time before all times.
  for (const frameRate of [1e-9, 0.05, 1, 5]) {
    for (const depth of [1, 2, maxReorderDepth]) {
      const order = new DtsOrder(90_000);
      const first = order.place(0, { ...hint, depth, frameRate, randomAccess: true }).dts;
      ok(first !== null && first >= -4 * 90_000 && first < 0, `${frameRate}, ${depth}: ${first}`);
    }
  }
});
