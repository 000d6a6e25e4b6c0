/** The validator finds what it is there to find. */
import { equal, match } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { createMuxer, fetchFrom, playlist } from "../engine/support.ts";
import { h264Track, interleave, videoUnits } from "./synthetic.ts";
import { PlaylistValidator } from "./validator.ts";

const name = "video1_stream.m3u8";

function twoVersions(): { texts: [string, string]; fetchFile: (uri: string) => Uint8Array | null } {
  const track = h264Track(0);
  const muxer = createMuxer([track]);
  const units = interleave(videoUnits(track, new Random(1), { frames: 100, frameRate: 25, keyInterval: 25 }));
  muxer.write(units.slice(0, 63));
  const first = playlist(muxer, name)!;
  muxer.write(units.slice(63, 67));
  return { texts: [first, playlist(muxer, name)!], fetchFile: fetchFrom(muxer) };
}

async function problems(change: (text: string) => string, fetchFile?: (uri: string) => Uint8Array | null) {
  const { texts, fetchFile: own } = twoVersions();
  const validator = new PlaylistValidator({ fetchFile: fetchFile ?? own, video: true, regular: true });
  await validator.check(texts[0]);
  equal(fetchFile === undefined ? validator.problems : [], []);
  await validator.check(change(texts[1]));
  return validator.problems.join("\n");
}

const table: [name: string, from: RegExp, to: string, problem: RegExp][] = [
  ["sequence", /MEDIA-SEQUENCE:\d+/, "MEDIA-SEQUENCE:0", /media sequence went from/],
  ["target", /TARGETDURATION:1/, "TARGETDURATION:0", /the target is 0 s/],
  ["date", /T00:00:00\.000Z/, "T00:00:00.001Z", /segment 7 changed/],
  ["part target", /PART-TARGET=0.2/, "PART-TARGET=0.19", /the target is 0.19 s/],
  ["short parts", /PART-TARGET=0.2/, "PART-TARGET=0.25", /lasts 0.2 s of 0.25/],
  ["hold back", /PART-HOLD-BACK=0.5/, "PART-HOLD-BACK=0.3", /below twice the part target/],
  ["segment duration", /#EXTINF:1.00000,\n(.*seg8)/, "#EXTINF:1.10000,\n$1", /segment 8 changed/],
  [
    "part duration",
    /DURATION=0.20000(,URI="[^"]*part8)/,
    "DURATION=0.19000$1",
    /part8.mp4 lasts 0.2 s, listed with 0.19 s/,
  ],
  ["independent", /(part12.mp4")/, "$1,INDEPENDENT=YES", /INDEPENDENT is wrong/],
  [
    "discontinuity",
    /(#EXT-X-MEDIA-SEQUENCE)/,
    "#EXT-X-DISCONTINUITY-SEQUENCE:1\n$1",
    /discontinuity sequence is 1/,
  ],
];

for (const [name, from, to, problem] of table) {
  Deno.test(`validator: ${name}`, async () => {
    match(await problems((text) => text.replace(from, to)), problem);
  });
}

Deno.test("validator: a file that is gone", async () => {
  const { fetchFile } = twoVersions();
  const found = await problems((text) => text, (uri) => uri.includes("part11") ? null : fetchFile(uri));
  match(found, /part11.mp4 is listed and cannot be fetched/);
});

Deno.test("validator: a hole between parts", async () => {
  const { fetchFile } = twoVersions();
  const swapped = (uri: string) => fetchFile(uri.replace("part11", "part10"));
  match(await problems((text) => text, swapped), /part11.mp4 starts at \d+, the media before it end at \d+/);
});

Deno.test("validator: a hinted part that never comes", async () => {
  const { texts, fetchFile } = twoVersions();
  const validator = new PlaylistValidator({ fetchFile, video: true, regular: true });
  await validator.check(texts[0].replace(/(PRELOAD-HINT.*part)\d+/, "$199"));
  await validator.check(texts[1]);
  match(validator.problems.join(), /the hinted part .*part99.mp4 never came/);
});
