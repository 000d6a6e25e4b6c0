import { Timeline } from "../../../src/protocols/rtmp/fanout/timeline.ts";
import { equal } from "../../support/assert.ts";

const hour = 3_600_000;

/** Video has id 0, audio 1. */
const cases: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  "begins at 0, and not before": [[0, 5000, 0], [1, 4980, 0], [1, 5010, 10], [0, 5040, 40]],
  "begins at 0 with decoding times below 0": [[0, -80, 0], [1, 0, 80], [0, -40, 40]],
  "keeps a gap": [[0, 0, 0], [0, hour, hour], [1, hour, hour]],
  "keeps small steps back": [[0, 0, 0], [0, 900, 900], [0, 400, 400]],
  "goes on when a publisher begins its time anew": [
    [0, 0, 0],
    [1, 0, 0],
    [0, hour, hour],
    [1, hour + 10, hour + 10],
    [0, 0, hour + 10],
    // Still of the old time.
    [1, hour + 30, hour + 30],
    [1, 10, hour + 20],
    [0, 40, hour + 50],
  ],
  "goes on when the time is from before the start": [[0, hour, 0], [1, hour, 0], [0, hour + 2000, 2000], [
    0,
    0,
    2000,
  ], [1, 20, 2020]],
  "puts tracks together that have times of their own": [
    [0, 3e9, 0],
    [1, 0, 0],
    [0, 3e9 + 40, 40],
    [1, 30, 30],
  ],
  "leaves a track its late begin": [[0, 0, 0], [0, 20_000, 20_000], [1, 20_010, 20_010]],
};

for (const [name, steps] of Object.entries(cases)) {
  Deno.test(`RTMP timeline: ${name}`, () => {
    const timeline = new Timeline();
    equal(
      steps.map(([track, time]) => timeline.place(track, time)),
      steps.map(([, , seen]) => seen),
    );
  });
}
