import { ParseError } from "../../../../src/base/errors.ts";
import {
  agreeToPublish,
  parseDescription,
  parseFragment,
} from "../../../../src/protocols/webrtc/negotiation/mod.ts";
import { maxCandidates } from "../../../../src/protocols/webrtc/negotiation/parse.ts";
import { UserError } from "../../../../src/base/errors.ts";
import { equal, match, ok, throws } from "../../../support/assert.ts";
import { fuzzRuns, mutate } from "../../../support/fuzz.ts";
import { Random } from "../../../support/random.ts";
import { offer, type OfferName, offerText, publishOffers, readOffers } from "../support/offers.ts";

const roles: readonly (readonly [OfferName, string, string])[] = [
  ["chromium_publish", "actpass", "0 1"],
  ["obs", "actpass", "0 1"],
  ["ffmpeg", "passive", "0 1"],
  ["gstreamer", "actpass", "video0 audio1"],
  ["larix", "actpass", "video audio"],
  ["firefox_read", "actpass", "0 1"],
  ["safari_read", "actpass", "0 1"],
];

for (const [name, setup, mids] of roles) {
  Deno.test(`the transport that ${name} offers`, () => {
    const description = offer(name);
    equal(description.setup, setup);
    equal(description.sections.map(({ mid }) => mid).join(" "), mids);
    ok(description.sections.every(({ rejected }) => !rejected));
    equal(description.fingerprints.length, 1);
    equal(description.fingerprints[0].algorithm, "sha-256");
    ok(description.ice.ufrag.length >= 4 && description.ice.password.length >= 22);
  });
}

Deno.test("candidates: each once, those of TCP too", () => {
  const hosts = offer("chromium_publish").candidates.map(({ transport, host, port }) =>
    `${transport} ${host} ${port}`
  );
  equal(hosts.length, new Set(hosts).size);
  ok(hosts.includes("udp 127.0.0.1 45760"));
  ok(hosts.includes("tcp fd00::2 9"));
});

Deno.test("candidates are bounded", () => {
  const many = Array.from({ length: 500 }, (_, i) => `a=candidate:1 1 udp 1 192.0.2.1 ${i + 1} typ host`);
  const text = "a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdef012345\n" + many.slice(0, 400).join("\n");
  equal(parseFragment(text).candidates.length, maxCandidates);
});

const broken: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  ["nothing", () => "", /SDP: no media/],
  ["no media", () => "v=0\r\na=ice-ufrag:abcd\r\n", /SDP: no media/],
  ["no ICE", (text) => text.replaceAll(/a=ice-ufrag.*\r\n/g, ""), /a=ice-ufrag: missing/],
  ["strange ICE", (text) => text.replaceAll(/a=ice-pwd:.*/g, 'a=ice-pwd:"\u001b'), /a=ice-pwd: malformed/],
  ["no fingerprint", (text) => text.replaceAll(/a=fingerprint.*\r\n/g, ""), /a=fingerprint: missing/],
  [
    "half a fingerprint",
    (text) => text.replaceAll(/(a=fingerprint:sha-256 ..).*/g, "$1"),
    /a=fingerprint: malformed/,
  ],
  [
    "no bundle",
    (text) => text.replace(/a=group.*\r\n/, ""),
    /a=group: all media has to go over one transport/,
  ],
  ["no rtcp-mux", (text) => text.replace("a=rtcp-mux\r\n", ""), /a=rtcp-mux: missing in the section '0'/],
  ["holdconn", (text) => text.replaceAll("actpass", "holdconn"), /a=setup: neither/],
  ["the same mid twice", (text) => text.replace("a=mid:1", "a=mid:0"), /a=mid: two sections/],
];

for (const [name, change, message] of broken) {
  Deno.test(`an offer with ${name} is refused, with the reason`, () => {
    throws(() => parseDescription(change(offerText("chromium_publish"))), (error: Error) => {
      match(error.message, message);
      return error instanceof ParseError;
    });
  });
}

Deno.test("unknown attributes, line ends and missing mids do not matter", () => {
  const text = offerText("obs").replaceAll("\r\n", "\n").replace("a=mid:0", "a=x-unknown:1 2 3\na=unknown")
    .replace("a=mid:1", "a=crypto:1");
  equal(parseDescription(text).sections.map(({ mid }) => mid), ["0", "1"]);
});

Deno.test("a fragment: candidates, or a restart", () => {
  const candidates =
    "a=candidate:1 1 udp 1 192.0.2.1 1000 typ host\r\na=candidate:2 1 udp 1 x.local 1 typ host";
  const trickle = parseFragment(
    `a=ice-ufrag:abcd\r\na=ice-pwd:${"p".repeat(22)}\r\nm=audio 9 X 0\r\n${candidates}`,
  );
  equal(trickle.ice, { ufrag: "abcd", password: "p".repeat(22) });
  equal(trickle.candidates.map(({ host }) => host), ["192.0.2.1", "x.local"]);
  equal(parseFragment("a=mid:0\r\na=candidate:nonsense").candidates, []);
  throws(() => parseFragment("a=ice-ufrag:abcd"), ParseError);
  throws(() => parseFragment("nothing"), ParseError);
});

Deno.test("fuzz: whatever the offer, an agreement or one of our errors", () => {
  const random = new Random(4);
  const seeds = [...publishOffers, ...readOffers].map((name) => new TextEncoder().encode(offerText(name)));
  for (let run = 0; run < fuzzRuns; run++) {
    const text = new TextDecoder().decode(mutate(random, random.pick(seeds)));
    try {
      agreeToPublish(parseDescription(text));
    } catch (error) {
      if (!(error instanceof ParseError || error instanceof UserError)) throw error;
    }
  }
});
