import { Stream } from "../../src/stream/stream.ts";
import { Unit } from "../../src/stream/unit.ts";
import { equal } from "../support/assert.ts";
import { medias, nal, recordLog } from "./support.ts";

function createStream() {
  const stream = new Stream({ medias, logger: recordLog().logger, gopCache: false, maxRtpPayload: 1000 });
  const asked: number[] = [];
  const undo = stream.onKeyFrameRequest((now) => void asked.push(now));
  const write = (type: number, now: number) =>
    stream.write([Unit.fromPayload(stream.tracks[0], now * 90, now, [nal(type)])], now);
  return { stream, asked, undo, write };
}

Deno.test("key frame requests: many readers, one request to the publisher", () => {
  const { stream, asked } = createStream();
  for (let reader = 0; reader < 50; reader++) equal(stream.requestKeyFrame(1000 + reader), true);
  equal(asked, [1000]);
});

Deno.test("key frame requests: what was asked for too early is handed on when the period is over", () => {
  const { stream, asked, write } = createStream();
  stream.requestKeyFrame(1000);
  stream.requestKeyFrame(1100);
  write(1, 1299);
  equal(asked, [1000]);
  write(1, 1300);
  equal(asked, [1000, 1300]);
  write(1, 5000);
  equal(asked, [1000, 1300]);
});

Deno.test("key frame requests: a key frame serves what was asked for before it", () => {
  const { stream, asked, write } = createStream();
  stream.requestKeyFrame(1000);
  stream.requestKeyFrame(1100);
  write(5, 1150);
  write(1, 1400);
  equal(asked, [1000]);
  stream.requestKeyFrame(1500);
  equal(asked, [1000, 1500]);
});

Deno.test("key frame requests: publishers that cannot be asked", () => {
  const { stream, asked, undo } = createStream();
  undo();
  equal(stream.requestKeyFrame(1000), false);
  equal(asked, []);
});
