import type { Muxer } from "../../../../src/protocols/hls/engine/mod.ts";
import { parseReloadRequest, plainReload } from "../../../../src/protocols/hls/engine/mod.ts";
import { Unit } from "../../../../src/stream/unit.ts";
import { equal, match, ok, throws } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";
import { applyDelta, type MediaPlaylist, parseMediaPlaylist } from "../support/media_playlist.ts";
import {
  aacTrack,
  audioTrack,
  audioUnits,
  h264Track,
  interleave,
  pps,
  spsWithLevel,
  videoUnits,
} from "../support/synthetic.ts";
import { createMuxer, fetchFrom, playlist } from "./support.ts";

function videoMuxer(frames: number, changes = {}): Muxer {
  const track = h264Track(0);
  const muxer = createMuxer([track], changes);
  muxer.write(
    interleave(videoUnits(track, new Random(1), { frames, frameRate: 25, keyInterval: 25, size: 1 })),
  );
  return muxer;
}

const video = "video1_stream.m3u8";

Deno.test("a low-latency playlist, line by line", () => {
  // 25 frames: the first two have squeezed decoding times, see DtsOrder.
  const muxer = videoMuxer(25 + 12);
  equal(
    playlist(muxer, video),
    `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.50000,CAN-SKIP-UNTIL=6.00000
#EXT-X-PART-INF:PART-TARGET=0.20000
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-MAP:URI="0123456789ab_video1_init.mp4"
${"#EXT-X-GAP\n#EXTINF:1.00000,\ngap.mp4\n".repeat(6)}#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00.000Z
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part1.mp4"
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part2.mp4"
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part3.mp4"
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part4.mp4"
#EXTINF:1.00000,
0123456789ab_video1_seg7.mp4
#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:01.000Z
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part5.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="0123456789ab_video1_part6.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="0123456789ab_video1_part7.mp4"
`,
  );
});

Deno.test("an fMP4 playlist, line by line, with a query behind every URI", () => {
  const muxer = videoMuxer(51, { variant: "fmp4", segmentCount: 3 });
  const answer = muxer.media(video, plainReload);
  ok(answer.kind === "playlist");
  equal(
    new TextDecoder().decode(answer.body.bytes("session=1&x=y")),
    `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-MAP:URI="0123456789ab_video1_init.mp4?session=1&x=y"
#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00.000Z
#EXTINF:1.00000,
0123456789ab_video1_seg0.mp4?session=1&x=y
#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:01.000Z
#EXTINF:1.00000,
0123456789ab_video1_seg1.mp4?session=1&x=y
`,
  );
});

Deno.test("multivariant: codecs, size, frame rate, audio group", () => {
  const tracks = [h264Track(0), aacTrack(1), audioTrack(2, { name: "Opus", channelCount: 2 }, 48000)];
  const muxer = createMuxer(tracks);
  const random = new Random(1);
  equal(muxer.multivariant(), { kind: "wait" });
  muxer.write(interleave(
    videoUnits(tracks[0], random, { frames: 100, frameRate: 25, keyInterval: 25 }),
    audioUnits(tracks[1], random, { seconds: 4, samplesPerFrame: 1024 }),
    audioUnits(tracks[2], random, { seconds: 4, samplesPerFrame: 960, frame: () => Uint8Array.of(0x78, 1) }),
  ));
  const text = playlist(muxer, "index.m3u8")!;
  const [bandwidth, average] = text.match(/BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/)!.slice(1).map(Number);
  ok(average > 0 && bandwidth >= average);
  equal(
    text.replace(/BANDWIDTH=\d+/g, "BANDWIDTH=N"),
    `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio2",DEFAULT=YES,AUTOSELECT=YES,URI="audio2_stream.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio3",DEFAULT=NO,AUTOSELECT=YES,URI="audio3_stream.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=N,AVERAGE-BANDWIDTH=N,CODECS="avc1.64000a,mp4a.40.2,opus",RESOLUTION=64x48,FRAME-RATE=25.000,AUDIO="audio"
video1_stream.m3u8
`,
  );
});

Deno.test("multivariant: a frame rate that parameters get wrong is the measured one", () => {
  const rate = (frameRate: number, variant: "fmp4" | "mpegts") => {
    const track = h264Track(0);
    const createWriter = () => ({ write() {}, size: 0, finish: () => new Uint8Array(1000) });
    const muxer = createMuxer([track], { variant }, { createWriter });
    const frames = Math.ceil(8 * frameRate);
    const units = videoUnits(track, new Random(1), { frames, frameRate, keyInterval: Math.ceil(frameRate) });
    muxer.write(interleave(units));
    return Number(/FRAME-RATE=([\d.]+)/.exec(playlist(muxer, "index.m3u8")!)![1]);
  };
  // The SPS says 25.
  for (const variant of ["fmp4", "mpegts"] as const) {
    equal([rate(25, variant), rate(24, variant)], [25, 25]);
    for (const actual of [2, 10, 60]) {
      ok(
        Math.abs(rate(actual, variant) / actual - 1) < 0.2,
        `${actual}: ${rate(actual, variant)}, ${variant}`,
      );
    }
  }
});

