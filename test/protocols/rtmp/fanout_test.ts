import { silentLogger } from "../../../src/base/logger.ts";
import { parseAvcConfigurationRecord } from "../../../src/codecs/h264/configuration_record.ts";
import type { Codec } from "../../../src/codecs/codec.ts";
import { planTracks } from "../../../src/protocols/rtmp/fanout/plan.ts";
import { RtmpFanout } from "../../../src/protocols/rtmp/fanout/rtmp_fanout.ts";
import { ChunkReader } from "../../../src/protocols/rtmp/wire/chunk/reader.ts";
import { setChunkSize } from "../../../src/protocols/rtmp/wire/message/protocol_control.ts";
import { serializeMessages } from "../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { Sink } from "../../../src/stream/sink.ts";
import { Stream } from "../../../src/stream/stream.ts";
import { Unit } from "../../../src/stream/unit.ts";
import { equal, fromHex, hex, ok } from "../../support/assert.ts";
import { feed } from "./engine/support.ts";
import { avcConfig } from "./support/messages.ts";

const record = parseAvcConfigurationRecord(fromHex(avcConfig));
const h264: Codec = { name: "H264", packetizationMode: 1, sps: record.sps[0], pps: record.pps[0] };
const aac: Codec = {
  name: "MPEG-4 Audio",
  config: {
    objectType: 2,
    sampleRate: 48000,
    channelCount: 2,
    frameLengthFlag: false,
    dependsOnCoreCoder: false,
    coreCoderDelay: 0,
  },
  sizeLength: 13,
  indexLength: 3,
  indexDeltaLength: 3,
  profileLevelId: 1,
};
const opus: Codec = { name: "Opus", channelCount: 2 };

function streamOf(...codecs: readonly (readonly [Codec, number])[]): Stream {
  return new Stream({
    medias: codecs.map(([codec, clockRate]) => ({
      kind: codec.name === "H264" || codec.name === "AV1" ? "video" : "audio",
      formats: [{ codec, payloadType: 96, clockRate }],
    })),
    logger: silentLogger,
    gopCache: true,
    maxRtpPayload: 1200,
  });
}

/** A reader whose connection takes everything. */
class Taker {
  readonly writes: Uint8Array[] = [];
  readonly sink = new Sink(
    {
      tryWrite: (bytes) => {
        this.writes.push(bytes);
        return bytes.length;
      },
      write: () => Promise.reject(new Error("everything was taken")),
    },
    { maxBytes: 1e6, maxChunks: 100, maxAgeMs: 1000 },
    () => {},
    () => {},
  );

  messages(): string[] {
    const reader = new ChunkReader();
    const found: string[] = [];
    const size = serializeMessages([setChunkSize(65536)], 128);
    for (const bytes of [size, ...this.writes]) {
      feed(reader, bytes, () => {
        for (let message = reader.next(); message !== null; message = reader.next()) {
          found.push(`${message.type} ${message.timestamp} ${hex(message.body).slice(0, 10)}`);
        }
      });
    }
    return found;
  }
}

const key = [fromHex("65888421")];
const inter = [fromHex("419a2144")];

Deno.test("RTMP fan-out: all readers get the same buffer", () => {
  const stream = streamOf([h264, 90000], [aac, 48000]);
  const [video, audio] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const takers = [new Taker(), new Taker()];
  stream.write([Unit.fromPayload(video, 90000, 0, key)], 0);
  for (const taker of takers) fanout.add(taker.sink, stream.cachedUnits, 0);
  stream.write([
    Unit.fromPayload(audio, 48480, 0, [fromHex("2110"), fromHex("2111")]),
    Unit.fromPayload(video, 93600, 0, inter),
  ], 40);
  // Greeting, cached units, then one write for all that came together.
  equal(takers.map(({ writes }) => writes.length), [3, 3]);
  ok(takers[0].writes[1] === takers[1].writes[1]);
  ok(takers[0].writes[2] === takers[1].writes[2]);
  equal(
    takers[0].messages(),
    [
      "18 0 02000d4073",
      "9 0 1700000000",
      "8 0 af001190",
      "9 0 1701000000",
      "8 10 af012110",
      "8 31 af012111",
      "9 40 2701000000",
    ],
  );
  equal(stream.stats.outboundFrames, 4);
});

Deno.test("RTMP fan-out: begins anew after it had no readers", () => {
  const stream = streamOf([h264, 90000]);
  const [video] = stream.tracks;
  const fanout = stream.fanout("rtmp", () => new RtmpFanout(stream, planTracks(stream.tracks, new Set())));
  const first = new Taker();
  const leave = fanout.add(first.sink, [], 0);
  stream.write([Unit.fromPayload(video, 0, 0, inter)], 0);
  equal(first.writes.length, 0);
  leave();
  stream.write([Unit.fromPayload(video, 3600, 0, key), Unit.fromPayload(video, 7200, 0, inter)], 0);
  equal(first.writes.length, 0);
  const second = new Taker();
  fanout.add(second.sink, stream.cachedUnits, 0);
  equal(second.messages().map((text) => text.split(" ")[0]), ["18", "9", "9", "9"]);
});

Deno.test("RTMP plan: what old and new clients get", () => {
  const stream = streamOf([h264, 90000], [opus, 48000], [aac, 48000], [aac, 48000]);
  const forms = (fourCcs: string[]) =>
    planTracks(stream.tracks, new Set(fourCcs)).tracks.map(({ track, trackId, form }) =>
      `${track.id} ${trackId} ${form.kind === "enhanced" ? form.fourCc : form.kind}`
    );
  equal(forms([]), ["0 0 legacyVideo", "2 0 legacyAudio"]);
  equal(forms(["hvc1"]), ["0 0 legacyVideo", "2 0 legacyAudio", "3 1 mp4a"]);
  equal(forms(["Opus"]), ["0 0 legacyVideo", "1 0 Opus", "2 1 mp4a", "3 2 mp4a"]);
  equal(forms(["*"]), forms(["Opus"]));
  const skipped = planTracks(stream.tracks, new Set()).skipped.map(({ track }) => track.id);
  equal(skipped, [1, 3]);
});
