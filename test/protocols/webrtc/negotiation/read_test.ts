import type { Codec } from "../../../../src/codecs/codec.ts";
import { agreedMedias } from "../../../../src/protocols/webrtc/negotiation/agreement.ts";
import {
  agreeToRead,
  NotAcceptableError,
  parseDescription,
} from "../../../../src/protocols/webrtc/negotiation/mod.ts";
import { Track } from "../../../../src/stream/track.ts";
import { isVideo } from "../../../../src/codecs/codec.ts";
import { equal, fromHex, match, throws } from "../../../support/assert.ts";
import { offer, type OfferName, videoOffer } from "../support/offers.ts";

function tracks(...codecs: readonly Codec[]): Track[] {
  return codecs.map((codec, id) =>
    new Track(id, id, isVideo(codec) ? "video" : "audio", codec, 96 + id, 90_000, 1200)
  );
}

function h264(profile: string): Codec {
  return { name: "H264", sps: fromHex(`67${profile}00`), packetizationMode: 1 };
}

const opus: Codec = { name: "Opus", channelCount: 2 };
const pcma: Codec = { name: "G711", muLaw: false, sampleRate: 8000, channelCount: 1 };
const aac = { name: "AC3", sampleRate: 48000, channelCount: 2 } as const;

/** `track/payload type/retransmission` of each section, or what became of it. */
function outcome(name: OfferName, ...codecs: readonly Codec[]): string {
  return agreeToRead(offer(name), tracks(...codecs)).sections.map((section) => {
    if (section.kind !== "media") return section.kind;
    const [{ payloadType, rtxPayloadType }] = section.media.codecs;
    return `${section.media.trackId}/${payloadType}/${rtxPayloadType ?? ""}`;
  }).join(" ");
}

const cases: readonly (readonly [OfferName, readonly Codec[], string])[] = [
  ["chromium_read", [{ name: "VP8" }, opus], "0/96/97 1/111/ rejected"],
  ["chromium_read", [opus, { name: "VP9", profileId: 2 }], "1/100/101 0/111/ rejected"],
  ["chromium_read", [{ name: "AV1", profile: 1 }], "0/47/48 rejected rejected"],
  ["chromium_read", [h264("42c01f"), pcma], "0/108/109 1/8/ rejected"],
  ["chromium_read", [h264("42001f")], "0/102/103 rejected rejected"],
  ["chromium_read", [h264("4d0028")], "0/116/117 rejected rejected"],
  // no high profile in this offer: any that takes fragments
  ["chromium_read", [h264("640028")], "0/102/103 rejected rejected"],
  ["chromium_read", [h264("f4001f")], "0/41/42 rejected rejected"],
  // the best codec for us that the client has
  ["chromium_read", [{ name: "VP8" }, { name: "H265" }, { name: "AV1" }], "2/45/46 rejected rejected"],
  ["chromium_read", [{ name: "H265" }, { name: "VP8" }], "1/96/97 rejected rejected"],
  // the transport is that of the first section
  ["chromium_read", [opus], "inactive 0/111/ rejected"],
  ["chromium_read", [{ name: "KLV" }, { name: "VP8" }], "1/96/97 rejected data"],
  ["firefox_read", [{ name: "VP8" }, opus], "0/120/124 1/109/"],
  ["firefox_read", [h264("640028")], "0/126/127 rejected"],
  ["safari_read", [h264("640c28"), opus], "1/111/ 0/96/97"],
  ["safari_read", [h264("42e01f")], "inactive 0/98/99"],
  ["safari_read", [{ name: "H265" }], "inactive 0/100/101"],
  // sound that the client cannot play does not cost it the picture
  ["safari_read", [{ name: "VP8" }, { name: "Opus", channelCount: 6 }], "inactive 0/106/"],
  ["chromium_read", [{ name: "VP8" }, aac], "0/96/97 rejected rejected"],
];

for (const [name, codecs, expected] of cases) {
  Deno.test(`${name} reads ${codecs.map((codec) => codec.name).join(" and ")}: ${expected}`, () => {
    equal(outcome(name, ...codecs), expected);
  });
}

const refusals: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    "nothing for WebRTC",
    () => outcome("chromium_read", aac),
    /doesn't contain any supported codec, which are currently AV1/,
  ],
  [
    "no codec in common",
    () => outcome("firefox_read", { name: "H265" }, opus),
    /not supported by client: video: the stream has H265, the client takes VP8\/90000, VP9\/90000, H264\/90000 \(profile 42e01f\)/,
  ],
  ["another profile", () => outcome("safari_read", { name: "VP9", profileId: 0 }), /the stream has VP9/],
  [
    "no fragments",
    () =>
      agreeToRead(
        parseDescription(videoOffer("recvonly", ["96"], ["a=rtpmap:96 H264/90000"])),
        tracks(h264("42e01f")),
      ),
    /the stream has H264, the client takes H264/,
  ],
  ["nothing that was asked for", () =>
    agreeToRead(
      parseDescription(videoOffer("recvonly", ["96"], ["a=rtpmap:96 VP8/90000"])),
      tracks(opus),
    ), /asks for nothing that the stream has/],
];

for (const [name, act, message] of refusals) {
  Deno.test(`a reader is refused: ${name}`, () => {
    throws(act, (error: Error) => {
      match(error.message, message);
      return error instanceof NotAcceptableError;
    });
  });
}

Deno.test("readers are not asked about their bandwidth", () => {
  const [video] = agreedMedias(agreeToRead(offer("chromium_read"), tracks({ name: "VP8" })));
  const { transportWide, remb, nack, pli, fir } = video.codecs[0];
  equal({ transportWide, remb, nack, pli, fir }, {
    transportWide: false,
    remb: false,
    nack: true,
    pli: true,
    fir: true,
  });
  equal(video.extensions, {});
});
