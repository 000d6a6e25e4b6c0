/** From a request to its answer. */
import { UserError } from "../../base/errors.ts";
import {
  assetResponse,
  byteAnswer,
  errorAnswer,
  type HttpExchange,
  notFoundAnswer,
  redirectAnswer,
  unauthorizedAnswer,
} from "../../net/http/mod.ts";
import { type AuthGrant, NoStreamError, type PathAccess } from "../../paths/mod.ts";
import { failureAnswer, isCdn, pathAccess } from "./access.ts";
import { cacheControl, playlistType } from "./answers.ts";
import type { HlsContext } from "./context.ts";
import { parseReloadRequest } from "./engine/mod.ts";
import { type HoldEnd, PathMuxer } from "./muxer.ts";
import { hlsLibrary, hlsPage, playerModule } from "./page.ts";
import {
  maxQueryLength,
  passedOn,
  sessionCookie,
  sessionInCookie,
  sessionInQuery,
  withSession,
} from "./query.ts";
import { parseRoute, pathUrl } from "./routes.ts";
import { HlsSession } from "./session.ts";

/** Until there is something to play. Sources start slowly, key frames are rare; a player asks again. */
const maxStartMs = 25_000;
/** For something new in a playlist that is there. A player that waits in vain asks again. */
const maxReloadMs = 10_000;
/** Players that never ask again hold a session for half a minute: so many are an attack. */
const maxSessions = 20_000;
/** Seconds that a content delivery network may keep what does not change. */
const multivariantMaxAge = 30;
const mediaMaxAge = 3600;

/** Whom a request belongs to. `inUrls`: its URIs need the token. */
interface Visit {
  readonly session: HlsSession;
  readonly muxer: PathMuxer;
  readonly inUrls: boolean;
}

/** What of a held answer can be sent. */
interface Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly cache: string;
  readonly cookie: string | null;
}

export class HlsRequests {
  constructor(
    private readonly context: HlsContext,
    private readonly follow: (task: Promise<void>) => void,
  ) {}

  /** For the front of the server. */
  async handle(exchange: HttpExchange): Promise<Response> {
    const { request, path } = exchange;
    if (request.method !== "GET" && request.method !== "HEAD") return notFoundAnswer();
    const route = parseRoute(path);
    try {
      switch (route.kind) {
        case "library":
          return assetResponse(exchange.request, await hlsLibrary());
        case "module":
          return assetResponse(exchange.request, await playerModule());
        case "directory":
          return redirectAnswer(pathUrl(route.path, "") + search(exchange.query));
        case "page":
          return await this.#page(exchange, route.path);
        case "multivariant":
          return await this.#multivariant(exchange, route.path);
        case "media":
          return await this.#media(exchange, route.path, route.name);
        case "file":
          return await this.#file(exchange, route.path, route.name);
        case "notFound":
          return notFoundAnswer();
      }
    } catch (error) {
      return await failureAnswer(error, exchange, this.context.logger);
    }
  }

