/** One line for a media, so that a table can hold what a description is expected to say. */
import type { Codec } from "../../src/codecs/codec.ts";
import type { RtpFormat } from "../../src/rtp/format.ts";
import type { DescribedMedia } from "../../src/sdp/medias.ts";
import { hex } from "../support/assert.ts";

export function summary(media: DescribedMedia): string {
  const parts: string[] = [media.kind];
  if (media.profile === "SAVP") parts.push("SAVP");
  if (media.isBackChannel) parts.push("back");
  if (media.port !== 0) parts.push(`port=${media.port}`);
  if (media.keyMgmt !== undefined) parts.push(`keys=${media.keyMgmt.slice(0, 14)}`);
  return `${parts.join(" ")} <${media.control ?? "-"}> ${media.formats.map(formatSummary).join(" | ")}`;
}

export function formatSummary({ payloadType, clockRate, codec }: RtpFormat): string {
  return `${payloadType} ${codec.name}@${clockRate}${details(codec)}`;
}

/** The parameters of a codec: bytes as their number and the first two, nested values as JSON. */
function details(codec: Codec): string {
  let text = "";
  for (const [name, value] of Object.entries(codec)) {
    if (name === "name" || value === "") continue;
    text += ` ${name}=${
      value instanceof Uint8Array
        ? `${value.length}:${hex(value.subarray(0, 2))}`
        : typeof value === "object"
        ? configSummary(value)
        : value
    }`;
  }
  return text;
}

function configSummary(config: { objectType: number; sampleRate: number; channelCount: number }): string {
  return `${config.objectType}/${config.sampleRate}/${config.channelCount}`;
}
