/** Who asks, and what errors become. */
import { refusedAnswer } from "../../../auth/mod.ts";
import { ParseError, UserError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import { BodyError, errorAnswer, httpCredentials, type HttpExchange } from "../../../net/http/mod.ts";
import { AuthError, NoStreamError, type PathAccess } from "../../../paths/mod.ts";
import { NotAcceptableError } from "../negotiation/mod.ts";

/** For the path manager. */
export function pathAccess<Id extends string | null>(
  { request, client, query }: HttpExchange,
  path: string,
  id: Id,
): PathAccess & { readonly id: Id } {
  return {
    name: path,
    query,
    protocol: "webrtc",
    id,
    ip: client.ip,
    userAgent: request.headers.get("user-agent") ?? "",
    credentials: httpCredentials(request.headers),
    signal: request.signal,
  };
}

/** The server has as many sessions as it can have. HTTP 503. */
export class BusyError extends UserError {
  /** Tells it from other errors. */
  override readonly name = "BusyError";
}

/** The answer to what went wrong. Defects are thrown again. `isTold`: the session has logged a refusal already. */
export async function failureAnswer(
  error: unknown,
  exchange: HttpExchange,
  logger: Logger,
  isTold: boolean,
): Promise<Response> {
  if (error instanceof AuthError) return await refusedAnswer(error, exchange, isTold ? null : logger);
  const status = statusOf(error);
  if (status === null) throw error;
  const headers: Record<string, string> = { "cache-control": "no-store" };
  if (status === 503) headers["retry-after"] = "2";
  return errorAnswer(status, (error as Error).message, headers);
}

function statusOf(error: unknown): number | null {
  if (error instanceof BodyError) return error.status;
  if (error instanceof NoStreamError) return 404;
  if (error instanceof NotAcceptableError) return 406;
  if (error instanceof BusyError) return 503;
  return error instanceof UserError || error instanceof ParseError ? 400 : null;
}
