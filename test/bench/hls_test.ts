import { equal, ok, throws } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { Histogram } from "./histogram.ts";
import { type HttpResponse, HttpResponseParser } from "./readers/hls/http_response.ts";
import { lastStampMicros, partFacts } from "./readers/hls/part.ts";
import { multivariantUrl } from "./readers/hls/player.ts";
import { parseMediaPlaylist, parseMultivariant, startIndex } from "./readers/hls/playlist.ts";
import { Meter } from "./readers/meter.ts";
import { parseOptions } from "./options.ts";
import { createColumns, mapColumns } from "./shared.ts";
import { stampSize, writeStamp } from "./stamp.ts";
import { resolveTarget } from "./target.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function takeAll(parser: HttpResponseParser, bytes: Uint8Array, size: () => number): HttpResponse | null {
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + size());
    const response = parser.push(bytes, at, end);
    if (response !== null) return end === bytes.length ? response : null;
    at = end;
  }
  return null;
}

const answers: [string, string, number, { status: number; bodyBytes: number; body: string }][] = [
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 100, {
    status: 200,
    bodyBytes: 5,
    body: "hello",
  }],
  ["a body of which little is kept", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 2, {
    status: 200,
    bodyBytes: 5,
    body: "he",
  }],
  ["no body", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 100, {
    status: 302,
    bodyBytes: 0,
    body: "",
  }],
  [
    "chunks, with an extension and a trailer",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\nA\r\nlo, world!\r\n0\r\n\r\n",
    9,
    { status: 200, bodyBytes: 13, body: "hello, wo" },
  ],
];

for (const [name, text, keep, expected] of answers) {
  Deno.test(`an answer with ${name}, cut anywhere, twice on one connection`, () => {
    const random = new Random(3);
    const parser = new HttpResponseParser();
    for (let round = 0; round < 200; round++) {
      const largest = random.pick([1, 3, 20, 1000]);
      parser.begin(keep);
      const response = takeAll(parser, encode(text), () => 1 + random.int(largest));
      ok(response !== null);
      const { status, bodyBytes, body } = response;
      equal({ status, bodyBytes, body: new TextDecoder().decode(body) }, expected);
    }
  });
}

Deno.test("cookies, the connection's end, and what is no answer", () => {
  const parser = new HttpResponseParser();
  parser.begin(0);
  const text =
    "HTTP/1.1 204 No\r\nSet-Cookie: a=b=c; Path=/; Secure\r\nset-cookie: d=e\r\nConnection: close\r\n\r\n";
  const response = parser.push(encode(text), 0, text.length);
  equal(response?.cookies, [["a", "b=c"], ["d", "e"]]);
  equal(response?.keepsAlive, false);
  for (
    const bad of [
      "RTSP/1.0 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nx: " + "a".repeat(20_000),
    ]
  ) {
    parser.begin(10);
    throws(() => parser.push(encode(bad), 0, bad.length), Error);
  }
});

