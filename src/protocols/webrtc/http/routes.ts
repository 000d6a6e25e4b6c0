/** From requests to answers: pages, and sessions by WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep). */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import type { Logger } from "../../../base/logger.ts";
import type { Conf } from "../../../conf/mod.ts";
import {
  errorAnswer,
  type HttpExchange,
  notFoundAnswer,
  readBody,
  redirectAnswer,
} from "../../../net/http/mod.ts";
import { NoStreamError, type PathManager } from "../../../paths/mod.ts";
import { iceServerLinks, iceServersFor } from "../ice/mod.ts";
import { parseFragment } from "../negotiation/mod.ts";
import { webrtcModule, webrtcPage } from "../pages.ts";
import { failureAnswer, pathAccess } from "./access.ts";
import type { Endpoint, LiveSession, SessionHost } from "./contracts.ts";
import { decodePathName, pathUrl } from "./path_name.ts";

/** Bytes. */
const maxBody = 128 * 1024;
/** An If-Match of more has nothing of ours in it. */
const maxIfMatch = 4096;

const offerType = "application/sdp";
const fragmentType = "application/trickle-ice-sdpfrag";
/** What preflight requests are told. */
export const allowMethods = "OPTIONS, GET, POST, PATCH, DELETE";
/** What preflight requests are told. */
export const allowHeaders = "Authorization, Content-Type, If-Match";

/** What routes are made of. */
export interface RoutesOptions {
  /** In use now. */
  readonly conf: () => Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  readonly sessions: SessionHost;
}

interface Env {
  Bindings: { readonly exchange: HttpExchange };
}

/** Makes the answer to one request. */
export function createRoutes(options: RoutesOptions): (exchange: HttpExchange) => Promise<Response> {
  const routes = new Routes(options);
  const app = new Hono<Env>({
    // Undecoded: slashes that a client has encoded are not taken for those of the URL.
    getPath: (_request, context) => context!.env!.exchange.path,
  });
  for (const endpoint of ["whip", "whep"] as const) {
    app.on("OPTIONS", `/:path{.+}/${endpoint}`, (c) => routes.describeEndpoint(c, endpoint));
    app.on("POST", `/:path{.+}/${endpoint}`, (c) => routes.create(c, endpoint));
    app.all(`/:path{.+}/${endpoint}`, () => methodAnswer("OPTIONS, POST"));
    app.on("PATCH", `/:path{.+}/${endpoint}/:secret`, (c) => routes.patch(c, endpoint));
    app.on("DELETE", `/:path{.+}/${endpoint}/:secret`, (c) => routes.end(c, endpoint));
    app.all(`/:path{.+}/${endpoint}/:secret`, () => methodAnswer("PATCH, DELETE"));
  }
  app.get("/favicon.ico", () => notFoundAnswer());
  app.get("/:path{.+}/publish", (c) => routes.page(c, "/publish", "publish"));
  app.get("/:path{.+}", (c) => routes.others(c));
  app.notFound(() => notFoundAnswer());
  app.onError((error) => {
    throw error;
  });
  return async (exchange) => await app.fetch(exchange.request, { exchange });
}

type RouteContext = Context<Env>;

class Routes {
  constructor(private readonly options: RoutesOptions) {}

  /** The page that reads, modules beside it, and what lacks the slash at its end. */
  async others(c: RouteContext): Promise<Response> {
    const { path, query, request } = c.env.exchange;
    if (path.endsWith("/")) return await this.page(c, "/", "read");
    const file = await webrtcModule(path.slice(path.lastIndexOf("/") + 1), request);
    if (file !== null) return file;
    const name = nameOf(path, "");
    if (name === null) return notFoundAnswer();
    return redirectAnswer(pathUrl(name, "") + search(query));
  }

  async page(c: RouteContext, suffix: string, action: "read" | "publish"): Promise<Response> {
    const { exchange } = c.env;
    const name = nameOf(exchange.path, suffix);
    if (name === null) return notFoundAnswer();
    try {
      await this.options.pathManager.authorize(pathAccess(exchange, name, null), action);
    } catch (error) {
      return await failureAnswer(error, exchange, this.options.logger, false);
    }
    return await webrtcPage(action, exchange.request);
  }

