import { MpegtsTimeLine } from "../../src/stream/mpegts_time_line.ts";
import { equal } from "../support/assert.ts";

type Times = readonly (readonly [track: string, seconds: number])[];

/** Where each unit stands, in seconds since the start of the stream. */
function place(times: Times): number[] {
  const line = new MpegtsTimeLine<string>();
  return times.map(([track, seconds]) => {
    const dts = seconds * 90_000;
    return (dts - line.offset(track, dts)) / 90_000;
  });
}

const cases: readonly {
  readonly name: string;
  readonly times: Times;
  readonly expected: readonly number[];
}[] = [
  {
    name: "one that begins anew goes on where it was",
    times: [["video", 500], ["sound", 500.5], ["video", 501], ["sound", 10], ["video", 10.5], ["sound", 11]],
    expected: [0, 0.5, 1, 1, 1.5, 2],
  },
  {
    name: "tracks that are far apart keep their distance",
    times: [["video", 100], ["sound", 160], ["video", 101], ["sound", 161], ["video", 102], ["sound", 162]],
    expected: [0, 60, 1, 61, 2, 62],
  },
  {
    name: "a track that jumps alone goes on beside the others",
    times: [["video", 0], ["sound", 0], ["video", 400], ["sound", 1], ["video", 401], ["sound", 2]],
    expected: [0, 0, 0, 1, 1, 2],
  },
  {
    name: "of tracks that are far apart one jumps, then all",
    times: [
      ...[["video", 100], ["sound", 160], ["video", 400], ["sound", 161], ["video", 401], [
        "sound",
        162,
      ]] as const,
      ...[["video", 1], ["sound", 800], ["video", 2], ["sound", 801]] as const,
    ],
    expected: [0, 60, 0, 61, 1, 62, 1, 62, 2, 63],
  },
  {
    name: "a track that was silent for long comes back in its place",
    times: [["video", 0], ["cues", 1], ["video", 9], ["video", 18], ["video", 27], ["cues", 28], [
      "video",
      29,
    ]],
    expected: [0, 1, 9, 18, 27, 28, 29],
  },
  {
    name: "a track that was silent for long is the first of a new time line",
    times: [["video", 0], ["cues", 1], ["video", 9], ["video", 18], ["cues", 500], ["video", 500.5], [
      "cues",
      501,
    ]],
    expected: [0, 1, 9, 18, 18, 18.5, 19],
  },
];

for (const { name, times, expected } of cases) {
  Deno.test(`mpegts time line: ${name}`, () => equal(place(times), expected));
}