Deno.test("multivariant: audio only needs no group, several tracks do", () => {
  const one = createMuxer([aacTrack(0)]);
  const tracks = [aacTrack(0), aacTrack(1)];
  const two = createMuxer(tracks);
  const units = (track: typeof tracks[0]) =>
    audioUnits(track, new Random(1), { seconds: 4, samplesPerFrame: 1024 });
  const single = aacTrack(0);
  const alone = createMuxer([single]);
  alone.write(interleave(units(single)));
  two.write(interleave(units(tracks[0]), units(tracks[1])));
  equal(playlist(one, "index.m3u8"), null);
  match(
    playlist(alone, "index.m3u8")!,
    /^#EXTM3U\n.*\n.*\n#EXT-X-STREAM-INF:[^\n]*CODECS="mp4a.40.2"\naudio1_stream.m3u8\n$/,
  );
  match(
    playlist(two, "index.m3u8")!,
    /NAME="audio1",DEFAULT=YES,AUTOSELECT=YES\n.*NAME="audio2".*URI="audio2_stream.m3u8"/,
  );
});

Deno.test("reload directives", () => {
  // Segments 7 to 9 are closed, two parts of 10 are there.
  const muxer = videoMuxer(75 + 12);
  const table: [query: string, expected: string][] = [
    ["", "playlist"],
    ["_HLS_msn=9", "playlist"],
    ["_HLS_msn=10", "wait"],
    ["_HLS_msn=11", "wait"],
    ["_HLS_msn=12", "badRequest"],
    ["_HLS_msn=3", "playlist"],
    // Long gone: players that were asleep go on with what there is now.
    ["_HLS_msn=2", "playlist"],
    ["_HLS_msn=0&_HLS_part=40", "playlist"],
    ["_HLS_msn=9&_HLS_part=4", "playlist"],
    ["_HLS_msn=9&_HLS_part=5", "playlist"],
    ["_HLS_msn=10&_HLS_part=1", "playlist"],
    ["_HLS_msn=10&_HLS_part=2", "wait"],
    ["_HLS_msn=10&_HLS_part=16", "wait"],
    ["_HLS_msn=10&_HLS_part=17", "badRequest"],
    ["_HLS_msn=11&_HLS_part=0", "wait"],
    ["_HLS_part=0", "malformed"],
    ["_HLS_msn=-1", "malformed"],
    ["_HLS_msn=1e3", "malformed"],
    ["_HLS_msn=9&_HLS_part=x", "malformed"],
    ["_HLS_msn=9999999999999999999", "malformed"],
  ];
  const answers = table.map(([query]) => {
    const request = parseReloadRequest(new URLSearchParams(query));
    return [query, request === null ? "malformed" : muxer.media(video, request).kind];
  });
  equal(answers, table);
  equal(muxer.media("video2_stream.m3u8", plainReload).kind, "notFound");
});

Deno.test("a delta update says what the whole playlist says", () => {
  const track = h264Track(0);
  const muxer = createMuxer([track], { segmentCount: 12 });
  const units = interleave(videoUnits(track, new Random(1), {
    frames: 600,
    frameRate: 25,
    keyInterval: 25,
    spsAt: (frame) => spsWithLevel(frame < 200 ? 10 : frame < 400 ? 11 : 12),
  }));
  let previous: MediaPlaylist | null = null;
  let deltas = 0;
  for (const unit of units) {
    muxer.write([unit]);
    const text = playlist(muxer, video);
    if (text === null) continue;
    const whole = parseMediaPlaylist(text);
    const delta = parseMediaPlaylist(playlist(muxer, video, "_HLS_skip=YES")!);
    if (delta.skipped > 0 && previous !== null) {
      deltas++;
      const applied = applyDelta(previous, delta);
      const withoutParts = (playlist: MediaPlaylist) =>
        playlist.segments.map((one) => ({ ...one, parts: [] }));
      equal(withoutParts(applied), withoutParts(whole));
      equal(applied.open, whole.open);
    }
    previous = whole;
  }
  ok(deltas > 100);
});

Deno.test("a hole before anybody looked does not make parts long for ever", () => {
  const track = h264Track(0);
  const units = (seconds: number) =>
    interleave(videoUnits(track, new Random(1), {
      frames: Math.round(seconds * 25),
      frameRate: 25,
      keyInterval: 25,
      jump: { frame: 110, seconds: 3 },
    }));
  // Long ago, in the playlist still, and among the newest parts.
  for (const seconds of [20, 9, 4.6]) {
    const muxer = createMuxer([track]);
    const all = units(40);
    const first = units(seconds).length;
    muxer.write(all.slice(0, first));
    playlist(muxer, video);
    muxer.write(all.slice(first));
    const { partTarget, partHoldBack } = parseMediaPlaylist(playlist(muxer, video)!);
    ok(partTarget! <= 0.25 && partHoldBack! <= 0.625, `after ${seconds} s: ${partTarget}, ${partHoldBack}`);
  }
});

