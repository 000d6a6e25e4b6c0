/** Bodies of requests that change the configuration. */
import { BodyError, readBody } from "../../net/http/mod.ts";
import { emptyMap, isRawMap, type Raw, type RawMap } from "../../conf/mod.ts";
import { ApiError } from "./failure.ts";

/** As in MediaMTX. */
const maxBodySize = 10 * 1024 * 1024;
const maxDepth = 32;

/** A JSON object. Throws ApiError, or BodyError. */
export async function jsonBody(request: Request, timeoutMs: number): Promise<RawMap> {
  const bytes = await readBody(request, { maxBytes: maxBodySize, timeoutMs });
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ApiError(400, "the body is not valid JSON");
  }
  const raw = toRaw(parsed, maxDepth);
  if (!isRawMap(raw)) throw new ApiError(400, "the body is not a JSON object");
  return raw;
}

function toRaw(value: unknown, depth: number): Raw {
  if (depth < 0) throw new ApiError(400, `the body has more than ${maxDepth} levels`);
  if (Array.isArray(value)) return value.map((item) => toRaw(item, depth - 1));
  if (typeof value === "object" && value !== null) {
    const map = emptyMap();
    for (const [name, item] of Object.entries(value)) map[name] = toRaw(item, depth - 1);
    return map;
  }
  return value as Raw;
}

export { BodyError };
