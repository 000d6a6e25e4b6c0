/** Session descriptions ↔ the medias that a stream has. */
import { ParseError } from "../base/errors.ts";
import type { MediaKind } from "../codecs/codec.ts";
import type { RtpFormat, RtpMedia } from "../rtp/format.ts";
import { readFormat, writeFormat } from "./format.ts";
import { attributeValue, type SdpAttribute, type SdpMedia, type SdpSession } from "./session.ts";

export interface DescribedMedia extends RtpMedia {
  /** RFC 3711 §9: SAVP means SRTP. The feedback profiles count as those they extend. */
  readonly profile: "AVP" | "SAVP";
  /** The control attribute as it stands; undefined when there is none. */
  readonly control?: string;
  /** The key-mgmt attribute as it stands, of the media or else of the session (RFC 4567 §3.1). */
  readonly keyMgmt?: string;
  /** Carries from the client to the server (ONVIF Streaming Specification §5.3). */
  readonly isBackChannel: boolean;
  /** Of the UDP packets when the description stands for itself; 0 in RTSP. */
  readonly port: number;
}

const kinds: ReadonlySet<string> = new Set(["video", "audio", "application"]);

/**
 * The medias of a description that can be carried. Left out: sections that are not RTP or that have no payload type,
 * and exact repetitions of one. Throws ParseError when nothing is left.
 */
export function mediasFromSdp(session: SdpSession): DescribedMedia[] {
  const medias: DescribedMedia[] = [];
  for (const section of session.medias) {
    const media = toMedia(section, session);
    if (media !== null && !medias.some((other) => repeats(media, other))) medias.push(media);
  }
  if (medias.length === 0) throw new ParseError("SDP", "no media in it that can be carried");
  // Some cameras mark all their medias as back channels.
  if (medias.every((media) => media.isBackChannel)) {
    return medias.map((media) => ({ ...media, isBackChannel: false }));
  }
  return medias;
}

/** The session's control attribute, which the others are relative to; undefined when there is none or it is `*`. */
export function sessionControl(session: SdpSession): string | undefined {
  const control = attributeValue(session.attributes, "control");
  return control === "" || control === "*" ? undefined : control;
}

function toMedia(section: SdpMedia, session: SdpSession): DescribedMedia | null {
  if (!/^(?:RTP\/)?S?AVPF?/i.test(section.protocol)) return null;
  const kind: MediaKind = kinds.has(section.kind) ? section.kind as MediaKind : "application";
  const formats = payloadTypes(section).map((type) => toFormat(kind, type, section, session));
  if (formats.length === 0) return null;
  const control = attributeValue(section.attributes, "control");
  const keyMgmt = attributeValue(section.attributes, "key-mgmt") ??
    attributeValue(session.attributes, "key-mgmt");
  return {
    kind,
    formats,
    profile: /SAVP/i.test(section.protocol) ? "SAVP" : "AVP",
    ...(control === undefined ? {} : { control }),
    ...(keyMgmt === undefined ? {} : { keyMgmt }),
    isBackChannel: attributeValue(section.attributes, "sendonly") !== undefined,
    port: section.port,
  };
}

/** The numbers of the m= line; when there is none (TP-Link writes `smart/1/90000`), those of the rtpmap lines. */
function payloadTypes(section: SdpMedia): number[] {
  const numbers = section.formats.filter((text) => /^\d{1,3}$/.test(text)).map(Number);
  const all = numbers.length > 0 ? numbers : section.attributes
    .filter(({ name }) => name.toLowerCase() === "rtpmap")
    .map(({ value = "" }) => Number(/^\d{1,3}/.exec(value)?.[0] ?? NaN));
  return [...new Set(all)].filter((type) => type <= 127);
}

function toFormat(kind: MediaKind, payloadType: number, section: SdpMedia, session: SdpSession): RtpFormat {
  const only = payloadTypes(section).length === 1;
  const values = (name: string) => formatValues(section.attributes, name, payloadType, only);
  // Attributes that stand in front of every m= line (seen with home-made servers) belong to the media nonetheless.
  const fallback = (name: string) => formatValues(session.attributes, name, payloadType, false);
  const rtpmap = values("rtpmap")[0] ?? fallback("rtpmap")[0] ?? "";
  const fmtp = values("fmtp").length > 0 ? values("fmtp") : fallback("fmtp");
  return readFormat(
    kind,
    payloadType,
    rtpmap.split("/").map((part) => part.trim()).join("/"),
    fmtp.join("; "),
  );
}

/**
 * What stands behind the payload type in the attributes of this name. `only`: the media has one payload type, so that
 * without an attribute for it, those without a type or with another one are meant (Hikvision NVRs write `rtpmap:104`
 * and `fmtp:97` for one track).
 */
function formatValues(
  attributes: readonly SdpAttribute[],
  name: string,
  payloadType: number,
  only: boolean,
): string[] {
  const exact: string[] = [];
  const others: string[] = [];
  for (const attribute of attributes) {
    if (attribute.name.toLowerCase() !== name) continue;
    const found = /^(?:(\d{1,3})(?:\s+|$))?(.*)$/.exec(attribute.value ?? "");
    if (found === null || found[2] === "") continue;
    const mine = found[1] !== undefined && Number(found[1]) === payloadType;
    (mine ? exact : others).push(found[2].trim());
  }
  return exact.length > 0 || !only ? exact : others;
}

/** The same track once more, e.g. because the camera wrote its description twice. */
function repeats(media: DescribedMedia, other: DescribedMedia): boolean {
  const types = ({ formats }: DescribedMedia) => formats.map(({ payloadType }) => payloadType).join();
  return media.control !== undefined && media.control !== "" && media.control !== "*" &&
    media.control === other.control && media.kind === other.kind && types(media) === types(other);
}

export interface MediaToDescribe extends RtpMedia {
  readonly control: string;
  /** AVP when it is left out. */
  readonly profile?: "AVP" | "SAVP";
  readonly keyMgmt?: string;
  readonly isBackChannel?: boolean;
}

export interface DescribeOptions {
  readonly title?: string;
  /** Of multicast; `0.0.0.0` when it is left out, which Darwin Streaming Server needs. */
  readonly connectionAddress?: string;
}

export function sdpFromMedias(medias: readonly MediaToDescribe[], options: DescribeOptions = {}): SdpSession {
  const withBackChannels = medias.some((media) => media.isBackChannel);
  return {
    name: options.title ?? "",
    connection: { address: options.connectionAddress ?? "0.0.0.0" },
    attributes: [],
    medias: medias.map((media) => toSection(media, withBackChannels)),
  };
}

function toSection(media: MediaToDescribe, withBackChannels: boolean): SdpMedia {
  const attributes: SdpAttribute[] = [];
  if (media.isBackChannel) attributes.push({ name: "sendonly" });
  else if (withBackChannels) attributes.push({ name: "recvonly" });
  if (media.keyMgmt !== undefined) attributes.push({ name: "key-mgmt", value: media.keyMgmt });
  attributes.push({ name: "control", value: media.control });
  for (const format of media.formats) {
    const { rtpmap, fmtp } = writeFormat(format);
    if (rtpmap !== "") attributes.push({ name: "rtpmap", value: `${format.payloadType} ${rtpmap}` });
    if (fmtp !== "") attributes.push({ name: "fmtp", value: `${format.payloadType} ${fmtp}` });
  }
  return {
    kind: media.kind,
    port: 0,
    protocol: `RTP/${media.profile ?? "AVP"}`,
    formats: media.formats.map(({ payloadType }) => payloadType.toString()),
    attributes,
  };
}
