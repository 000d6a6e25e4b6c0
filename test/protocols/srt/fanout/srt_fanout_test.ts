import { silentLogger } from "../../../../src/base/logger.ts";
import { SrtFanout } from "../../../../src/protocols/srt/fanout/srt_fanout.ts";
import { maxRandomAccessWaitMs } from "../../../../src/stream/random_access_wait.ts";
import { Stream } from "../../../../src/stream/stream.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { codecs } from "../../../containers/mpegts/media.ts";
import { equal, fromHex } from "../../../support/assert.ts";

Deno.test("SRT fan-out: a reader gets the sound when no picture to begin with comes, then pictures as they are", () => {
  const stream = new Stream({
    medias: [
      { kind: "video", formats: [{ codec: codecs.H264, payloadType: 96, clockRate: 90_000 }] },
      { kind: "audio", formats: [{ codec: codecs["MPEG-4 Audio"], payloadType: 97, clockRate: 48_000 }] },
    ],
    logger: silentLogger,
    gopCache: false,
    maxRtpPayload: 1200,
  });
  const [video, audio] = stream.tracks;
  const fanout = stream.fanout("srt", () => new SrtFanout(stream, 1316));
  /** PIDs of the packets. */
  const got: number[] = [];
  const take = (payloads: readonly Uint8Array[]) => {
    for (const payload of payloads) {
      for (let at = 0; at < payload.length; at += 188) {
        got.push((payload[at + 1] & 0x1f) << 8 | payload[at + 2]);
      }
    }
  };
  const leave = fanout.add({ send: take }, [], 5000);
  const write = (ms: number) =>
    stream.write([
      Unit.fromPayload(video, ms * 90, 0, [fromHex("419a2144")]),
      Unit.fromPayload(audio, ms * 48, 0, [fromHex("2110")]),
    ], ms);
  write(5000);
  write(5000 + maxRandomAccessWaitMs - 1);
  equal(got, []);
  for (let i = 0; i < 12; i++) write(5000 + maxRandomAccessWaitMs + 20 * i);
  equal([...new Set(got)].sort((a, b) => a - b), [0, 256, 257, 4096], "PAT, video, audio, PMT");
  leave();
});
