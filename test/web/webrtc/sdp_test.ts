import { equal, throws } from "../../support/assert.ts";

interface Candidate {
  readonly candidate: string;
  readonly sdpMLineIndex: number | null;
}

interface Sdp {
  setFormats(sdp: string, kind: string, codec: string, parameters: Record<string, string | number>): string;
  addAudioCodecs(sdp: string, codecs: readonly { name: string; format?: string }[]): string;
  candidateFragment(offer: string, candidates: readonly (Candidate | null)[]): string;
}

/** Not by its name: the module belongs to the browser's world of types. */
const { setFormats, addAudioCodecs, candidateFragment }: Sdp = await import(
  String(new URL("../../../web/webrtc/sdp.js", import.meta.url))
);

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");

const head = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"];
const video = [
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "c=IN IP4 0.0.0.0",
  "a=ice-ufrag:abcd",
  "a=ice-pwd:0123456789012345678901",
  "a=mid:0",
  "a=rtpmap:96 VP8/90000",
  "a=rtpmap:97 rtx/90000",
  "a=fmtp:97 apt=96",
];
const audio = [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
  "a=mid:1",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:0 PCMU/8000",
];
const offer = lines(...head, ...video, ...audio);

Deno.test("sdp: format parameters are added to those of the codec, or replace them", () => {
  const changed = setFormats(offer, "audio", "opus", { stereo: 1, useinbandfec: 0 });
  equal(changed, offer.replace("useinbandfec=1", "useinbandfec=0;stereo=1"));
  equal(setFormats(offer, "audio", "g722", { x: 1 }), offer);
});

Deno.test("sdp: format parameters for all codecs of a kind leave out those that repair", () => {
  const changed = setFormats(offer, "video", "", { "x-google-start-bitrate": 900 });
  const map = "a=rtpmap:96 VP8/90000\r\n";
  equal(changed, offer.replace(map, `${map}a=fmtp:96 x-google-start-bitrate=900\r\n`));
});

Deno.test("sdp: codecs get payload types that are free in the whole description", () => {
  const many = Array.from({ length: 31 }, (_, index) => 97 + index).join(" ");
  const busy = lines(...head, `m=video 9 UDP/TLS/RTP/SAVPF ${many}`, "a=mid:0", ...audio);
  const changed = addAudioCodecs(busy, [{ name: "multiopus/48000/3", format: "num_streams=2" }, {
    name: "L16/48000/2",
  }]);
  equal(
    changed,
    lines(
      ...head,
      `m=video 9 UDP/TLS/RTP/SAVPF ${many}`,
      "a=mid:0",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 96 63",
      ...audio.slice(1),
      "a=rtpmap:96 multiopus/48000/3",
      "a=fmtp:96 num_streams=2",
      "a=rtcp-fb:96 transport-cc",
      "a=rtpmap:63 L16/48000/2",
      "a=rtcp-fb:63 transport-cc",
    ),
  );
});

Deno.test("sdp: without audio there is nothing to add; without a free payload type it fails", () => {
  equal(addAudioCodecs(lines(...head, ...video), [{ name: "L16/8000/2" }]), lines(...head, ...video));
  const codecs = Array.from({ length: 62 }, () => ({ name: "L16/8000/2" }));
  throws(() => addAudioCodecs(offer, codecs), /all payload types are taken/);
});

const host = (port: number, sdpMLineIndex: number | null = 0): Candidate => ({
  candidate: `candidate:1 1 udp 2122260223 127.0.0.1 ${port} typ host`,
  sdpMLineIndex,
});
const session = ["a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901"];

Deno.test("sdp: a fragment has the candidates below their sections", () => {
  equal(
    candidateFragment(offer, [host(1), host(2, 1), host(3, null)]),
    lines(
      ...session,
      video[0],
      "a=mid:0",
      `a=${host(1).candidate}`,
      `a=${host(3).candidate}`,
      audio[0],
      "a=mid:1",
      `a=${host(2).candidate}`,
    ),
  );
});

for (const end of [null, { candidate: "", sdpMLineIndex: 0 }]) {
  Deno.test(`sdp: the end of candidates as ${end === null ? "null" : "an empty candidate"}`, () => {
    const tail = [video[0], "a=mid:0", `a=${host(1).candidate}`, "a=end-of-candidates"];
    equal(candidateFragment(offer, [host(1), end]), lines(...session, ...tail));
    equal(
      candidateFragment(offer, [end]),
      lines(...session, video[0], "a=mid:0", "a=end-of-candidates"),
    );
  });
}
