/** What an answer says to each section of an offer. Made by `publish.ts` and `read.ts`, written by `answer.ts`. */
import type { Codec } from "../../../codecs/codec.ts";
import type { NegotiatedCodec, NegotiatedMedia } from "../contracts.ts";
import type { OfferedFormat } from "./description.ts";

/** A payload type with the texts that go into the answer. */
export interface AgreedFormat {
  readonly codec: NegotiatedCodec;
  readonly rtpmap: string;
  /** Empty: no line. */
  readonly fmtp: string;
}

/** The answer to one section. */
export type AgreedSection =
  | {
    readonly kind: "media";
    /** As this side writes it. */
    readonly direction: "sendonly" | "recvonly";
    readonly media: NegotiatedMedia;
    readonly formats: readonly AgreedFormat[];
  }
  | { readonly kind: "data" }
  /** Nothing flows, but the section stays, since the transport is that of the first one (RFC 8843 §7.3). */
  | { readonly kind: "inactive" }
  | { readonly kind: "rejected" };

/** Parallel to the sections of the offer. */
export interface Agreement {
  readonly sections: readonly AgreedSection[];
}

/** The audio and video of an agreement. */
export function agreedMedias({ sections }: Agreement): NegotiatedMedia[] {
  return sections.flatMap((section) => section.kind === "media" ? [section.media] : []);
}

/** True when data channels were agreed on. */
export function agreedData({ sections }: Agreement): boolean {
  return sections.some(({ kind }) => kind === "data");
}

/** What the two sides agree on for a payload type. `congestion`: whether this side sends feedback for bandwidth. */
export function agreeOn(
  offered: OfferedFormat,
  codec: Codec,
  fmtp: string,
  congestion: { readonly transportWide: boolean; readonly remb: boolean },
): AgreedFormat {
  const { format, feedback, rtxPayloadType } = offered;
  const nack = feedback.has("nack");
  const transportWide = congestion.transportWide && feedback.has("transport-cc");
  return {
    rtpmap: offered.rtpmap,
    fmtp,
    codec: {
      codec,
      payloadType: format.payloadType,
      clockRate: format.clockRate,
      rtxPayloadType: nack ? rtxPayloadType : null,
      nack,
      pli: feedback.has("nack pli"),
      fir: feedback.has("ccm fir"),
      transportWide,
      remb: congestion.remb && !transportWide && feedback.has("goog-remb"),
    },
  };
}