Deno.test("multivariant: a segment that was cut short says nothing about the bandwidth", () => {
  const track = h264Track(0);
  const muxer = createMuxer([track]);
  const slice = (type: number, size: number) => new Uint8Array(size).fill(type);
  // New parameters after a key frame and four small frames: a fifth of a segment, and nearly all of its bytes.
  for (let i = 0; i < 155; i++) {
    const isKey = i % 25 === 0 || i === 105;
    const sets = [spsWithLevel(i < 105 ? 10 : 11), pps];
    const payload = isKey ? [...sets, slice(0x65, 5000)] : [slice(0x41, 40)];
    muxer.write([Unit.fromPayload(track, i * 3600, i * 40, payload)]);
  }
  const listed = parseMediaPlaylist(playlist(muxer, video)!).segments;
  ok(listed.some(({ duration, gap }) => !gap && duration < 0.3), "no short segment");
  const rates = /BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/.exec(playlist(muxer, "index.m3u8")!)!;
  ok(Number(rates[1]) < 1.2 * Number(rates[2]), rates[0]);
});

Deno.test("rendition reports tell how far the others are", () => {
  const tracks = [h264Track(0), aacTrack(1)];
  const muxer = createMuxer(tracks);
  const random = new Random(1);
  muxer.write(interleave(
    videoUnits(tracks[0], random, { frames: 100, frameRate: 25, keyInterval: 25 }),
    audioUnits(tracks[1], random, { seconds: 4, samplesPerFrame: 1024 }),
  ));
  for (const [own, other] of [[video, "audio2_stream.m3u8"], ["audio2_stream.m3u8", video]]) {
    const { reports } = parseMediaPlaylist(playlist(muxer, own)!);
    const { segments, open } = parseMediaPlaylist(playlist(muxer, other)!);
    equal(reports, [{ uri: other, msn: segments.at(-1)!.msn + 1, part: open.parts.length - 1 }]);
  }
});

Deno.test("the hinted part is waited for, others are not there", () => {
  const muxer = videoMuxer(75 + 12);
  const { preloadHint } = parseMediaPlaylist(playlist(muxer, video)!);
  equal(muxer.file(preloadHint!), { kind: "wait" });
  equal(muxer.file("0123456789ab_video1_part99.mp4"), { kind: "notFound" });
  equal(muxer.file("gap.mp4"), { kind: "notFound" });
  const init = muxer.file("0123456789ab_video1_init.mp4");
  ok(init.kind === "file" && init.contentType === "video/mp4");
});

Deno.test("segments stay a little longer than they are listed, then go; the observer sees all", () => {
  const track = h264Track(0);
  const files = new Map<string, number>();
  const observer = {
    added: (name: string, bytes: Uint8Array) => void files.set(name, bytes.length),
    removed: (name: string) => void files.delete(name),
  };
  const muxer = createMuxer([track], { variant: "fmp4", segmentCount: 3 }, { observer });
  muxer.write(interleave(videoUnits(track, new Random(1), { frames: 251, frameRate: 25, keyInterval: 25 })));
  const expected = [5, 6, 7, 8, 9].map((msn) => `0123456789ab_video1_seg${msn}.mp4`);
  equal([...files.keys()], ["0123456789ab_video1_init.mp4", ...expected]);
  for (const name of files.keys()) ok(fetchFrom(muxer)(name) !== null);
  equal(muxer.size, [...files.values()].reduce((sum, size) => sum + size, 0));
  muxer.close();
  equal(files.size, 0);
  equal(muxer.size, 0);
});

Deno.test("old init segments go when nothing listed needs them", () => {
  const track = h264Track(0);
  const muxer = createMuxer([track], { variant: "fmp4", segmentCount: 3 });
  const spsAt = (frame: number) => spsWithLevel(frame < 50 ? 10 : 11);
  const units = videoUnits(track, new Random(1), { frames: 300, frameRate: 25, keyInterval: 25, spsAt });
  muxer.write(interleave(units.slice(0, 120)));
  ok(fetchFrom(muxer)("0123456789ab_video1_init.mp4") !== null);
  muxer.write(interleave(units.slice(120)));
  equal(fetchFrom(muxer)("0123456789ab_video1_init.mp4"), null);
  ok(fetchFrom(muxer)("0123456789ab_video1_init1.mp4") !== null);
  equal(parseMediaPlaylist(playlist(muxer, video)!).discontinuitySequence, 1);
});

Deno.test("a segment beyond hlsSegmentMaxSize ends the muxer", () => {
  throws(
    () => videoMuxer(50, { segmentMaxSize: 500 }),
    /a segment is larger than hlsSegmentMaxSize \(500 bytes\)/,
  );
});

Deno.test("settings and streams that cannot be served", () => {
  throws(
    () => createMuxer([h264Track(0)], { segmentCount: 6 }),
    /hlsSegmentCount is 6, the variant needs at least 7/,
  );
  throws(
    () => createMuxer([audioTrack(0, { name: "G722" }, 8000)]),
    /the stream has no codec that HLS carries, which are AV1, VP9, H265, H264, Opus, FLAC and MPEG-4 Audio/,
  );
  const g722 = audioTrack(1, { name: "G722" }, 8000);
  equal(createMuxer([h264Track(0), g722]).skipped, [g722]);
});
