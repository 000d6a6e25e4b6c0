import { NtpEstimator, RtpTimeDecoder, StreamClock } from "../../src/stream/timestamps.ts";
import { equal } from "../support/assert.ts";

Deno.test("absolute time follows the presentation time and is anchored anew when it drifts away", () => {
  const cases: readonly {
    readonly pts: number;
    readonly now: number;
    readonly ntp: number;
    readonly why: string;
  }[] = [
    { pts: 1000, now: 50_000, ntp: 50_000, why: "the first unit is now" },
    { pts: 1000 + 900, now: 50_015, ntp: 50_010, why: "elapsed time counts, not arrival" },
    { pts: 1000 + 9000, now: 50_050, ntp: 50_050, why: "in the future: anchored anew" },
    { pts: 1000 + 9900, now: 50_070, ntp: 50_060, why: "from the new anchor" },
    { pts: 1000 + 10_800, now: 55_071, ntp: 55_071, why: "more than five seconds ago: anchored anew" },
  ];
  const estimator = new NtpEstimator(90_000);
  for (const { pts, now, ntp, why } of cases) equal(estimator.estimate(pts, now), ntp, why);
});

Deno.test("tracks of a stream start where their first packets arrive", () => {
  const clock = new StreamClock();
  const video = new RtpTimeDecoder(90_000, clock);
  const audio = new RtpTimeDecoder(48_000, clock);
  equal(video.decode(4_294_967_000, 1000), 0);
  equal(audio.decode(777, 1250), 12_000, "250 ms later");
  equal(video.decode(704, 1300), 1000, "32-bit timestamps wrap");
  equal(video.decode(4_294_967_290, 1301), 290, "and may step back");
  equal(audio.decode(777 + 960, 1302), 12_960);
});
