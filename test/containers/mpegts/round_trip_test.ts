import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { wrapTimestamp } from "../../../src/containers/mpegts/wire/timestamp.ts";
import { equal } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import {
  announcementsOf,
  codecs,
  demux,
  errorsOf,
  muxable,
  randomUnits,
  type SentUnit,
  unitsOf,
  writeAll,
} from "./media.ts";

/** `shift`: whole wraps between the times that were written and those that are read. */
function checkUnits(sent: readonly SentUnit[], received: ReturnType<typeof unitsOf>, shift: number): void {
  equal(received.length, sent.length);
  sent.forEach((unit, i) => {
    const { payload, pts, dts, randomAccess } = received[i];
    equal(payload, unit.payload);
    equal([pts, dts, randomAccess], [unit.pts - shift, unit.dts - shift, unit.randomAccess]);
  });
}

for (const name of muxable) {
  Deno.test(`what is written of ${name} is read again`, () => {
    const random = new Random(7);
    const track = { codec: codecs[name] };
    const sent = randomUnits(random, [track], 40, 900_000);
    const events = demux(writeAll(new MpegtsMuxer([track]), sent), random);
    equal(errorsOf(events), []);
    const announcements = announcementsOf(events);
    equal(announcements.length, 1);
    equal(announcements[0].tracks.map(({ codec, pid, number }) => ({ codec, pid, number })), [
      { codec: track.codec, pid: 256, number: 1 },
    ]);
    equal(announcements[0].skipped, []);
    checkUnits(sent, unitsOf(events), 0);
  });
}

Deno.test("several tracks, chunks of any size and times around the wrap are read again", () => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = new Random(seed);
    const count = 1 + random.int(6);
    const tracks = Array.from({ length: count }, () => ({ codec: codecs[random.pick(muxable)] }));
    const start = random.pick([0, -5000, 2 ** 33 - 20_000, 2 ** 35 - 1, 123_456_789]);
    const sent = randomUnits(random, tracks, 15, start);
    const bytes = writeAll(new MpegtsMuxer(tracks), sent);
    const events = demux(bytes, random, random.pick([20, 187, 189, 5000]));
    equal(errorsOf(events), []);
    equal(announcementsOf(events)[0].tracks.map(({ codec }) => codec), tracks.map(({ codec }) => codec));
    tracks.forEach((track, i) => {
      checkUnits(
        sent.filter((unit) => unit.track === track),
        unitsOf(events, i + 1),
        start - wrapTimestamp(start),
      );
    });
  }
});

Deno.test("asynchronous KLV takes the newest time of the other tracks", () => {
  const random = new Random(3);
  const tracks = [{ codec: codecs["MPEG-4 Audio"] }, { codec: codecs.KLV }];
  const sent = randomUnits(random, tracks, 10, 90_000);
  const events = demux(writeAll(new MpegtsMuxer(tracks, "asynchronous"), sent));
  equal(errorsOf(events), []);
  checkUnits(sent.filter(({ track }) => track === tracks[1]), unitsOf(events, 2), 0);
});

Deno.test("two programs' muxers have nothing in common", () => {
  const track = { codec: codecs.Opus };
  const sent = randomUnits(new Random(1), [track], 5, 0);
  equal(writeAll(new MpegtsMuxer([track]), sent), writeAll(new MpegtsMuxer([track]), sent));
});