  async #page(exchange: HttpExchange, path: string): Promise<Response> {
    await this.context.pathManager.authorize(pathAccess(exchange, path, exchange.query, null), "read");
    return assetResponse(exchange.request, await hlsPage());
  }

  async #multivariant(exchange: HttpExchange, path: string): Promise<Response> {
    const query = passedOn(exchange.query);
    if (query.length > maxQueryLength) return errorAnswer(414, "the query is too long");
    const cdn = isCdn(exchange.request.headers, this.context.conf.hlsCDNSecret);
    const access = pathAccess(exchange, path, query, null);
    if (!cdn) {
      const described = await this.context.pathManager.describe(access);
      if (described.kind === "redirect") return redirected(described.to, path, query);
    }
    const { session, muxer, inUrls } = cdn
      ? await this.#cdnVisit(exchange, path, query)
      : await this.#viewer(exchange, access);
    const answer = await this.#held(muxer, session, exchange, maxStartMs, (engine) => engine.multivariant());
    if (answer.kind !== "playlist") return heldAnswer(answer, path);
    return this.#send(exchange, session, muxer, {
      bytes: answer.body.bytes(inUrls ? withSession(query, session.token) : query),
      contentType: playlistType,
      cache: cacheControl(cdn, multivariantMaxAge),
      cookie: cdn ? null : sessionCookie(session.token),
    });
  }

  async #media(exchange: HttpExchange, path: string, name: string): Promise<Response> {
    const cdn = isCdn(exchange.request.headers, this.context.conf.hlsCDNSecret);
    const reload = parseReloadRequest(new URLSearchParams(exchange.query));
    const query = passedOn(exchange.query);
    if (query.length > maxQueryLength) return errorAnswer(414, "the query is too long");
    const visit = cdn ? await this.#cdnVisit(exchange, path, query) : this.#ownVisit(exchange, path);
    if (visit === null) return this.#stranger(exchange, path);
    const { session, muxer, inUrls } = visit;
    if (reload === null) return errorAnswer(400, "malformed delivery directive");
    const limitMs = reload.msn === null ? maxStartMs : maxReloadMs;
    const answer = await this.#held(
      muxer,
      session,
      exchange,
      limitMs,
      (engine) => engine.media(name, reload),
    );
    if (answer.kind !== "playlist") return heldAnswer(answer, path);
    return this.#send(exchange, session, muxer, {
      bytes: answer.body.bytes(inUrls ? withSession(query, session.token) : query),
      contentType: playlistType,
      cache: cacheControl(cdn, muxer.playlistMaxAge),
      cookie: null,
    });
  }

  async #file(exchange: HttpExchange, path: string, name: string): Promise<Response> {
    const cdn = isCdn(exchange.request.headers, this.context.conf.hlsCDNSecret);
    const visit = cdn
      ? await this.#cdnVisit(exchange, path, passedOn(exchange.query))
      : this.#ownVisit(exchange, path);
    if (visit === null) return this.#stranger(exchange, path);
    const { session, muxer } = visit;
    const answer = await this.#held(muxer, session, exchange, maxReloadMs, (engine) => engine.file(name));
    if (answer.kind !== "file") return heldAnswer(answer, path);
    return this.#send(exchange, session, muxer, {
      bytes: answer.bytes,
      contentType: answer.contentType,
      cache: cacheControl(cdn, mediaMaxAge),
      cookie: null,
    });
  }

  /** The session is in use from the request to its answer, however long that is held. */
  async #held<Answer extends { readonly kind: string }>(
    muxer: PathMuxer,
    session: HlsSession,
    { request }: HttpExchange,
    limitMs: number,
    ask: Parameters<typeof muxer.hold<Answer>>[0],
  ) {
    const before = Date.now();
    session.used(before);
    muxer.used(before);
    const answer = await muxer.hold<Answer>(ask, request.signal, limitMs);
    session.used(Date.now());
    return answer;
  }

  #send({ request }: HttpExchange, session: HlsSession, muxer: PathMuxer, body: Body): Response {
    const headers: Record<string, string> = { "content-type": body.contentType, "cache-control": body.cache };
    if (body.cookie !== null) headers["set-cookie"] = body.cookie;
    const { response, size } = byteAnswer(request, body.bytes, headers);
    session.sent(size);
    muxer.sent(size);
    return response;
  }

  /** By the token of the URL or, without one there, of the cookie. Null when it names no session of this path. */
  #ownVisit({ request, query }: HttpExchange, path: string): Visit | null {
    const inQuery = sessionInQuery(query);
    const token = inQuery ?? sessionInCookie(request.headers.get("cookie"));
    const session = token === null ? undefined : this.context.sessions.get(token);
    if (session === undefined || session.owner.path !== path || session.muxer === null) return null;
    return { session, muxer: session.muxer, inUrls: inQuery !== null };
  }

  /** Of a client that has just been authenticated. A session that it has lasts as long as its new token. */
  async #viewer(exchange: HttpExchange, access: PathAccess): Promise<Visit> {
    const { pathManager } = this.context;
    const grant = pathManager.grantOf(access);
    const visit = this.#ownVisit(exchange, access.name);
    if (visit === null) return await this.#newVisit(exchange, access.name, access.query, grant);
    const { session } = visit;
    session.sit(await pathManager.addReader({ ...access, grant }, session, true));
    return visit;
  }

  /** Without a session: 404 when it had one that has ended, 401 when it never had any. */
  #stranger({ request, query }: HttpExchange, path: string): Response {
    const token = sessionInQuery(query) ?? sessionInCookie(request.headers.get("cookie"));
    if (token === null || !this.context.tokens.isOurs(token, path)) return unauthorizedAnswer(false);
    return errorAnswer(404, "the session has ended", { "cache-control": "no-store" });
  }

  /** Content delivery networks share a session, which may have ended while they answered out of their caches. */
  async #cdnVisit(exchange: HttpExchange, path: string, query: string): Promise<Visit> {
    const muxer = this.context.muxers.get(path);
    const session = muxer?.cdnSession ?? null;
    if (muxer !== undefined && session !== null && !session.ended) return { session, muxer, inUrls: false };
    return await this.#newVisit(exchange, path, query, null);
  }

  /** `grant`: of the client; null for a content delivery network. */
  async #newVisit(
    exchange: HttpExchange,
    path: string,
    query: string,
    grant: AuthGrant | null,
  ): Promise<Visit> {
    const { client, request } = exchange;
    const cdn = grant === null;
    if (this.context.sessions.size >= maxSessions) throw new UserError("too many HLS sessions");
    const session = new HlsSession(this.context, {
      path,
      client,
      query,
      user: grant?.user ?? "",
      userAgent: request.headers.get("user-agent") ?? "",
      isCdn: cdn,
    });
    try {
      const access = { ...pathAccess(exchange, path, query, session.id), ...(grant !== null && { grant }) };
      session.sit(await this.context.pathManager.addReader(access, session, true));
      const muxer = this.muxer(path, { client, query });
      await muxer.ready;
      if (session.ended || muxer.closed) throw new NoStreamError(path);
      if (cdn) {
        muxer.cdnSession?.end("replaced by new CDN session");
        muxer.cdnSession = session;
      }
      session.join(muxer);
      return { session, muxer, inUrls: !cdn };
    } catch (error) {
      session.end(error instanceof UserError ? error.message : "a defect");
      throw error;
    }
  }

  /** That of the path, which is made when there is none. */
  muxer(path: string, requestedBy: { client: HttpExchange["client"]; query: string } | null): PathMuxer {
    const { muxers } = this.context;
    let muxer = muxers.get(path);
    if (muxer === undefined) {
      muxer = new PathMuxer(this.context, path, requestedBy, this.follow);
      if (!muxer.closed) muxers.set(path, muxer);
    }
    return muxer;
  }
}

function search(query: string): string {
  return query === "" ? "" : `?${query}`;
}

/** A path that is a redirection: another path of ours, or a playlist elsewhere. Players of HLS can use nothing else. */
function redirected(to: string, path: string, query: string): Response {
  if (to.startsWith("/")) return redirectAnswer(pathUrl(to.slice(1), "index.m3u8") + search(query));
  if (/^https?:\/\//i.test(to)) return redirectAnswer(to);
  throw new NoStreamError(path);
}

function heldAnswer(answer: { kind: "badRequest" | "notFound" } | HoldEnd, path: string): Response {
  const headers = { "cache-control": "no-store" };
  switch (answer.kind) {
    case "badRequest":
      return errorAnswer(400, "the playlist cannot be what the delivery directives ask for", headers);
    case "notFound":
      return notFoundAnswer();
    case "late":
      return errorAnswer(503, "there is nothing new yet", { ...headers, "retry-after": "1" });
    case "closed":
      return errorAnswer(404, new NoStreamError(path).message, headers);
    case "gone":
      // Nobody reads it.
      return new Response(null, { status: 499 });
  }
}
