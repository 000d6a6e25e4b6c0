/** What the muxer writes, read by mux.js: the parser of video.js, with which pages play HLS. */
import muxJs from "mux.js";
import { concat } from "../../../src/base/bytes.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { wrapTimestamp } from "../../../src/containers/mpegts/wire/timestamp.ts";
import { equal } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { codecs, randomUnits, writeAll } from "./media.ts";

/** mux.js has no types: the part that is used here. */
interface Stage {
  pipe(next: Stage): Stage;
  on(event: "data", receive: (found: Found) => void): void;
  push(bytes: Uint8Array): void;
  flush(): void;
}

interface Found {
  readonly type: string;
  readonly trackId?: number;
  readonly pts?: number;
  readonly dts?: number;
  readonly data?: Uint8Array;
  readonly tracks?: readonly { readonly id: number; readonly codec: string }[];
}

type StageClass = new () => Stage;

interface MuxJs {
  readonly mp2t: {
    readonly TransportPacketStream: StageClass;
    readonly TransportParseStream: StageClass;
    readonly ElementaryStream: StageClass;
  };
}

function read(bytes: Uint8Array): Found[] {
  const { TransportPacketStream, TransportParseStream, ElementaryStream } = (muxJs as unknown as MuxJs).mp2t;
  const packets = new TransportPacketStream();
  const found: Found[] = [];
  packets.pipe(new TransportParseStream()).pipe(new ElementaryStream()).on(
    "data",
    (data) => found.push(data),
  );
  packets.push(bytes);
  packets.flush();
  return found;
}

Deno.test("mux.js finds the tracks, frames and times that were written", () => {
  for (const start of [0, 90_000, 2 ** 33 - 40_000]) {
    const tracks = [{ codec: codecs.H264 }, { codec: codecs["MPEG-4 Audio"] }];
    const units = randomUnits(new Random(4), tracks, 30, start);
    const found = read(writeAll(new MpegtsMuxer(tracks), units));
    const announced = found.find(({ type }) => type === "metadata");
    equal(announced?.tracks?.map(({ id, codec }) => [id, codec]), [[256, "avc"], [257, "adts"]]);

    const video = found.filter(({ type }) => type === "video");
    const sent = units.filter(({ track }) => track === tracks[0]);
    equal(
      video.map(({ trackId, pts, dts }) => [trackId, pts, dts]),
      sent.map(({ pts, dts }) => [
        256,
        wrapTimestamp(pts),
        wrapTimestamp(dts),
      ]),
    );
    const startCode = Uint8Array.of(0, 0, 0, 1);
    const delimiter = Uint8Array.of(9, 0xf0);
    sent.forEach(({ payload }, i) => {
      const bytes = concat([delimiter, ...payload].flatMap((unit) => [startCode, unit]));
      equal(new Uint8Array(video[i].data!), new Uint8Array(bytes));
    });

    const audio = found.filter(({ type }) => type === "audio");
    const sentAudio = units.filter(({ track }) => track === tracks[1]);
    equal(audio.map(({ pts }) => pts), sentAudio.map(({ pts }) => wrapTimestamp(pts)));
    const size = ({ payload }: (typeof units)[number]) =>
      payload.reduce((sum, unit) => sum + 7 + unit.length, 0);
    equal(audio.map(({ data }) => data!.length), sentAudio.map(size));
  }
});
