import type { RtpPacket } from "../../../../rtp/packet.ts";
import type { NegotiatedMedia } from "../../contracts.ts";
import type { Encoding } from "./encoding.ts";
import { extensionText } from "./header.ts";
import type { Section } from "./section.ts";

/** SSRCs that one publisher may use at the same time. */
export const maxSources = 64;

/** Where packets of one SSRC belong. */
export interface Source {
  readonly section: Section;
  /** Null for a retransmission stream whose layer is not known. */
  readonly encoding: Encoding | null;
  /** The stream that repeats packets (RFC 4588); null for media. */
  readonly repeats: boolean;
}

/** Finds the section of a packet: by SSRC, by the header extensions, by payload type (RFC 8843 §9.2, RFC 8852). */
export class Demultiplexer {
  readonly #sources = new Map<number, Source>();
  readonly #byMid: ReadonlyMap<string, Section>;

  constructor(readonly sections: readonly Section[]) {
    this.#byMid = new Map(sections.map((section) => [section.media.mid, section]));
    for (const section of sections) this.#announce(section);
  }

  /** Sources that the description names. With layers their order says nothing, so the packets have to tell. */
  #announce(section: Section): void {
    const { sources, rids } = section.media;
    if (rids.length > 1) return;
    for (const { ssrc, rtxSsrc } of sources.slice(0, 1)) {
      const encoding = section.encoding("");
      this.#sources.set(ssrc, { section, encoding, repeats: false });
      if (rtxSsrc !== null) this.#sources.set(rtxSsrc, { section, encoding, repeats: true });
    }
  }

  /** Null when the packet belongs nowhere. Only authentic packets may come here: they are remembered. */
  find(packet: RtpPacket): Source | null {
    const known = this.#sources.get(packet.ssrc);
    if (known !== undefined) return known;
    const source = this.#identify(packet);
    if (source === null) return null;
    if (this.#sources.size >= maxSources) this.#forgetOldest();
    this.#sources.set(packet.ssrc, source);
    return source;
  }

  #forgetOldest(): void {
    for (const ssrc of this.#sources.keys()) {
      this.#sources.delete(ssrc);
      return;
    }
  }

  #identify(packet: RtpPacket): Source | null {
    for (const section of this.sections) {
      const mid = extensionText(packet.bytes, section.media.extensions.mid);
      if (mid === null) continue;
      const named = this.#byMid.get(mid);
      if (named !== undefined) return this.#within(named, packet);
    }
    const matching = this.sections.filter(({ media }) => hasType(media, packet.payloadType));
    return matching.length === 1 ? this.#within(matching[0], packet) : null;
  }

  #within(section: Section, packet: RtpPacket): Source | null {
    const { extensions, rids } = section.media;
    if (section.codecOfRtx(packet.payloadType) !== null) {
      const rid = extensionText(packet.bytes, extensions.repairedRid);
      const encoding = rids.length > 1 ? (rid === null ? null : section.encoding(rid)) : section.encoding("");
      return encoding === null ? null : { section, encoding, repeats: true };
    }
    if (section.codecOf(packet.payloadType) === null) return null;
    if (rids.length < 2) return withEncoding(section, section.encoding(""));
    const rid = extensionText(packet.bytes, extensions.rid);
    return rid === null ? null : withEncoding(section, section.encoding(rid));
  }

  get size(): number {
    return this.#sources.size;
  }

  /** The source of reports and goodbyes. */
  sourceOf(ssrc: number): Source | undefined {
    return this.#sources.get(ssrc);
  }
}

function withEncoding(section: Section, encoding: Encoding | null): Source | null {
  return encoding === null ? null : { section, encoding, repeats: false };
}

function hasType({ codecs }: NegotiatedMedia, type: number): boolean {
  return codecs.some(({ payloadType, rtxPayloadType }) => payloadType === type || rtxPayloadType === type);
}
