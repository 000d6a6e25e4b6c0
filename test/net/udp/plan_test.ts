import { maxGroupBytes, maxSegments, planMessages } from "../../../src/net/udp/plan.ts";
import { equal, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

const cases: readonly (readonly [string, readonly number[], number, readonly (readonly number[])[]])[] = [
  ["nothing", [], 1500, []],
  ["one", [1200], 1500, [[0, 1200, 0, 1]]],
  ["equal", [10, 10, 10], 1500, [[0, 30, 10, 3]]],
  ["a shorter last", [10, 10, 4, 10], 1500, [[0, 24, 10, 3], [24, 10, 0, 1]]],
  ["growing", [4, 10, 10], 1500, [[0, 4, 0, 1], [4, 20, 10, 2]]],
  ["an empty packet is never part of a group", [10, 0, 0, 10], 1500, [
    [0, 10, 0, 1],
    [10, 0, 0, 1],
    [10, 0, 0, 1],
    [10, 10, 0, 1],
  ]],
  ["larger than the limit", [20, 20, 10, 10], 15, [[0, 20, 0, 1], [20, 20, 0, 1], [40, 20, 10, 2]]],
  ["no grouping", [5, 5], 0, [[0, 5, 0, 1], [5, 5, 0, 1]]],
];

for (const [name, sizes, maxSegment, expected] of cases) {
  Deno.test(`planMessages: ${name}`, () => {
    const planned = planMessages({ bytes: new Uint8Array(0), sizes }, maxSegment);
    equal(
      planned.map(({ offset, length, segment, packets }) => [offset, length, segment, packets]),
      expected,
    );
  });
}

Deno.test("planMessages covers every packet once and keeps the limits", () => {
  const random = new Random(3);
  for (let run = 0; run < 500; run++) {
    const base = 1 + random.int(3000);
    const sizes = Array.from(
      { length: random.int(200) },
      () => random.int(4) === 0 ? random.int(base) : base,
    );
    const cut: number[] = [];
    let at = 0;
    for (const message of planMessages({ bytes: new Uint8Array(0), sizes }, 9000)) {
      equal(message.offset, at);
      at += message.length;
      ok(message.packets <= maxSegments && (message.packets === 1 || message.length <= maxGroupBytes));
      const size = message.segment === 0 ? message.length : message.segment;
      for (let i = 0; i < message.packets; i++) cut.push(Math.min(size, message.length - i * size));
    }
    equal(cut, sizes);
  }
});
