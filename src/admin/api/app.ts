/** The routes behind the control API's server: who may, which row, what becomes of errors. */
import { Hono } from "hono";
import { adminRefusal, type AuthGrant } from "../../auth/mod.ts";
import { errorText, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { ConfError, NoSuchPathError } from "../../conf/mod.ts";
import { errorAnswer, type HttpExchange, type HttpHandler, notFoundAnswer } from "../../net/http/mod.ts";
import { docsAnswer } from "./docs.ts";
import { ApiError } from "./failure.ts";
import { BodyError, jsonBody } from "./json_body.ts";
import { openApiDocument } from "./openapi.ts";
import type { ApiRoute, ApiSources } from "./route.ts";
import { configRoutes } from "./routes/config.ts";
import { eventRoutes } from "./routes/events.ts";
import { liveRoutes } from "./routes/live.ts";

/** All rows. */
export const apiRoutes: readonly ApiRoute[] = [...liveRoutes, ...eventRoutes, ...configRoutes];

type Env = { Bindings: { exchange: HttpExchange }; Variables: { expiresAt: number | null } };

/** `readTimeoutMs`: for the body of a request. */
export function createApi(sources: ApiSources, logger: Logger, readTimeoutMs: () => number): HttpHandler {
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    const granted = ({ expiresAt }: AuthGrant) => context.set("expiresAt", expiresAt);
    const refused = await adminRefusal(context.env.exchange, "api", sources.auth, logger, granted);
    if (refused !== null) return refused;
    return await next();
  });
  for (const route of apiRoutes) {
    // A name holds everything up to the end, slashes included.
    const pattern = route.path.replace("{name}", ":target{[^]*}").replace("{id}", ":target");
    app.on(route.method, pattern, async (context) => {
      const { exchange } = context.env;
      const answer = await route.handle({
        sources,
        target: decoded(context.req.param("target") ?? ""),
        query: new URLSearchParams(exchange.query),
        headers: exchange.request.headers,
        expiresAt: context.get("expiresAt"),
        body: () => jsonBody(exchange.request, readTimeoutMs()),
      });
      if (answer instanceof Response) return answer;
      return Response.json(answer, { headers: { "cache-control": "no-store" } });
    });
  }
  let document: string | undefined;
  app.get("/v3/openapi.json", () => {
    document ??= JSON.stringify(openApiDocument(apiRoutes));
    return new Response(document, { headers: { "content-type": "application/json; charset=utf-8" } });
  });
  app.get("/docs", (context) => docsAnswer("", context.req.raw));
  app.get("/docs/:file", (context) => docsAnswer(context.req.param("file"), context.req.raw));
  app.notFound(() => notFoundAnswer());
  app.onError((error) => failure(error, logger));
  return (exchange) => app.fetch(exchange.request, { exchange });
}

/** The parameter as hono gives it may still be escaped when it cannot be decoded. */
function decoded(target: string): string {
  if (/%(?![0-9a-f]{2})/i.test(target)) throw new ApiError(400, "invalid name");
  return target;
}

function failure(error: unknown, logger: Logger): Response {
  const status = statusOf(error);
  const text = status === null ? "internal server error" : errorText(error);
  logger.error(status === null && error instanceof Error ? error.stack ?? text : text);
  return errorAnswer(status ?? 500, text);
}

/** Null for defects. */
function statusOf(error: unknown): number | null {
  if (error instanceof ApiError || error instanceof BodyError) return error.status;
  if (error instanceof NoSuchPathError) return 404;
  if (error instanceof ConfError) return 400;
  return error instanceof UserError ? 400 : null;
}
