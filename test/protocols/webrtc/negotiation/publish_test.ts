import {
  agreeToPublish,
  NotAcceptableError,
  parseDescription,
} from "../../../../src/protocols/webrtc/negotiation/mod.ts";
import { agreedMedias } from "../../../../src/protocols/webrtc/negotiation/agreement.ts";
import { equal, match, throws } from "../../../support/assert.ts";
import { offer, type OfferName, offerText, videoOffer } from "../support/offers.ts";

/** `kind mid: codec/payload type/retransmission feedback …` */
function summary(name: OfferName): string[] {
  return agreedMedias(agreeToPublish(offer(name))).map(({ kind, mid, codecs }) =>
    `${kind} ${mid}: ` + codecs.map((codec) => {
      const feedback = (["nack", "pli", "fir", "transportWide", "remb"] as const).filter((flag) =>
        codec[flag]
      );
      return [codec.codec.name, codec.payloadType, codec.rtxPayloadType, ...feedback].join("/");
    }).join(" ")
  );
}

const chromiumVideo = (type: number, name: string, rtx: number) =>
  `${name}/${type}/${rtx}/nack/pli/fir/transportWide`;

const cases: readonly (readonly [OfferName, readonly string[]])[] = [
  ["chromium_publish", [
    "audio 0: Opus/111/ G722/9/ G711/0/ G711/8/",
    "video 1: " + [
      chromiumVideo(96, "VP8", 97),
      ...[[102, 103], [104, 107], [108, 109], [114, 115], [116, 117], [39, 40]].map(([type, rtx]) =>
        chromiumVideo(type, "H264", rtx)
      ),
      chromiumVideo(45, "AV1", 46),
      chromiumVideo(98, "VP9", 99),
      chromiumVideo(100, "VP9", 101),
    ].join(" "),
  ]],
  ["ffmpeg", ["audio 0: Opus/111/", "video 1: H264/106/"]],
  ["obs", ["audio 0: Opus/111/", "video 1: H264/96//nack/pli/remb"]],
  ["gstreamer", [
    "video video0: VP8/96/97/nack/pli/fir/transportWide H264/98//pli",
    "audio audio1: Opus/100/",
  ]],
  ["larix", ["video video: H264/98//nack/pli H265/100//nack/pli", "audio audio: Opus/96/"]],
];

for (const [name, expected] of cases) {
  Deno.test(`what is agreed with the publisher ${name}`, () => {
    const found = summary(name).map((line) => line.replace("Opus/111//transportWide", "Opus/111/"));
    equal(found, expected);
  });
}

Deno.test("simulcast: layers and extensions", () => {
  const [media] = agreedMedias(agreeToPublish(offer("chromium_simulcast")));
  equal(media.rids, ["q", "h", "f"]);
  equal(media.extensions, { transportSequence: 4, mid: 9, rid: 10, repairedRid: 11 });
  equal(media.sources, []);
});

Deno.test("sources with those of their retransmissions", () => {
  const medias = agreedMedias(agreeToPublish(offer("chromium_publish")));
  equal(medias.map(({ sources }) => sources), [
    [{ ssrc: 268696793, rtxSsrc: null }],
    [{ ssrc: 3337248922, rtxSsrc: 3099797292 }],
  ]);
});

Deno.test("how many channels Opus has", () => {
  const channels = (name: OfferName) => {
    const audio = agreedMedias(agreeToPublish(offer(name))).find(({ kind }) => kind === "audio")!;
    const { codec } = audio.codecs[0];
    return codec.name === "Opus" ? codec.channelCount : null;
  };
  equal(channels("chromium_publish"), 1);
  equal(channels("obs"), 2);
  equal(channels("ffmpeg"), 2);
  equal(channels("larix"), 2);
  equal(channels("gstreamer"), 1);
});

Deno.test("offers that cannot be published", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [offerText("chromium_read"), /sends neither video nor audio/],
    [
      videoOffer("sendonly", ["96"], ["a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=2"]),
      /no video codec in common: the offer has H264\/90000; supported are AV1, VP9, VP8, H265, H264/,
    ],
    [
      videoOffer("sendonly", ["96", "97"], ["a=rtpmap:96 theora/90000", "a=rtpmap:97 rtx/90000"]),
      /the offer has theora\/90000;/,
    ],
    [
      offerText("chromium_simulcast").replace(/a=group:BUNDLE 0/, "a=group:BUNDLE 0 1") +
      videoOffer("sendonly", ["96"], []).replace(/^[^]*(?=m=)/, "").replace("a=mid:0", "a=mid:1"),
      /one video track can be published, but the offer has 2/,
    ],
    [
      videoOffer("sendonly", ["96"], ['a=rtpmap:96 <b>"x\u001b[31m/90000']),
      /the offer has bx31m\/90000;/,
    ],
  ];
  for (const [text, message] of refused) {
    throws(() => agreeToPublish(parseDescription(text)), (error: Error) => {
      match(error.message, message);
      return error instanceof NotAcceptableError;
    });
  }
});

Deno.test("what is not sent is declined, one by one", () => {
  const text = offerText("chromium_read").replace("a=recvonly", "a=sendonly");
  const { sections } = agreeToPublish(parseDescription(text));
  equal(sections.map(({ kind }) => kind), ["media", "rejected", "rejected"]);
});
