/** What the stream id of a client asks for: our short form, or the one of SRT's access control guidelines (`#!::`). */
import { ParseError } from "../../../base/errors.ts";

export interface StreamRequest {
  readonly action: "publish" | "read";
  readonly path: string;
  readonly user: string;
  readonly pass: string;
  /** Raw, without `?`. */
  readonly query: string;
}

const standardPrefix = "#!::";
/** Appended by a cloud encoder. */
const feedbackSuffix = "#feedbackplay";
const shortForm =
  "must be 'action:path[:query]' or 'action:path:user:pass[:query]', where action is publish or read";

/** Throws ParseError. */
export function parseStreamId(text: string): StreamRequest {
  const request = text.startsWith(standardPrefix)
    ? parseStandard(text.slice(standardPrefix.length))
    : parseShort(text);
  if (request.path === "") throw new ParseError("stream ID", "names no path");
  return request;
}

function parseStandard(text: string): StreamRequest {
  let action: StreamRequest["action"] = "read";
  const values = { r: "", u: "", s: "" };
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 0) throw new ParseError("stream ID", `'${part}' is not of the form key=value`);
    const key = part.slice(0, equals);
    const value = part.slice(equals + 1);
    if (key === "m") action = parseMode(value);
    // `h` and `t`, and whatever else there is, say nothing that we could do differently.
    else if (key === "r" || key === "u" || key === "s") values[key] = value;
  }
  return { action, path: values.r, user: values.u, pass: values.s, query: "" };
}

function parseMode(mode: string): StreamRequest["action"] {
  if (mode === "request") return "read";
  if (mode === "publish") return "publish";
  throw new ParseError("stream ID", `the mode '${mode}' is not supported`);
}

function parseShort(text: string): StreamRequest {
  const parts = (text.endsWith(feedbackSuffix) ? text.slice(0, -feedbackSuffix.length) : text).split(":");
  const [action, path] = parts;
  if (parts.length < 2 || parts.length > 5 || (action !== "publish" && action !== "read")) {
    throw new ParseError("stream ID", shortForm);
  }
  const withUser = parts.length >= 4;
  return {
    action,
    path,
    user: withUser ? parts[2] : "",
    pass: withUser ? parts[3] : "",
    query: (withUser ? parts[4] : parts[2]) ?? "",
  };
}
