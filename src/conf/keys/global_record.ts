/** Recording once had global keys. They are old names of keys in `pathDefaults` now. */
import { alias } from "../key.ts";
import { bool, duration, text, word } from "../value_type.ts";

export const globalRecordKeys = {
  record: alias(bool, "pathDefaults.record"),
  recordPath: alias(text, "pathDefaults.recordPath"),
  recordFormat: alias(word("fmp4", "mpegts"), "pathDefaults.recordFormat"),
  recordPartDuration: alias(duration, "pathDefaults.recordPartDuration"),
  recordSegmentDuration: alias(duration, "pathDefaults.recordSegmentDuration"),
  recordDeleteAfter: alias(duration, "pathDefaults.recordDeleteAfter"),
};