  /** Tells about the endpoint and its ICE servers. */
  async describeEndpoint(c: RouteContext, endpoint: Endpoint): Promise<Response> {
    const { exchange } = c.env;
    const name = nameOf(exchange.path, `/${endpoint}`);
    if (name === null) return notFoundAnswer();
    const { pathManager, logger } = this.options;
    try {
      await pathManager.authorize(
        pathAccess(exchange, name, null),
        endpoint === "whip" ? "publish" : "read",
      );
    } catch (error) {
      return await failureAnswer(error, exchange, logger, false);
    }
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": allowMethods,
        "access-control-allow-headers": allowHeaders,
        "access-control-expose-headers": "Accept-Post, Link",
        "accept-post": offerType,
        ...this.#links(),
      },
    });
  }

  async create(c: RouteContext, endpoint: Endpoint): Promise<Response> {
    const { exchange } = c.env;
    const { request, query, client } = exchange;
    const name = nameOf(exchange.path, `/${endpoint}`);
    if (name === null) return notFoundAnswer();
    if (!isType(request, offerType)) return errorAnswer(400, `the content type has to be ${offerType}`);
    try {
      const offer = await this.#text(request);
      const id: string = crypto.randomUUID();
      const access = pathAccess(exchange, name, id);
      const created = await this.options.sessions.create({ endpoint, access, client, offer });
      if (created.kind === "redirect") return redirected(created.to, name, endpoint, query);
      return new Response(created.answer, {
        status: 201,
        headers: {
          "content-type": offerType,
          "cache-control": "no-store",
          "access-control-expose-headers": "ETag, ID, Accept-Patch, Link, Location",
          "accept-patch": fragmentType,
          etag: created.etag,
          id,
          location: pathUrl(name, `${endpoint}/${created.secret}`) + search(query),
          ...this.#links(),
        },
      });
    } catch (error) {
      return await failureAnswer(error, exchange, this.options.logger, true);
    }
  }

  async patch(c: RouteContext, endpoint: Endpoint): Promise<Response> {
    const { exchange } = c.env;
    const { request } = exchange;
    if (this.#session(c, endpoint) === null) return sessionNotFound();
    if (!isType(request, fragmentType)) return errorAnswer(400, `the content type has to be ${fragmentType}`);
    try {
      const fragment = parseFragment(await this.#text(request));
      // While the body came, the session may have ended or got other credentials.
      const session = this.#session(c, endpoint);
      if (session === null) return sessionNotFound();
      if (!matches(request.headers.get("if-match"), session.etag)) {
        return errorAnswer(412, "If-Match names an ICE session that is not the current one");
      }
      const answer = await session.patch(fragment);
      if (answer === null) return new Response(null, { status: 204 });
      return new Response(answer, {
        status: 200,
        headers: {
          "content-type": fragmentType,
          "cache-control": "no-store",
          "access-control-expose-headers": "ETag",
          etag: session.etag,
        },
      });
    } catch (error) {
      return await failureAnswer(error, exchange, this.options.logger, false);
    }
  }

  end(c: RouteContext, endpoint: Endpoint): Response {
    const session = this.#session(c, endpoint);
    if (session === null) return sessionNotFound();
    session.close("deleted by the client");
    return new Response(JSON.stringify({ status: "ok" }), {
      headers: { "content-type": "application/json; charset=utf-8" },
    });
  }

  #session(c: RouteContext, endpoint: Endpoint): LiveSession | null {
    const { path } = c.env.exchange;
    const secret = path.slice(path.lastIndexOf("/") + 1);
    const name = nameOf(path, `/${endpoint}/${secret}`);
    return name === null ? null : this.options.sessions.find(endpoint, name, secret);
  }

  async #text(request: Request): Promise<string> {
    const limits = { maxBytes: maxBody, timeoutMs: this.options.conf().readTimeout };
    return new TextDecoder().decode(await readBody(request, limits));
  }

  #links(): Record<string, string> {
    const links = iceServerLinks(iceServersFor(this.options.conf().webrtcICEServers2, Date.now()));
    // What no header may hold would be an error with each request.
    return links.length === 0 ? {} : { link: links.join(", ").replace(/[^\x20-\x7e]/g, "") };
  }
}

/** `path`: of the URL, which ends with `suffix`. */
function nameOf(path: string, suffix: string): string | null {
  return decodePathName(path.slice(1, path.length - suffix.length));
}

function search(query: string): string {
  return query === "" ? "" : `?${query}`;
}

function isType(request: Request, type: string): boolean {
  return request.headers.get("content-type")?.split(";")[0].trim().toLowerCase() === type;
}

/** RFC 9110 §13.1.1. Without the header everything goes: many clients leave it out. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return true;
  if (header.length > maxIfMatch) return false;
  return header.split(",").map((tag) => tag.trim()).some((tag) => tag === "*" || tag === etag);
}

function methodAnswer(allow: string): Response {
  return errorAnswer(405, `only ${allow} can be used here`, { allow });
}

function sessionNotFound(): Response {
  return errorAnswer(404, "session not found", { "cache-control": "no-store" });
}

/** 307: the offer is sent again, to where the stream is. */
function redirected(to: string, path: string, endpoint: Endpoint, query: string): Response {
  if (!to.startsWith("/") && !/^https?:\/\//i.test(to)) throw new NoStreamError(path);
  const location = to.startsWith("/") ? pathUrl(to.slice(1), endpoint) + search(query) : to;
  return new Response(null, {
    status: 307,
    headers: { location, "cache-control": "no-store", "access-control-expose-headers": "Location" },
  });
}
