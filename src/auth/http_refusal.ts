/** Who may use the servers for operators. */
import type { Logger } from "../base/logger.ts";
import { pause } from "../base/scope.ts";
import { addressText } from "../net/address.ts";
import { AuthError, type AuthGrant } from "./contracts.ts";
import type { AuthManager } from "./manager.ts";
import { httpCredentials, type HttpExchange, unauthorizedAnswer } from "../net/http/mod.ts";

/** What is asked for; no path is concerned. */
export type AdminAction = "api" | "metrics" | "pprof";

/**
 * Null when the client may; else the answer, which comes late when wrong credentials were given. `granted` is for
 * answers that go on: they end with the right to them.
 */
export async function adminRefusal(
  exchange: HttpExchange,
  action: AdminAction,
  auth: AuthManager,
  logger: Logger,
  granted: (grant: AuthGrant) => void = () => {},
): Promise<Response | null> {
  const { request, client, query } = exchange;
  try {
    const grant = await auth.authenticate({
      action,
      path: "",
      query,
      protocol: null,
      id: null,
      ip: client.ip,
      userAgent: request.headers.get("user-agent") ?? "",
      credentials: httpCredentials(request.headers),
    });
    granted(grant);
    return null;
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return await refusedAnswer(error, exchange, logger);
  }
}

/**
 * 401: at once and with a challenge when no credentials were given; else it is logged (unless `logger` is null: somebody
 * has done so) and comes late.
 */
export async function refusedAnswer(
  error: AuthError,
  { request, client }: HttpExchange,
  logger: Logger | null,
): Promise<Response> {
  if (!error.challenge) {
    logger?.warn(`[conn ${addressText(client)}] ${error.message}`);
    await pause(error.delayMs, request.signal);
  }
  return unauthorizedAnswer(error.challenge);
}
