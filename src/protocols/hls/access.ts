/** Who asks, and what the errors of paths and authentication become. */
import { createHash, timingSafeEqual } from "node:crypto";
import { refusedAnswer } from "../../auth/mod.ts";
import { UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { errorAnswer, httpCredentials, type HttpExchange } from "../../net/http/mod.ts";
import { AuthError, NoStreamError, type PathAccess } from "../../paths/mod.ts";

/** For the path manager. `query` without what is ours. */
export function pathAccess(
  exchange: HttpExchange,
  path: string,
  query: string,
  id: string | null,
): PathAccess {
  const { request, client } = exchange;
  return {
    name: path,
    query,
    protocol: "hls",
    id,
    ip: client.ip,
    userAgent: request.headers.get("user-agent") ?? "",
    credentials: httpCredentials(request.headers),
    signal: request.signal,
  };
}

/** Authentication: 401, with a challenge when nothing was given, else after a delay. No stream: 404. Others: 500. */
export async function failureAnswer(
  error: unknown,
  exchange: HttpExchange,
  logger: Logger,
): Promise<Response> {
  if (error instanceof AuthError) return await refusedAnswer(error, exchange, logger);
  if (error instanceof NoStreamError) return errorAnswer(404, error.message, { "cache-control": "no-store" });
  if (error instanceof UserError) return errorAnswer(500, error.message, { "cache-control": "no-store" });
  throw error;
}

/** `secret` empty: nobody is one. */
export function isCdn(headers: Headers, secret: string): boolean {
  const header = headers.get("authorization");
  if (secret === "" || header === null) return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header), digest(`Bearer ${secret}`));
}
