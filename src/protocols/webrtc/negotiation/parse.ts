/** From the text of an offer (or, for clients, of an answer) to what matters in it. */
import { ParseError } from "../../../base/errors.ts";
import { parseSdp } from "../../../sdp/parse.ts";
import { attributeValue, type SdpAttribute, type SdpMedia, type SdpSession } from "../../../sdp/session.ts";
import type { DtlsFingerprint, ExtensionIds, IceCandidate, IceCredentials } from "../contracts.ts";
import { parseCandidate } from "../ice/wire/candidate.ts";
import type { Description, Direction, OfferedSection } from "./description.ts";
import { offeredFormats } from "./formats.ts";

/** Candidates of one description; further ones are passed over. */
export const maxCandidates = 64;
const maxFingerprints = 8;
const maxRids = 8;
const maxSources = 32;
/** RFC 8839 §5.4: at most 256 characters. */
const maxIceText = 256;

const extensionUris: ReadonlyMap<string, keyof ExtensionIds> = new Map<string, keyof ExtensionIds>([
  ["urn:ietf:params:rtp-hdrext:sdes:mid", "mid"],
  ["urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "rid"],
  ["urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", "repairedRid"],
  ["http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "transportSequence"],
]);

/** The name under which an extension is agreed on. */
export function extensionUri(name: keyof ExtensionIds): string {
  for (const [uri, known] of extensionUris) if (known === name) return uri;
  throw new Error(`no URI for ${name}`);
}

/** Throws ParseError that says what is missing or cannot be used. */
export function parseDescription(text: string): Description {
  const session = parseSdp(text);
  if (session.medias.length === 0) throw new ParseError("SDP", "no media in it");
  const group = bundleGroup(session.attributes);
  const sections = session.medias.map((media, index) => parseSection(media, index, group));
  const used = session.medias.filter((_, index) => !sections[index].rejected);
  if (used.length === 0) throw new ParseError("SDP", "all of its media is rejected");
  if (used.length > 1 && group === null) {
    throw new ParseError("a=group", "all media has to go over one transport (BUNDLE, RFC 8843)");
  }
  checkMids(sections);
  for (const { kind, rejected, rtcpMux, mid } of sections) {
    if (!rejected && (kind === "audio" || kind === "video") && !rtcpMux) {
      throw new ParseError(
        "a=rtcp-mux",
        `missing in the section '${mid}': RTP and RTCP have to share one port`,
      );
    }
  }
  // Those of the section that the transport is taken from; of the session when it has none.
  const first = (name: string) => firstValue(name, used, session);
  return {
    ice: iceCredentials(first("ice-ufrag"), first("ice-pwd")),
    iceLite: attributeValue(session.attributes, "ice-lite") !== undefined,
    candidates: candidatesOf([session, ...session.medias].flatMap(({ attributes }) => attributes)),
    fingerprints: fingerprints(session, used),
    setup: setup(first("setup")),
    bundled: group !== null,
    sections,
  };
}

function checkMids(sections: readonly OfferedSection[]): void {
  const seen = new Set<string>();
  for (const { mid } of sections) {
    if (seen.has(mid)) throw new ParseError("a=mid", "two sections have the same one");
    seen.add(mid);
  }
}

function firstValue(name: string, medias: readonly SdpMedia[], session: SdpSession): string | undefined {
  for (const { attributes } of [...medias, session]) {
    const value = attributeValue(attributes, name);
    if (value !== undefined && value !== "") return value;
  }
  return undefined;
}

/** Mids of the first group; null when there is none. */
function bundleGroup(attributes: readonly SdpAttribute[]): ReadonlySet<string> | null {
  for (const { name, value = "" } of attributes) {
    const [semantics, ...mids] = value.split(/\s+/);
    if (name.toLowerCase() === "group" && semantics === "BUNDLE") return new Set(mids);
  }
  return null;
}

/** RFC 8839 §5.4. Throws ParseError. */
export function iceCredentials(ufrag: string | undefined, password: string | undefined): IceCredentials {
  const pattern = /^[A-Za-z0-9+/=_-]+$/;
  // RFC 8839 has at least 4 and 22 characters and no `=`; clients are not that exact.
  for (const [name, value] of [["a=ice-ufrag", ufrag], ["a=ice-pwd", password]] as const) {
    if (value === undefined) throw new ParseError(name, "missing");
    if (value.length > maxIceText || !pattern.test(value)) throw new ParseError(name, "malformed");
  }
  return { ufrag: ufrag!, password: password! };
}

/** Those that can be read: mDNS names and kinds that are not known are the peer's business. */
export function candidatesOf(attributes: readonly SdpAttribute[]): IceCandidate[] {
  const found = new Map<string, IceCandidate>();
  for (const { name, value = "" } of attributes) {
    if (name.toLowerCase() !== "candidate") continue;
    try {
      const candidate = parseCandidate(value);
      // Each section of a bundle may repeat them all. RTCP has no component of its own here.
      if (candidate.component === 1) {
        found.set(`${candidate.transport} ${candidate.host} ${candidate.port} ${candidate.type}`, candidate);
      }
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
    }
    if (found.size >= maxCandidates) break;
  }
  return [...found.values()];
}

/** RFC 8122 §5. */
function fingerprints(session: SdpSession, medias: readonly SdpMedia[]): DtlsFingerprint[] {
  const found = new Map<string, DtlsFingerprint>();
  for (const { name, value = "" } of [session, ...medias].flatMap(({ attributes }) => attributes)) {
    if (name.toLowerCase() !== "fingerprint" || found.size >= maxFingerprints) continue;
    const match = /^([A-Za-z0-9-]{1,16})\s+([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63})$/.exec(value);
    if (match === null) throw new ParseError("a=fingerprint", "malformed");
    const fingerprint = { algorithm: match[1].toLowerCase(), value: match[2].toUpperCase() };
    found.set(`${fingerprint.algorithm} ${fingerprint.value}`, fingerprint);
  }
  if (found.size === 0) throw new ParseError("a=fingerprint", "missing");
  return [...found.values()];
}

function setup(value: string | undefined): Description["setup"] {
  // RFC 4145 §4: active when it is missing.
  if (value === undefined) return "active";
  if (value === "actpass" || value === "active" || value === "passive") return value;
  throw new ParseError("a=setup", "neither actpass nor active nor passive");
}

function parseSection(media: SdpMedia, index: number, group: ReadonlySet<string> | null): OfferedSection {
  const { kind, port, protocol, formats, attributes } = media;
  const value = (name: string) => attributeValue(attributes, name);
  // RFC 8829 allows to leave it out; then its place names the section.
  const mid = value("mid") ?? String(index);
  if (!/^[\w!#$%&'*+.^`{|}~-]{1,64}$/.test(mid)) throw new ParseError("a=mid", "malformed");
  const isData = kind === "application" && formats.includes("webrtc-datachannel");
  const sctpPort = value("sctp-port") ?? "5000";
  const maxMessageSize = value("max-message-size") ?? "";
  return {
    kind: /^[a-z]{1,32}$/.test(kind) ? kind : "application",
    protocol: /^[\w/-]{1,64}$/.test(protocol) ? protocol : "UDP/TLS/RTP/SAVPF",
    formatTexts: formats.filter((text) => /^[\w-]{1,64}$/.test(text)),
    mid,
    rejected: port === 0 && value("bundle-only") === undefined || group !== null && !group.has(mid),
    direction: direction(attributes),
    rtcpMux: value("rtcp-mux") !== undefined,
    formats: offeredFormats(media),
    extensions: extensions(attributes),
    rids: sendRids(attributes),
    sources: sources(attributes),
    sctpPort: isData && /^\d{1,5}$/.test(sctpPort) ? Number(sctpPort) : null,
    maxMessageSize: /^\d{1,10}$/.test(maxMessageSize) ? Number(maxMessageSize) : null,
  };
}

function direction(attributes: readonly SdpAttribute[]): Direction {
  const known: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];
  return known.find((name) => attributeValue(attributes, name) !== undefined) ?? "sendrecv";
}

/** RFC 8285 §8, one-byte form: identifiers from 1 to 14. */
function extensions(attributes: readonly SdpAttribute[]): ExtensionIds {
  const ids: { -readonly [Name in keyof ExtensionIds]: number } = {};
  for (const { name, value = "" } of attributes) {
    if (name.toLowerCase() !== "extmap") continue;
    const [, id, uri] = /^(\d{1,3})(?:\/\w+)?\s+(\S+)/.exec(value) ?? [];
    const known = extensionUris.get(uri);
    if (known !== undefined && Number(id) >= 1 && Number(id) <= 14) ids[known] = Number(id);
  }
  return ids;
}

/** RFC 8851 and RFC 8853: alternatives and layers that are paused at first count as layers. */
function sendRids(attributes: readonly SdpAttribute[]): string[] {
  const simulcast = attributeValue(attributes, "simulcast");
  const sent = /(?:^|\s)send\s+(?:rid=)?(\S+)/.exec(simulcast ?? "")?.[1];
  if (sent === undefined) return [];
  const rids = sent.split(/[;,]/).map((text) => text.replace(/^~/, ""));
  return [...new Set(rids)].filter((rid) => /^[A-Za-z0-9_-]{1,255}$/.test(rid)).slice(0, maxRids);
}

/** RFC 5576: primary sources, with that of their retransmissions when there is such a group (RFC 4588 §8.2). */
function sources(attributes: readonly SdpAttribute[]): { ssrc: number; rtxSsrc: number | null }[] {
  const rtx = new Map<number, number>();
  const order: number[] = [];
  for (const { name, value = "" } of attributes) {
    const group = name === "ssrc-group" ? /^FID\s+(\d{1,10})\s+(\d{1,10})\b/.exec(value) : null;
    if (group !== null && rtx.size < maxSources) rtx.set(Number(group[1]), Number(group[2]));
    const source = name === "ssrc" ? /^\d{1,10}/.exec(value) : null;
    if (source === null || order.length >= maxSources) continue;
    const ssrc = Number(source[0]);
    if (ssrc < 2 ** 32 && !order.includes(ssrc)) order.push(ssrc);
  }
  const repairs = new Set(rtx.values());
  return order.filter((ssrc) => !repairs.has(ssrc)).map((ssrc) => ({ ssrc, rtxSsrc: rtx.get(ssrc) ?? null }));
}
