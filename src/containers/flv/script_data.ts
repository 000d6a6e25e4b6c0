/** Data messages of RTMP, bodies of FLV script tags (FLV 10.1 §E.4.4): a name and values. */
import { ParseError } from "../../base/errors.ts";
import { parseAmf0 } from "./amf0/parse.ts";
import { serializeAmf0 } from "./amf0/serialize.ts";
import type { Amf0Value } from "./amf0/value.ts";

export interface ScriptData {
  /** `onMetaData`, `onTextData`, `onCuePoint`, `|RtmpSampleAccess` … */
  readonly name: string;
  readonly values: readonly Amf0Value[];
  /** The publisher asked with `@setDataFrame` to keep it for later readers. */
  readonly keep: boolean;
}

const setDataFrame = "@setDataFrame";

/** Throws ParseError. */
export function parseScriptData(body: Uint8Array): ScriptData {
  const [first, ...rest] = parseAmf0(body);
  const keep = first === setDataFrame;
  const name = keep ? rest.shift() : first;
  if (typeof name !== "string") throw new ParseError("script data", "does not begin with a name", 0);
  return { name, values: rest, keep };
}

export function serializeScriptData(data: ScriptData): Uint8Array<ArrayBuffer> {
  return serializeAmf0(...(data.keep ? [setDataFrame] : []), data.name, ...data.values);
}
