import { silentLogger } from "../../../../src/base/logger.ts";
import { RtspFanout } from "../../../../src/protocols/rtsp/fanout/rtsp_fanout.ts";
import { Sink } from "../../../../src/stream/sink.ts";
import { Stream } from "../../../../src/stream/stream.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal } from "../../../support/assert.ts";
import { medias, nal, packet } from "../../../stream/support.ts";

Deno.test("sender reports come every ten seconds, also after the clock was set back", () => {
  const stream = new Stream({ medias, logger: silentLogger, gopCache: false, maxRtpPayload: 1000 });
  const fanout = stream.fanout("rtsp", () => new RtspFanout(stream, "cname", null));
  const target = { tryWrite: (bytes: Uint8Array) => bytes.length, write: () => Promise.resolve() };
  const limits = { maxBytes: 1000, maxChunks: 10, maxAgeMs: 1000 };
  const seat = fanout.addInterleaved(
    [0, -1],
    false,
    new Sink(target, limits, () => {}, () => {}, () => 0),
    [],
    0,
  );
  const reports: number[] = [];
  let sequence = 0;
  for (const now of [100_000, 105_000, 110_000, 115_000, 120_000, 20_000, 25_000, 30_000]) {
    const packets = [packet(++sequence, 3000 * sequence, nal(5))];
    stream.write([Unit.fromPackets(stream.tracks[0], 3000 * sequence, now, packets)], now);
    reports.push(seat.sent().reports);
  }
  equal(reports, [0, 0, 1, 1, 2, 3, 3, 4]);
  seat.leave();
  stream.close();
});
