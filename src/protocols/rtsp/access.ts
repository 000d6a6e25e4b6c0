import { pause } from "../../base/scope.ts";
import { UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { AuthError, NoStreamError, type PathAccess } from "../../paths/mod.ts";
import type { RtspConn } from "./conn.ts";
import { type Reply, RequestError } from "./reply.ts";
import type { RtspRequest } from "./wire/request.ts";
import type { RequestTarget } from "./wire/control.ts";
import { parseRequestUrl, type RtspUrl } from "./wire/url.ts";

/** The URL of a request that must have one. */
export function requireUrl(request: RtspRequest): RtspUrl {
  const url = parseRequestUrl(request.url);
  if (url === null) throw new RequestError(400, "invalid path");
  return url;
}

/** What the path manager wants to know. `id`: of the session, when there is one. */
export function pathAccess(
  conn: RtspConn,
  request: RtspRequest,
  target: RequestTarget,
  id: string,
): PathAccess {
  return {
    name: target.path,
    query: target.query,
    protocol: "rtsp",
    id,
    ip: conn.remote.ip,
    userAgent: request.headers.get("User-Agent") ?? "",
    credentials: conn.authenticator.credentials(request),
    signal: conn.signal,
  };
}

/**
 * Runs `action` and turns what the path manager throws into the answer of RTSP: a challenge when no credentials were
 * given; after a refusal a delay and the end of the connection; 404 where nothing is published.
 */
export async function withPathErrors(
  conn: RtspConn,
  logger: Logger,
  action: () => Promise<Reply>,
): Promise<Reply> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof AuthError) {
      if (error.challenge) return { status: 401, headers: conn.authenticator.challenges() };
      logger.warn(error.message);
      await pause(error.delayMs, conn.signal);
      return { status: 401, closeReason: error.message };
    }
    if (error instanceof NoStreamError) throw new RequestError(404, error.message);
    if (error instanceof UserError && !(error instanceof RequestError)) {
      throw new RequestError(400, error.message);
    }
    throw error;
  }
}
