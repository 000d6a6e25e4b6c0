import type { RtspConn } from "./conn.ts";
import { announce } from "./handlers/announce.ts";
import { describe } from "./handlers/describe.ts";
import { pause } from "./handlers/pause.ts";
import { play } from "./handlers/play.ts";
import { record } from "./handlers/record.ts";
import { setup } from "./handlers/setup.ts";
import { teardown } from "./handlers/teardown.ts";
import { type SessionMethod, stateError } from "./engine/session_state.ts";
import { type Reply, RequestError } from "./reply.ts";
import { RtspSession } from "./session.ts";
import type { RtspRequest } from "./wire/request.ts";
import { parseSession } from "./wire/session.ts";

const publicMethods =
  "DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";

type SessionHandler = (conn: RtspConn, session: RtspSession, request: RtspRequest) => Reply | Promise<Reply>;

const sessionHandlers: Readonly<Record<SessionMethod, SessionHandler>> = {
  ANNOUNCE: announce,
  SETUP: setup,
  PLAY: play,
  RECORD: record,
  PAUSE: pause,
};

/** Finds who answers a request (RFC 2326 §10). */
export async function dispatch(conn: RtspConn, request: RtspRequest): Promise<Reply> {
  const { method } = request;
  switch (method) {
    case "OPTIONS":
      keepAlive(conn, request);
      return { status: 200, headers: [["Public", publicMethods]] };
    case "DESCRIBE":
      return await describe(conn, request);
    case "GET_PARAMETER":
      // Used as a keep-alive, by publishers too.
      keepAlive(conn, request);
      return { status: 200, headers: [["Content-Type", "text/parameters"]] };
    case "SET_PARAMETER":
      keepAlive(conn, request);
      // RFC 2326 §10.9: there is no parameter that could be set; an empty request is a keep-alive.
      return { status: request.body.length === 0 ? 200 : 451 };
    case "ANNOUNCE":
    case "SETUP":
      return await inSession(conn, request, method, findSession(conn, request) ?? createSession(conn));
    case "PLAY":
    case "RECORD":
    case "PAUSE":
      return await inSession(conn, request, method, requireSession(conn, request));
    case "TEARDOWN":
      return teardown(conn, requireSession(conn, request));
    default:
      return { status: 501, headers: [["Public", publicMethods]] };
  }
}

/** Any request with a Session header is a sign of life, also from a connection that was not there before. */
function keepAlive(conn: RtspConn, request: RtspRequest): void {
  const session = findSession(conn, request);
  if (session !== null) join(conn, session);
}

function join(conn: RtspConn, session: RtspSession): void {
  conn.session = session;
  session.use(conn);
}

async function inSession(
  conn: RtspConn,
  request: RtspRequest,
  method: SessionMethod,
  session: RtspSession,
): Promise<Reply> {
  join(conn, session);
  const error = stateError(method, session.state);
  if (error !== null) throw new RequestError(400, error);
  return await sessionHandlers[method](conn, session, request);
}

/**
 * The session of the request: the one its Session header names, else the one of the connection. The header is
 * optional on a connection that has a session: the client may not know its id yet.
 */
function findSession(conn: RtspConn, request: RtspRequest): RtspSession | null {
  const header = request.headers.get("Session");
  if (header === undefined) return conn.session;
  const { id } = parseSession(header);
  if (conn.session !== null) {
    if (conn.session.secret !== id) {
      throw new RequestError(400, "the connection is linked to another session");
    }
    return conn.session;
  }
  const session = conn.context.sessions.get(id);
  if (session === undefined) throw new RequestError(454, "session not found");
  if (session.ip !== conn.remote.ip) {
    throw new RequestError(400, "a session can be used only from the address that created it");
  }
  if (
    session.delivery === "tcp" && session.conns.size > 0 &&
    (session.state === "play" || session.state === "record")
  ) {
    throw new RequestError(400, "the session is linked to another connection");
  }
  return session;
}

function requireSession(conn: RtspConn, request: RtspRequest): RtspSession {
  const session = findSession(conn, request);
  if (session === null) throw new RequestError(454, "session not found");
  return session;
}

function createSession(conn: RtspConn): RtspSession {
  return new RtspSession(conn.context, conn);
}
