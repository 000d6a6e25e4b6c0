/** The text of an answer (RFC 9429 §5.3). */
import { productName } from "../../../base/product.ts";
import { serializeSdp } from "../../../sdp/serialize.ts";
import type { SdpAttribute, SdpMedia } from "../../../sdp/session.ts";
import type { DtlsFingerprint, ExtensionIds, IceCandidate, IceCredentials } from "../contracts.ts";
import type { AgreedFormat, AgreedSection, Agreement } from "./agreement.ts";
import { serializeCandidate } from "../ice/wire/candidate.ts";
import type { Description, OfferedSection } from "./description.ts";
import { extensionUri } from "./parse.ts";

/** The largest message that data channels take (RFC 8841 §6); readers send none that matter. */
export const maxMessageSize = 65_536;

/** This side of the transport. */
export interface LocalTransport {
  readonly ice: IceCredentials;
  /** `a=ice-lite` */
  readonly lite: boolean;
  readonly fingerprint: DtlsFingerprint;
  readonly setup: "active" | "passive";
  /** All of them: there is no trickling in this direction. */
  readonly candidates: readonly IceCandidate[];
}

/** What is sent to a reader in one section. */
export interface LocalSource {
  readonly ssrc: number;
  /** Null when retransmissions repeat the packet. */
  readonly rtxSsrc: number | null;
  /** RFC 3550 §6.5.1: sources that are played together have the same one. */
  readonly cname: string;
}

/**
 * The server is `passive`, so that its choice of the SRTP profile counts: with the other role Chromium takes one that
 * costs more. Who is passive itself gets an active peer (RFC 5763 §5).
 */
export function localSetup({ setup }: Pick<Description, "setup">): "active" | "passive" {
  return setup === "passive" ? "active" : "passive";
}

/** `sources` by mid, of the sections that are sent. `sessionId`: a positive number below 2^62, as text. */
export function serializeAnswer(
  offer: Description,
  agreement: Agreement,
  local: LocalTransport,
  sources: ReadonlyMap<string, LocalSource>,
  sessionId: string,
): string {
  const kept = offer.sections.filter((_, i) => agreement.sections[i].kind !== "rejected");
  const withCandidates = kept[0];
  return serializeSdp({
    origin: `- ${sessionId} 1 IN IP4 127.0.0.1`,
    name: "-",
    attributes: [
      ...(offer.bundled ? [{ name: "group", value: `BUNDLE ${kept.map(({ mid }) => mid).join(" ")}` }] : []),
      ...(local.lite ? [{ name: "ice-lite" }] : []),
      { name: "msid-semantic", value: "WMS *" },
    ],
    medias: offer.sections.map((section, i) =>
      toMedia(
        section,
        agreement.sections[i],
        local,
        sources.get(section.mid) ?? null,
        section === withCandidates,
      )
    ),
  });
}

function toMedia(
  offered: OfferedSection,
  agreed: AgreedSection,
  local: LocalTransport,
  source: LocalSource | null,
  withCandidates: boolean,
): SdpMedia {
  const { kind, protocol, formatTexts, mid } = offered;
  const connection = { address: "0.0.0.0" };
  if (agreed.kind === "rejected") {
    const attributes = [{ name: "mid", value: mid }, { name: "inactive" }];
    // RFC 3264 §6: at least one format, whichever.
    return { kind, port: 0, protocol, formats: formatTexts.slice(0, 1), connection, attributes };
  }
  const transport = [
    { name: "mid", value: mid },
    { name: "ice-ufrag", value: local.ice.ufrag },
    { name: "ice-pwd", value: local.ice.password },
    { name: "fingerprint", value: `${local.fingerprint.algorithm} ${local.fingerprint.value}` },
    { name: "setup", value: local.setup },
    ...(withCandidates ? candidateAttributes(local.candidates) : []),
  ];
  return {
    kind,
    // The real ones are in the candidates (RFC 8840 §4.1.1).
    port: 9,
    protocol,
    connection,
    ...agreed.kind === "data"
      ? { formats: ["webrtc-datachannel"], attributes: [...transport, ...dataAttributes] }
      : agreed.kind === "inactive"
      ? { formats: formatTexts.slice(0, 1), attributes: [...transport, ...inactiveAttributes(offered)] }
      : {
        formats: agreed.formats.flatMap(payloadTypes),
        attributes: [...transport, ...mediaAttributes(agreed, source)],
      },
  };
}

