/** Audio messages of RTMP, bodies of FLV audio tags. */
import { concat } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { type ExAudioTag, isExAudio, parseExAudioTag, serializeExAudioTag } from "./ex_audio.ts";
import { type LegacyAudioTag, parseLegacyAudioTag, serializeLegacyAudioHeader } from "./legacy_audio.ts";

export type AudioTag = LegacyAudioTag | ExAudioTag;

/** Views into `body`. Throws ParseError. */
export function parseAudioTag(body: Uint8Array): AudioTag {
  if (body.length === 0) throw new ParseError("audio message", "is empty", 0);
  return isExAudio(body[0]) ? parseExAudioTag(body) : parseLegacyAudioTag(body);
}

export function serializeAudioTag(tag: AudioTag): Uint8Array<ArrayBuffer> {
  return tag.form === "enhanced"
    ? serializeExAudioTag(tag)
    : concat([serializeLegacyAudioHeader(tag), tag.data]);
}
