/** Video messages of RTMP, bodies of FLV video tags. */
import { concat } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { type ExVideoTag, isExVideo, parseExVideoTag, serializeExVideoTag } from "./ex_video.ts";
import {
  type LegacyVideoTag,
  parseLegacyVideoTag,
  serializeLegacyVideoHeader,
  type VideoCommandTag,
  VideoFrameType,
} from "./legacy_video.ts";

export type VideoTag = LegacyVideoTag | ExVideoTag | VideoCommandTag;

/** Views into `body`. Throws ParseError. */
export function parseVideoTag(body: Uint8Array): VideoTag {
  if (body.length === 0) throw new ParseError("video message", "is empty", 0);
  return isExVideo(body[0]) ? parseExVideoTag(body) : parseLegacyVideoTag(body);
}

export function serializeVideoTag(tag: VideoTag): Uint8Array<ArrayBuffer> {
  switch (tag.form) {
    case "legacy":
      return concat([serializeLegacyVideoHeader(tag), tag.data]);
    case "enhanced":
      return serializeExVideoTag(tag);
    case "command":
      return Uint8Array.of(VideoFrameType.command << 4, tag.command);
  }
}
