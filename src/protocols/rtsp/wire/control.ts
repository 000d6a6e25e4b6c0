/** How a request's URL and the `control` attributes of SDP name a stream and its tracks (RFC 2326 §C.1.1). */
import { ParseError } from "../../../base/errors.ts";
import { parseRtspUrl, percentDecode, type RtspUrl, serializeRtspUrl } from "./url.ts";

/** The control attribute of a track that we serve. */
export function trackControl(index: number): string {
  return `trackID=${index}`;
}

/** What a request to our server is about. */
export interface RequestTarget {
  /** Decoded, without slashes around it: the name of a path. */
  readonly path: string;
  /** As it was written; empty when there is none. */
  readonly query: string;
  /** Of a SETUP URL made with `trackControl`; undefined when the URL names no track. */
  readonly track?: number;
}

const trackSuffix = /\/trackID=(\d{1,6})\/*$/i;

/**
 * Takes apart the URL of a request to our server. The track stands behind the query when the client appends control
 * attributes to the whole URL (FFmpeg), behind the path when it knows about queries (GStreamer). Both also may leave
 * their slash at the end of a URL without a track.
 */
export function requestTarget(url: RtspUrl): RequestTarget {
  const inQuery = url.query === undefined ? null : trackSuffix.exec(url.query);
  const inPath = inQuery === null ? trackSuffix.exec(url.path) : null;
  const found = inQuery ?? inPath;
  const query = inQuery === null ? url.query ?? "" : inQuery.input.slice(0, inQuery.index);
  const path = inPath === null ? url.path : url.path.slice(0, inPath.index);
  return {
    path: percentDecode(path).replace(/^\//, "").replace(/\/$/, ""),
    query: found === null ? query.replace(/\/$/, "") : query,
    ...(found === null ? {} : { track: Number(found[1]) }),
  };
}

/**
 * The media that a publisher means with a SETUP URL, given the URL it announced and the control attributes it
 * announced; null when it is none of them.
 */
export function findControl(controls: readonly string[], announced: RtspUrl, setup: RtspUrl): number | null {
  const wanted = comparable(setup);
  for (const resolve of [appendControl, insertControl]) {
    const at = controls.findIndex((control) => {
      const url = orNull(() => resolve(announced, control));
      return url !== null && comparable(url) === wanted;
    });
    if (at >= 0) return at;
  }
  // The host may differ (NAT, another name), or the attribute stands behind another base than the announced one.
  const at = controls.findIndex((control) => !isPresentation(control) && wanted.endsWith(`/${control}`));
  return at >= 0 ? at : null;
}

/** Path and query, since the host says nothing about which track is meant; a trailing slash does not count. */
function comparable(url: RtspUrl): string {
  const text = percentDecode(url.path) + (url.query ? `?${url.query}` : "");
  // Not a pattern: `/+$` takes quadratic time over slashes that are not at the end.
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}

function isPresentation(control: string): boolean {
  return control === "" || control === "*";
}

/** The URL to SETUP a track of a server with: see `appendControl`; an absolute attribute keeps our host and user. */
export function controlUrl(base: RtspUrl, control: string): RtspUrl {
  return appendControl(base, control.trim());
}

/**
 * A relative control attribute is put at the end of the whole URL, after the query too. That is not how RFC 3986
 * resolves references, but what players have always done and cameras expect.
 */
function appendControl(base: RtspUrl, control: string): RtspUrl {
  if (isPresentation(control)) return base;
  if (isAbsolute(control)) return withHostOf(base, parseRtspUrl(control));
  const start = serializeRtspUrl(base);
  const slash = /^[?/]/.test(control) || start.endsWith("/") ? "" : "/";
  const joined = start + slash + control;
  return withHostOf(
    base,
    base.host === "" ? { ...base, path: joined, query: undefined } : parseRtspUrl(joined),
  );
}

/** The attribute between path and query: GStreamer as a publisher. */
function insertControl(base: RtspUrl, control: string): RtspUrl {
  if (isPresentation(control) || isAbsolute(control)) return appendControl(base, control);
  return { ...base, path: `${base.path.replace(/\/$/, "")}/${control}` };
}

function isAbsolute(control: string): boolean {
  return /^rtsps?:\/\//i.test(control);
}

function withHostOf(base: RtspUrl, url: RtspUrl): RtspUrl {
  const { user: _user, password: _password, port: _port, ...rest } = url;
  const { host, port, user, password } = base;
  return {
    ...rest,
    host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}

/**
 * The URL that control attributes are relative to: the control attribute of the session, else Content-Base, else
 * Content-Location, else the URL of the request. What cannot be read is passed over.
 */
export function baseUrl(
  request: RtspUrl,
  given: { sessionControl?: string; contentBase?: string; contentLocation?: string },
): RtspUrl {
  for (const text of [given.sessionControl, given.contentBase, given.contentLocation]) {
    const trimmed = text?.trim() ?? "";
    if (isPresentation(trimmed)) continue;
    if (trimmed.startsWith("/")) return { ...request, path: trimmed, query: undefined };
    const url = orNull(() => withHostOf(request, parseRtspUrl(trimmed)));
    if (url !== null) return url;
  }
  return request;
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}
