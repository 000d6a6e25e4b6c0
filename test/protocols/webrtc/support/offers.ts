/** Offers of real clients: Chromium's as captured, the others in the form that their programs write. */
import { type Description, parseDescription } from "../../../../src/protocols/webrtc/negotiation/mod.ts";

export type OfferName =
  | "chromium_publish"
  | "chromium_read"
  | "chromium_simulcast"
  | "ffmpeg"
  | "firefox_read"
  | "gstreamer"
  | "larix"
  | "obs"
  | "safari_read";

export const publishOffers: readonly OfferName[] = [
  "chromium_publish",
  "chromium_simulcast",
  "ffmpeg",
  "gstreamer",
  "larix",
  "obs",
];

export const readOffers: readonly OfferName[] = ["chromium_read", "firefox_read", "safari_read"];

export function offerText(name: OfferName): string {
  return Deno.readTextFileSync(new URL(`../offers/${name}.sdp`, import.meta.url));
}

export function offer(name: OfferName): Description {
  return parseDescription(offerText(name));
}

/** One video section with these lines in it, as a browser would offer it. */
export function videoOffer(
  direction: "recvonly" | "sendonly",
  formats: readonly string[],
  lines: string[],
): string {
  return [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    `m=video 9 UDP/TLS/RTP/SAVPF ${formats.join(" ")}`,
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789abcdef012345",
    `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`,
    "a=setup:actpass",
    "a=mid:0",
    `a=${direction}`,
    "a=rtcp-mux",
    ...lines,
    "",
  ].join("\r\n");
}
