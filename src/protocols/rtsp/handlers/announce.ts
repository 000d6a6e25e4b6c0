import { ParseError } from "../../../base/errors.ts";
import { mediasFromSdp } from "../../../sdp/medias.ts";
import { parseSdp } from "../../../sdp/parse.ts";
import { pathAccess, requireUrl, withPathErrors } from "../access.ts";
import type { RtspConn } from "../conn.ts";
import { Publishing } from "../publishing.ts";
import { type Reply, RequestError } from "../reply.ts";
import type { RtspSession } from "../session.ts";
import { requestTarget } from "../wire/control.ts";
import type { RtspRequest } from "../wire/request.ts";

/** RFC 2326 §10.3: a client says what it is going to publish. */
export function announce(conn: RtspConn, session: RtspSession, request: RtspRequest): Promise<Reply> {
  const url = requireUrl(request);
  const target = requestTarget(url);
  const contentType = request.headers.get("Content-Type");
  if (contentType === undefined) throw new RequestError(400, "Content-Type header is missing");
  if (contentType.split(";")[0].trim().toLowerCase() !== "application/sdp") {
    throw new RequestError(400, `unsupported Content-Type '${contentType.slice(0, 80)}'`);
  }
  const medias = parseAnnounced(request.body);
  return withPathErrors(conn, session.logger, async () => {
    const access = pathAccess(conn, request, target, session.id);
    const conf = await conn.context.pathManager.authorize(access, "publish");
    if (session.closed) throw new RequestError(400, "session is closed");
    session.state = "preRecord";
    session.pathName = target.path;
    session.query = target.query;
    session.user = conn.context.pathManager.grantOf(access).user;
    session.userAgent = access.userAgent;
    session.publishing = new Publishing({ context: conn.context, session, access, url, conf, medias });
    return { status: 200 };
  });
}

function parseAnnounced(body: Uint8Array) {
  try {
    const medias = mediasFromSdp(parseSdp(new TextDecoder().decode(body)));
    if (medias.length === 0) throw new RequestError(400, "invalid SDP: no media");
    if (medias.some((media) => media.isBackChannel)) {
      throw new RequestError(400, "invalid SDP: back channels cannot be recorded");
    }
    return medias;
  } catch (error) {
    if (error instanceof ParseError) throw new RequestError(400, `invalid SDP: ${error.message}`);
    throw error;
  }
}
