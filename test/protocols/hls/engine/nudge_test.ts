/** Times that stand still or step back a little cost no frame. */
import { parseParts } from "../../../../src/containers/fmp4/read/part.ts";
import type { FileObserver } from "../../../../src/protocols/hls/engine/mod.ts";
import { Track } from "../../../../src/stream/track.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal } from "../../../support/assert.ts";
import { aacTrack } from "../support/synthetic.ts";
import { createMuxer } from "./support.ts";

/** Durations of the samples of all segments, by the kind in the name. */
function recorder(kind: string) {
  const durations: number[] = [];
  const observer: FileObserver = {
    added(name, bytes) {
      if (!name.includes(kind) || name.includes("init")) return;
      for (const { tracks: [{ samples }] } of parseParts(bytes)) {
        durations.push(...samples.map(({ duration }) => duration));
      }
    },
    removed() {},
  };
  return { durations, observer };
}

const vp9Key = Uint8Array.of(0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0e, 0xf6, 0x00);
const vp9Inter = Uint8Array.of(0x86, 0x00, 0x40, 0x92);
const vp9Track = () => new Track(0, 0, "video", { name: "VP9" }, 96, 90_000, 1400);

/** Ten frames a second, a key frame every second; the third frame of each second is `shift` ticks off. */
function video(track: Track, shift: number): Unit[] {
  return Array.from({ length: 41 }, (_, i) => {
    const pts = i * 9000 + (i % 10 === 3 ? shift : 0);
    return Unit.fromPayload(track, pts, i * 100, [i % 10 === 0 ? vp9Key : vp9Inter]);
  });
}

for (const shift of [-9000, -9400]) {
  Deno.test(`nudge: VP9 with a time that is ${-9000 - shift} ticks behind the one before`, () => {
    const track = vp9Track();
    const { durations, observer } = recorder("video");
    const muxer = createMuxer([track], { variant: "fmp4" }, { observer });
    muxer.write(video(track, shift));
    const second = [9000, 9000, 1, 17_999, 9000, 9000, 9000, 9000, 9000, 9000];
    equal(durations, [second, second, second, second].flat());
  });
}

for (const others of [true, false]) {
  Deno.test(`nudge: AAC whose time steps back, ${others ? "beside video" : "alone"}`, () => {
    const picture = vp9Track();
    const sound = aacTrack(1);
    const { durations, observer } = recorder("audio");
    const muxer = createMuxer(others ? [picture, sound] : [sound], { variant: "fmp4" }, { observer });
    const pictures = others ? video(picture, 0) : [];
    for (let i = 0; i < 180; i++) {
      while (pictures.length > 0 && pictures[0].pts / 90_000 <= i * 1024 / 48_000) {
        muxer.write(pictures.splice(0, 1));
      }
      const pts = i * 1024 - (i === 50 ? 1500 : 0);
      muxer.write([Unit.fromPayload(sound, pts, 0, [Uint8Array.of(0x21, i)])]);
    }
    equal(new Set(durations), new Set([1024]));
  });
}
