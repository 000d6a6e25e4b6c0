import type { MediaMessage } from "../../../src/protocols/rtmp/engine/link.ts";
import { maxProbeMessages, maxTracks, TrackProbe } from "../../../src/protocols/rtmp/tracks/probe.ts";
import { amf0Object } from "../../../src/containers/flv/amf0/value.ts";
import { equal, ok, throws } from "../../support/assert.ts";
import {
  aacFrame,
  aacHeader,
  audio,
  av1Config,
  avcHeader,
  keyFrame,
  metadata,
  video,
} from "./support/messages.ts";

/** How many messages it took, and the codecs. */
function probe(
  messages: readonly MediaMessage[],
): { after: number | null; tracks: string[]; problems: number } {
  const probe = new TrackProbe();
  const at = messages.findIndex((message) => probe.push(message, 0));
  return {
    after: at < 0 ? null : at + 1,
    tracks: probe.tracks.map(({ media, trackId, codec }) => `${media}${trackId} ${codec.name}`),
    problems: probe.problems.length,
  };
}

const both = ["video0 H264", "audio0 MPEG-4 Audio"];

Deno.test("probe: tracks are known with the first frame when metadata and sequence headers agree", () => {
  const messages = [
    metadata({ videocodecid: 7, audiocodecid: 10 }),
    audio(0, aacHeader),
    video(0, avcHeader),
    video(0, keyFrame),
  ];
  equal(probe(messages), { after: 4, tracks: both, problems: 0 });
});

Deno.test("probe: waits for what metadata announces", () => {
  const messages = [
    metadata({ videocodecid: 7, audiocodecid: 10 }),
    video(0, avcHeader),
    video(0, keyFrame),
    video(1999, keyFrame),
    audio(1999, aacHeader),
    audio(1999, aacFrame),
  ];
  equal(probe(messages), { after: 6, tracks: both, problems: 0 });
});

Deno.test("probe: two seconds of media when metadata lies or is missing", () => {
  const lies = [
    metadata({ videocodecid: 7, audiocodecid: 10 }),
    video(0, avcHeader),
    video(50, keyFrame),
    video(2049, keyFrame),
  ];
  equal(probe(lies).after, null);
  equal(probe([...lies, video(2050, keyFrame)]), { after: 5, tracks: ["video0 H264"], problems: 0 });
  equal(probe([video(0, avcHeader), video(0, keyFrame), video(2000, keyFrame)]).after, 3);
  // Timestamps wrap, too.
  equal(probe([video(0xffffff00, avcHeader), video(0xffffff00, keyFrame), video(0x700, keyFrame)]).after, 3);
  // Times that begin anew count from there on; and those of sequence headers do not count at all.
  const anew = [video(0, avcHeader), video(900_000, keyFrame), video(0, keyFrame), video(1999, keyFrame)];
  equal(probe(anew).after, null);
  equal(probe([...anew, video(2000, keyFrame)]).after, 5);
  const odd = [video(0, avcHeader), video(90_000, keyFrame), audio(0, aacHeader), audio(90_000, aacFrame)];
  equal(probe(odd).after, null);
  equal(probe([...odd, audio(95_000, aacHeader)]).after, null);
  equal(probe([...odd, audio(92_000, aacFrame)]), { after: 5, tracks: both, problems: 0 });
  const late = [video(0, avcHeader), video(5000, keyFrame), audio(5000, aacHeader), audio(7000, aacFrame)];
  equal(probe(late), { after: 4, tracks: both, problems: 0 });
});

Deno.test("probe: codecs whose first frame says all", () => {
  equal(probe([metadata({ audiocodecid: 2 }), audio(0, "2ffffb9064")]).tracks, ["audio0 MPEG-1/2 Audio"]);
  equal(probe([metadata({ audiocodecid: 7 }), audio(0, "72d5")]).tracks, ["audio0 G711"]);
  equal(probe([metadata({ audiocodecid: 3 }), audio(0, "3f0000")]).tracks, ["audio0 LPCM"]);
});

Deno.test("probe: further tracks", () => {
  const messages = [
    metadata({
      videocodecid: 0x61763031,
      audiocodecid: 10,
      audioTrackIdInfoMap: amf0Object({ "1": amf0Object({ audiocodecid: 0x4f707573 }) }),
    }),
    video(0, "90 61763031" + av1Config),
    audio(0, aacHeader),
    audio(0, aacFrame),
    audio(0, "9500 4f707573 01 4f7075734865616401023801 80bb0000 0000 00"),
    audio(20, "9501 4f707573 01 fcfffe"),
  ];
  equal(probe(messages), {
    after: 6,
    tracks: ["video0 AV1", "audio0 MPEG-4 Audio", "audio1 Opus"],
    problems: 0,
  });
});

Deno.test("probe: what cannot be carried keeps nobody waiting", () => {
  const messages = [
    metadata({ videocodecid: 2, audiocodecid: 10 }),
    audio(0, aacHeader),
    video(0, "2200"),
    audio(0, aacFrame),
  ];
  equal(probe(messages), { after: 3, tracks: ["audio0 MPEG-4 Audio"], problems: 1 });
});

Deno.test("probe: broken messages are told and passed over", () => {
  const messages = [metadata({ videocodecid: 7 }), video(0, "17"), video(0, avcHeader), video(0, keyFrame)];
  equal(probe(messages), { after: 4, tracks: ["video0 H264"], problems: 1 });
});

Deno.test("probe: no tracks", () => {
  throws(
    () => probe([audio(0, "b000"), audio(2000, "b000")]),
    /no tracks found \(audio track 0.*audio format 11/,
  );
  throws(() => probe(Array.from({ length: maxProbeMessages + 1 }, () => metadata({}))), /no tracks found/);
});

Deno.test("probe: metadata that names one codec, and tells of another track", () => {
  const ofVideo = [metadata({ videocodecid: 7, audiosamplerate: 44100 }), video(0, avcHeader)];
  const after = [video(0, keyFrame), audio(0, aacHeader), audio(0, aacFrame)];
  equal(probe([...ofVideo, ...after]), { after: 5, tracks: both, problems: 0 });
  const ofAudio = [metadata({ audiocodecid: 10, width: 640, height: 360 }), audio(0, aacHeader)];
  equal(probe([...ofAudio, audio(0, aacFrame), video(0, avcHeader), video(0, keyFrame)]).after, 5);
});

Deno.test("probe: a publisher cannot fill memory or log with tracks and faults", () => {
  const tracks = Array.from({ length: maxTracks + 8 }, (_, id) => {
    return audio(0, "9500 6d703461" + id.toString(16).padStart(2, "0") + "1210");
  });
  const faults = Array.from({ length: 100 }, (_, i) => video(0, "5" + (i % 10) + "7".repeat(2 * i)));
  const found = probe([...tracks, ...faults]);
  equal(found.tracks.length, maxTracks);
  ok(found.problems <= 8);
});

Deno.test("probe: keeps copies of media only, with the times of their arrival", () => {
  const probe = new TrackProbe();
  const slab = new Uint8Array(1000);
  probe.push({ kind: "video", timestamp: 0, body: slab.subarray(0, 5) }, 17);
  probe.push(metadata({}), 18);
  equal(probe.messages.map(({ message, now }) => `${message.body.buffer.byteLength} ${now}`), ["5 17"]);
});