/** Also what an ICE restart is answered with. */
export function candidateAttributes(candidates: readonly IceCandidate[]): SdpAttribute[] {
  return [
    ...candidates.map((candidate) => ({
      name: "candidate",
      value: serializeCandidate(candidate).replace(/^candidate:/, ""),
    })),
    { name: "end-of-candidates" },
  ];
}

const dataAttributes: readonly SdpAttribute[] = [
  { name: "sctp-port", value: "5000" },
  { name: "max-message-size", value: String(maxMessageSize) },
];

function inactiveAttributes({ formats, formatTexts }: OfferedSection): SdpAttribute[] {
  const first = formats.find(({ format }) => String(format.payloadType) === formatTexts[0]);
  return [
    { name: "inactive" },
    { name: "rtcp-mux" },
    ...(first === undefined || first.rtpmap === ""
      ? []
      : [{ name: "rtpmap", value: `${first.format.payloadType} ${first.rtpmap}` }]),
  ];
}

function payloadTypes({ codec }: AgreedFormat): string[] {
  return [
    String(codec.payloadType),
    ...(codec.rtxPayloadType === null ? [] : [String(codec.rtxPayloadType)]),
  ];
}

function mediaAttributes(
  { direction, media, formats }: Extract<AgreedSection, { kind: "media" }>,
  source: LocalSource | null,
): SdpAttribute[] {
  const names: readonly (keyof ExtensionIds)[] = ["mid", "rid", "repairedRid", "transportSequence"];
  return [
    ...names.flatMap((name) => {
      const id = media.extensions[name];
      return id === undefined ? [] : [{ name: "extmap", value: `${id} ${extensionUri(name)}` }];
    }),
    { name: direction },
    { name: "rtcp-mux" },
    { name: "rtcp-rsize" },
    ...formats.flatMap(formatAttributes),
    ...media.rids.map((rid) => ({ name: "rid", value: `${rid} recv` })),
    ...(media.rids.length === 0 ? [] : [{ name: "simulcast", value: `recv ${media.rids.join(";")}` }]),
    ...(source === null ? [] : sourceAttributes(source, media.kind)),
  ];
}

function formatAttributes({ codec, rtpmap, fmtp }: AgreedFormat): SdpAttribute[] {
  const type = codec.payloadType;
  const feedback = [
    ...(codec.nack ? ["nack"] : []),
    ...(codec.pli ? ["nack pli"] : []),
    ...(codec.fir ? ["ccm fir"] : []),
    ...(codec.transportWide ? ["transport-cc"] : []),
    ...(codec.remb ? ["goog-remb"] : []),
  ];
  return [
    ...(rtpmap === "" ? [] : [{ name: "rtpmap", value: `${type} ${rtpmap}` }]),
    ...feedback.map((text) => ({ name: "rtcp-fb", value: `${type} ${text}` })),
    ...(fmtp === "" ? [] : [{ name: "fmtp", value: `${type} ${fmtp}` }]),
    ...(codec.rtxPayloadType === null ? [] : [
      { name: "rtpmap", value: `${codec.rtxPayloadType} rtx/${codec.clockRate}` },
      { name: "fmtp", value: `${codec.rtxPayloadType} apt=${type}` },
    ]),
  ];
}

/** Chromium takes the first source that has a line for the primary one: it has to come before that of its repairs. */
function sourceAttributes({ ssrc, rtxSsrc, cname }: LocalSource, kind: string): SdpAttribute[] {
  const msid = `${productName} ${kind}`;
  const lines = (id: number) => [
    { name: "ssrc", value: `${id} cname:${cname}` },
    { name: "ssrc", value: `${id} msid:${msid}` },
  ];
  return [
    { name: "msid", value: msid },
    ...(rtxSsrc === null ? [] : [{ name: "ssrc-group", value: `FID ${ssrc} ${rtxSsrc}` }]),
    ...lines(ssrc),
    ...(rtxSsrc === null ? [] : lines(rtxSsrc)),
  ];
}