Deno.test("a multivariant playlist: the first variant and its default sound", () => {
  const head = "#EXTM3U\n#EXT-X-VERSION:10\n";
  const inf = '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01f,mp4a.40.2"';
  equal(parseMultivariant(`${head}${inf}\nvideo1.m3u8?a=1\n${inf}\nother.m3u8\n`), {
    variant: "video1.m3u8?a=1",
    audio: "",
  });
  const sound = (name: string, isDefault: string) =>
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="${name}",DEFAULT=${isDefault},URI="${name}.m3u8"\n`;
  const text = `${head}${sound("a", "NO")}${sound("b", "YES")}${inf},AUDIO="g"\r\nv.m3u8\r\n`;
  equal(parseMultivariant(text), { variant: "v.m3u8", audio: "b.m3u8" });
  throws(() => parseMultivariant(head), /without a variant/);
  throws(() => parseMultivariant("<html>"), /not a playlist/);
});

const mediaPlaylist = `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.50000,CAN-SKIP-UNTIL=6.0
#EXT-X-PART-INF:PART-TARGET=0.20000
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-MAP:URI="init.mp4"
#EXTINF:1.0,
seg7.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z
#EXT-X-PART:DURATION=0.2,URI="p0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.2,URI="p1.mp4"
#EXTINF:0.4,
seg8.mp4
#EXT-X-PART:DURATION=0.2,URI="p2.mp4",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="other.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.mp4"
`;

Deno.test("a media playlist: parts by place, what comes next", () => {
  const playlist = parseMediaPlaylist(mediaPlaylist);
  equal(playlist.parts.map(({ segment, index, uri }) => [segment, index, uri]), [
    [8, 0, "p0.mp4"],
    [8, 1, "p1.mp4"],
    [9, 0, "p2.mp4"],
  ]);
  equal(playlist.next, { segment: 9, index: 1 });
  equal([playlist.hint, playlist.map, playlist.partTarget, playlist.partHoldBack], [
    ...["p3.mp4", "init.mp4", 0.2, 0.5],
  ]);
  equal([playlist.canBlock, playlist.canSkip, playlist.isEnded, playlist.mediaSequence], [
    true,
    true,
    false,
    7,
  ]);
  // 0.2 s from the end is nearer than the hold-back
  equal(startIndex(playlist), 0);
  equal(startIndex({ ...playlist, partHoldBack: 0.1 }), 2);
  equal(startIndex({ ...playlist, partHoldBack: 5 }), 0);
  equal(startIndex({ ...playlist, parts: [] }), -1);
});

Deno.test("a delta update: skipped segments count", () => {
  const delta = mediaPlaylist.replace('#EXT-X-MAP:URI="init.mp4"', "#EXT-X-SKIP:SKIPPED-SEGMENTS=5");
  const playlist = parseMediaPlaylist(delta);
  equal(playlist.map, "");
  equal(playlist.parts[0].segment, 13);
  equal(playlist.next, { segment: 14, index: 1 });
  throws(() => parseMediaPlaylist("#EXTM3U\n"), /MEDIA-SEQUENCE/);
});

const u32 = (value: number) => [value >>> 24, value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff];
const box = (name: string, content: number[]) => [...u32(8 + content.length), ...encode(name), ...content];

function frame(number: number, micros: number): number[] {
  const bytes = new Uint8Array(60).fill(0xb5);
  writeStamp(bytes, 5, micros, number);
  return [...bytes];
}

/** A part with frames `first` to `first + count - 1`, sent 1000 µs after each other. */
function part(first: number, count: number): Uint8Array {
  const run = box("trun", [0, 0, 0, 1, ...u32(count), ...new Array(4 * count).fill(0)]);
  const fragment = box("moof", [...box("mfhd", u32(0)), ...box("traf", [...box("tfhd", u32(0)), ...run])]);
  const media = Array.from({ length: count }, (_, i) => frame(first + i, 1000 * (first + i))).flat();
  return Uint8Array.from([...box("styp", u32(0)), ...fragment, ...box("mdat", media)]);
}

Deno.test("a part: how many frames, the first number, the last time", () => {
  const bytes = part(50, 6);
  equal(partFacts(bytes), { frames: 6, firstNumber: 50, firstMicros: 50_000 });
  equal(lastStampMicros(bytes), 55_000);
  // of a large part only the beginning is kept
  const facts = partFacts(bytes.subarray(0, bytes.length - 5 * 60));
  equal([facts.frames, facts.firstNumber], [6, 50]);
  equal(partFacts(Uint8Array.from([...part(50, 2), ...part(52, 3)])).frames, 5);
  const foreign = Uint8Array.from(box("mdat", new Array(100).fill(0xb5)));
  equal([partFacts(foreign).firstNumber, lastStampMicros(foreign)], [-1, 0]);
  for (let size = 0; size < bytes.length; size++) {
    const cut = bytes.subarray(0, size);
    ok(partFacts(cut).frames <= 6);
    ok(lastStampMicros(cut) <= 55_000);
  }
  equal(lastStampMicros(bytes.subarray(0, stampSize - 1)), 0);
});

Deno.test("parts of consecutive frames are complete, a missing part is counted by its frames", () => {
  const columns = mapColumns(createColumns(1));
  const meter = new Meter(columns, new Histogram(), 1, () => 0);
  for (const first of [0, 6, 18]) meter.frames(0, first, 6);
  equal([columns.received[0], columns.frames[0], columns.lost[0]], [18, 18, 6]);
});

Deno.test("a path is played through its index, a playlist as it is", async () => {
  const url = async (text: string) => multivariantUrl(await resolveTarget(text, "http")).href;
  equal(await url("http://127.0.0.1/cam/1?user=a"), "http://127.0.0.1:8888/cam/1/index.m3u8?user=a");
  equal(await url("http://127.0.0.1:81/cam/"), "http://127.0.0.1:81/cam/index.m3u8");
  equal(await url("http://127.0.0.1:81/x.m3u8"), "http://127.0.0.1:81/x.m3u8");
});

Deno.test("options: keys of the server's configuration", () => {
  const options = parseOptions(["--server-conf", "udpFastPath=no", "--server-conf=hlsSegmentCount=9"]);
  equal(options.serverConfig, { udpFastPath: "no", hlsSegmentCount: 9 });
  throws(() => parseOptions(["--server-conf", "x"]), /key=value/);
  throws(() => parseOptions(["--transport", "constructor"]), /unknown/);
});
