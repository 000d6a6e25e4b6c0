import type { Fanout } from "../../src/stream/fanout.ts";
import { Stream } from "../../src/stream/stream.ts";
import { tracksText } from "../../src/stream/track.ts";
import { Unit } from "../../src/stream/unit.ts";
import { equal } from "../support/assert.ts";
import { maxRtpPayload, medias, nal, packet, recordLog } from "./support.ts";

class RecordingFanout implements Fanout {
  readonly batches: number[] = [];
  closed = 0;

  write(units: readonly Unit[]): void {
    this.batches.push(units.length);
  }

  close(): void {
    this.closed++;
  }
}

function start(gopCache = false) {
  const { lines, logger } = recordLog();
  const stream = new Stream({ medias, logger, gopCache, maxRtpPayload });
  const [video, audio] = stream.tracks;
  return { stream, lines, video, audio };
}

Deno.test("tracks are numbered, and know their section", () => {
  const { stream } = start();
  equal(stream.tracks.map(({ id, mediaIndex, isVideo }) => [id, mediaIndex, isVideo]), [[0, 0, true], [
    1,
    1,
    false,
  ]]);
  equal(tracksText(stream.tracks), "2 tracks (H264, Opus)");
  equal(tracksText([stream.tracks[1]]), "1 track (Opus)");
});

Deno.test("a fanout is made once for its wire form, gets each batch, and ends with the stream", () => {
  const { stream, video, audio } = start();
  const unit = () => Unit.fromPackets(video, 0, 0, [packet(1, 0, nal(5))]);
  stream.write([unit()], 0);
  const one = stream.fanout("a", () => new RecordingFanout());
  equal(stream.fanout("a", () => new RecordingFanout()), one);
  const other = stream.fanout("b", () => new RecordingFanout());
  stream.write([unit(), Unit.fromPayload(audio, 0, 0, [nal(1)])], 0);
  equal([one.batches, other.batches], [[2], [2]]);
  stream.countOutbound(100, 4);
  equal(stream.stats, {
    inboundBytes: 22 + 22 + 10,
    inboundFrames: 3,
    inboundFramesInError: 0,
    outboundBytes: 100,
    outboundFrames: 4,
  });
  stream.close();
  equal([one.closed, other.closed], [1, 1]);
});

Deno.test("a fanout that is asked for behind the end has ended, too", () => {
  const { stream } = start();
  stream.close();
  equal(stream.fanout("a", () => new RecordingFanout()).closed, 1);
  equal(stream.fanoutKeys, []);
});

Deno.test("parameter sets in the stream change the codec of the track", () => {
  const { stream, video } = start();
  const [sps, pps] = [nal(7), nal(8)];
  stream.write([Unit.fromPackets(video, 0, 0, [packet(1, 0, sps, false), packet(2, 0, pps)])], 0);
  equal(video.codec, { name: "H264", packetizationMode: 1, sps, pps });
  const newer = nal(7, 12);
  stream.write([Unit.fromPayload(video, 0, 0, [newer, nal(5)])], 0);
  equal(video.codec, { name: "H264", packetizationMode: 1, sps: newer, pps });
});

Deno.test("units are cached from the key frame on, where that is asked for", () => {
  const { stream, video, audio } = start(true);
  equal(stream.cachedUnits, []);
  const key = Unit.fromPackets(video, 0, 0, [packet(1, 0, nal(5))]);
  const sound = Unit.fromPayload(audio, 0, 0, [nal(1)]);
  stream.write([sound, key, sound], 0);
  equal(stream.cachedUnits, [key, sound]);
  stream.close();
  equal(stream.cachedUnits, []);

  const without = start();
  without.stream.write([Unit.fromPackets(without.video, 0, 0, [packet(1, 0, nal(5))])], 0);
  equal(without.stream.cachedUnits, []);
});

Deno.test("faults of units are counted and gathered into few lines", () => {
  const { stream, lines, video } = start();
  const broken = () => Unit.fromPackets(video, 0, 0, [packet(1, 0, Uint8Array.of(0x7c, 0x05, 1))]);
  stream.write([broken(), broken(), broken()], 5000);
  for (let i = 0; i < 3; i++) broken().payload;
  stream.close();
  equal(stream.stats.inboundFramesInError, 3);
  equal(lines.length, 2);
  equal(lines.every((line) => /^warn (2 )?processing errors?/.test(line)), true);
});
