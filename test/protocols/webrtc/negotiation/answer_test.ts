import {
  agreeToPublish,
  agreeToRead,
  localSetup,
  parseDescription,
  serializeAnswer,
} from "../../../../src/protocols/webrtc/negotiation/mod.ts";
import type { LocalTransport } from "../../../../src/protocols/webrtc/negotiation/answer.ts";
import { Track } from "../../../../src/stream/track.ts";
import { equal, match, ok } from "../../../support/assert.ts";
import { offer, type OfferName, publishOffers } from "../support/offers.ts";

const local: LocalTransport = {
  ice: { ufrag: "ours", password: "ourpasswordourpassword" },
  lite: true,
  fingerprint: { algorithm: "sha-256", value: Array(32).fill("CD").join(":") },
  setup: "passive",
  candidates: [{
    foundation: "1",
    component: 1,
    transport: "udp",
    priority: 2130706431,
    host: "192.0.2.1",
    port: 8189,
    type: "host",
    relatedAddress: null,
    tcpType: null,
  }],
};

function publishAnswer(name: OfferName): string {
  const description = offer(name);
  return serializeAnswer(description, agreeToPublish(description), local, new Map(), "7");
}

for (const name of publishOffers) {
  Deno.test(`the answer to ${name} is one that a client can read`, () => {
    const offered = offer(name);
    const answer = parseDescription(publishAnswer(name));
    equal(answer.setup, "passive");
    ok(answer.iceLite);
    equal(answer.ice, local.ice);
    equal(answer.candidates.length, 1);
    equal(
      answer.sections.map(({ mid, kind }) => [mid, kind]),
      offered.sections.map(({ mid, kind }) => [mid, kind]),
    );
    for (const [i, section] of answer.sections.entries()) {
      equal(section.direction, "recvonly");
      // RFC 3264 §6.1: payload types of the offer only, with the same meaning
      for (const { format, rtpmap } of section.formats) {
        const same = offered.sections[i].formats.find((other) =>
          other.format.payloadType === format.payloadType
        );
        equal(rtpmap.toLowerCase(), same?.rtpmap.toLowerCase());
      }
    }
  });
}

Deno.test("the role: passive, unless the client is", () => {
  equal(localSetup(offer("obs")), "passive");
  equal(localSetup(offer("ffmpeg")), "active");
});

Deno.test("an answer to Chromium that publishes in layers", () => {
  const answer = publishAnswer("chromium_simulcast");
  match(answer, /a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n/);
  match(
    answer,
    /a=extmap:4 http:\/\/www.ietf.org\/id\/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n/,
  );
  match(answer, /a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n/);
  match(answer, /a=rtcp-fb:96 transport-cc\r\n/);
  ok(!/goog-remb|\bred\b|ulpfec|ssrc|abs-send-time/.test(answer));
});

Deno.test("an answer to Chromium that reads", () => {
  const description = offer("chromium_read");
  const tracks = [
    new Track(0, 0, "video", { name: "VP8" }, 96, 90_000, 1200),
    new Track(1, 1, "audio", { name: "Opus", channelCount: 2 }, 97, 48_000, 1200),
  ];
  const sources = new Map([
    ["0", { ssrc: 11, rtxSsrc: 22, cname: "c" }],
    ["1", { ssrc: 33, rtxSsrc: null, cname: "c" }],
  ]);
  const answer = serializeAnswer(description, agreeToRead(description, tracks), local, sources, "7");
  equal(
    answer.split("\r\n"),
    [
      "v=0",
      "o=- 7 1 IN IP4 127.0.0.1",
      "s=-",
      "t=0 0",
      "a=group:BUNDLE 0 1",
      "a=ice-lite",
      "a=msid-semantic:WMS *",
      "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
      "c=IN IP4 0.0.0.0",
      "a=mid:0",
      "a=ice-ufrag:ours",
      "a=ice-pwd:ourpasswordourpassword",
      `a=fingerprint:sha-256 ${local.fingerprint.value}`,
      "a=setup:passive",
      "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
      "a=end-of-candidates",
      "a=sendonly",
      "a=rtcp-mux",
      "a=rtcp-rsize",
      "a=rtpmap:96 VP8/90000",
      "a=rtcp-fb:96 nack",
      "a=rtcp-fb:96 nack pli",
      "a=rtcp-fb:96 ccm fir",
      "a=rtpmap:97 rtx/90000",
      "a=fmtp:97 apt=96",
      "a=msid:Livemux video",
      "a=ssrc-group:FID 11 22",
      "a=ssrc:11 cname:c",
      "a=ssrc:11 msid:Livemux video",
      "a=ssrc:22 cname:c",
      "a=ssrc:22 msid:Livemux video",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111",
      "c=IN IP4 0.0.0.0",
      "a=mid:1",
      "a=ice-ufrag:ours",
      "a=ice-pwd:ourpasswordourpassword",
      `a=fingerprint:sha-256 ${local.fingerprint.value}`,
      "a=setup:passive",
      "a=sendonly",
      "a=rtcp-mux",
      "a=rtcp-rsize",
      "a=rtpmap:111 opus/48000/2",
      "a=fmtp:111 minptime=10;sprop-stereo=1;useinbandfec=1",
      "a=msid:Livemux audio",
      "a=ssrc:33 cname:c",
      "a=ssrc:33 msid:Livemux audio",
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
      "c=IN IP4 0.0.0.0",
      "a=mid:2",
      "a=inactive",
      "",
    ],
  );
});

Deno.test("data channels, and a first section that is declined", () => {
  const description = offer("chromium_read");
  const tracks = [new Track(0, 0, "application", { name: "KLV" }, 96, 90_000, 1200)];
  const answer = serializeAnswer(description, agreeToRead(description, tracks), local, new Map(), "7");
  match(answer, /a=group:BUNDLE 0 2\r\n/);
  match(
    answer,
    /m=video 9 UDP\/TLS\/RTP\/SAVPF 96\r\n[^]*a=candidate[^]*a=inactive\r\na=rtcp-mux\r\na=rtpmap:96 VP8\/90000\r\nm=audio 0/,
  );
  match(
    answer,
    /m=application 9 UDP\/DTLS\/SCTP webrtc-datachannel\r\n[^]*a=sctp-port:5000\r\na=max-message-size:65536\r\n$/,
  );
});
