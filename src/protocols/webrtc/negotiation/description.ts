/** What a peer's description says, as far as it matters here. Made by `parse.ts`. */
import type { RtpFormat } from "../../../rtp/format.ts";
import type { DtlsFingerprint, ExtensionIds, IceCandidate, IceCredentials } from "../contracts.ts";

/** RFC 3264 §5.1, as the peer has written it. */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** One payload type of a section. */
export interface OfferedFormat {
  /** `format.codec` is generic for what is no codec of ours: retransmission, forward error correction and the like. */
  readonly format: RtpFormat;
  /** `VP8/90000`; for static payload types what RFC 3551 says. */
  readonly rtpmap: string;
  /** As it stands; empty without. */
  readonly fmtp: string;
  /** Of `fmtp`, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  /** RFC 4585 §4.2: `nack`, `nack pli`, `ccm fir`, `transport-cc`, `goog-remb`. */
  readonly feedback: ReadonlySet<string>;
  /** RFC 4588 §8.1; null without. */
  readonly rtxPayloadType: number | null;
}

/** One m= section. */
export interface OfferedSection {
  /** `audio`, `video`, `application`, or something else. */
  readonly kind: string;
  readonly protocol: string;
  /** As they stand in the m= line. */
  readonly formatTexts: readonly string[];
  readonly mid: string;
  /** Port 0 without `bundle-only`, or outside of the bundle. */
  readonly rejected: boolean;
  readonly direction: Direction;
  readonly rtcpMux: boolean;
  readonly formats: readonly OfferedFormat[];
  readonly extensions: ExtensionIds;
  /** RFC 8853: layers that the peer sends, in its order. */
  readonly rids: readonly string[];
  readonly sources: readonly { readonly ssrc: number; readonly rtxSsrc: number | null }[];
  /** RFC 8841; null when this is no section of data channels. */
  readonly sctpPort: number | null;
  /** RFC 8841 §6: 0 for no limit; null when the peer does not say. */
  readonly maxMessageSize: number | null;
}

/** A whole description. ICE and DTLS are those of the bundle (RFC 8843). */
export interface Description {
  readonly ice: IceCredentials;
  /** Of the peer itself (RFC 8445 §2.5). */
  readonly iceLite: boolean;
  readonly candidates: readonly IceCandidate[];
  readonly fingerprints: readonly DtlsFingerprint[];
  /** RFC 4145 §4, RFC 5763 §5. */
  readonly setup: "actpass" | "active" | "passive";
  /** False when there is one section and no group. */
  readonly bundled: boolean;
  readonly sections: readonly OfferedSection[];
}
