/** The payload types of a section, with what belongs to each: parameters, feedback, retransmission. */
import { readFormat } from "../../../sdp/format.ts";
import { parseFmtp } from "../../../sdp/format_text.ts";
import type { SdpMedia } from "../../../sdp/session.ts";
import type { OfferedFormat } from "./description.ts";

/** RFC 3551 §6, of those that WebRTC knows; browsers write them out, others may not. */
const staticRtpmaps: ReadonlyMap<number, string> = new Map([
  [0, "PCMU/8000"],
  [8, "PCMA/8000"],
  [9, "G722/8000"],
]);

/** In the order of the m= line. */
export function offeredFormats({ kind, formats, attributes }: SdpMedia): OfferedFormat[] {
  if (kind !== "audio" && kind !== "video") return [];
  const rtpmaps = new Map<number, string>();
  const fmtps = new Map<number, string>();
  const feedback = new Map<string, Set<string>>();
  for (const { name, value = "" } of attributes) {
    const [, type, text] = /^(\d{1,3}|\*)\s+(.*)$/.exec(value) ?? [];
    if (type === undefined) continue;
    if (name === "rtpmap") rtpmaps.set(Number(type), text.trim());
    // RFC 8866 allows one a format; several are parts of one.
    else if (name === "fmtp") {
      fmtps.set(Number(type), [fmtps.get(Number(type)), text].filter(Boolean).join(";"));
    } else if (name === "rtcp-fb") {
      const known = feedback.get(type) ?? new Set<string>();
      feedback.set(type, known.add(text.trim().replace(/\s+/g, " ")));
    }
  }
  const types = [...new Set(formats.filter((text) => /^\d{1,3}$/.test(text)).map(Number))].filter((type) =>
    type < 128
  );
  const rtx = new Map<number, number>();
  for (const type of types) {
    const apt = parseFmtp(fmtps.get(type) ?? "").get("apt") ?? "";
    if (/^rtx\//i.test(rtpmaps.get(type) ?? "") && /^\d{1,3}$/.test(apt) && !rtx.has(Number(apt))) {
      rtx.set(Number(apt), type);
    }
  }
  return types.map((type): OfferedFormat => {
    const rtpmap = rtpmaps.get(type) ?? staticRtpmaps.get(type) ?? "";
    const fmtp = fmtps.get(type) ?? "";
    return {
      format: readFormat(kind, type, rtpmap, fmtp),
      rtpmap,
      fmtp,
      parameters: parseFmtp(fmtp),
      feedback: new Set([...feedback.get("*") ?? [], ...feedback.get(String(type)) ?? []]),
      rtxPayloadType: rtx.get(type) ?? null,
    };
  });
}
