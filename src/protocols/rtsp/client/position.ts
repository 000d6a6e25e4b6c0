/** Where playing begins: the keys `rtspRangeType`, `rtspRangeStart` and `rtspScale` as headers of PLAY. */
import { ParseError, UserError } from "../../../base/errors.ts";
import { parseDuration, type PathConf } from "../../../conf/mod.ts";
import { parseRange, type Range, serializeRange } from "../wire/range.ts";

/** Throws UserError. */
export function positionHeaders(
  conf: Pick<PathConf, "rtspRangeType" | "rtspRangeStart" | "rtspScale">,
): [string, string][] {
  const headers: [string, string][] = [["Range", serializeRange(rangeOf(conf))]];
  if (conf.rtspScale !== "") headers.push(["Scale", conf.rtspScale]);
  return headers;
}

function rangeOf(
  { rtspRangeType, rtspRangeStart }: Pick<PathConf, "rtspRangeType" | "rtspRangeStart">,
): Range {
  try {
    switch (rtspRangeType) {
      // Some servers need the header: Parrot's.
      case "":
        return { unit: "npt", start: 0 };
      case "clock":
        return parseRange(`clock=${rtspRangeStart}-`);
      case "npt":
        return { unit: "npt", start: parseDuration(rtspRangeStart) / 1000 };
      case "smpte": {
        const seconds = Math.floor(parseDuration(rtspRangeStart) / 1000);
        return { unit: "smpte", start: { seconds, frame: 0, subframe: 0 } };
      }
    }
  } catch (error) {
    if (error instanceof ParseError) throw new UserError(`rtspRangeStart: ${error.message}`);
    throw error;
  }
}
