import { adminRefusal, type AuthManager } from "../../auth/mod.ts";
import type { Logger } from "../../base/logger.ts";
import { type HttpHandler, notFoundAnswer } from "../../net/http/mod.ts";
import { expositionText } from "./exposition.ts";
import { families, type MetricsSources } from "./sections.ts";

/** Serves `/metrics`. */
export function createMetrics(sources: MetricsSources, auth: AuthManager, logger: Logger): HttpHandler {
  return async (exchange) => {
    const refused = await adminRefusal(exchange, "metrics", auth, logger);
    if (refused !== null) return refused;
    if (exchange.path !== "/metrics" || exchange.request.method !== "GET") return notFoundAnswer();
    return new Response(expositionText(families(sources, new URLSearchParams(exchange.query))), {
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" },
    });
  };
}
