import { pathAccess, requireUrl, withPathErrors } from "../access.ts";
import { NoStreamError } from "../../../paths/mod.ts";
import type { RtspConn } from "../conn.ts";
import { describeStream } from "../description.ts";
import type { Reply } from "../reply.ts";
import type { RtspRequest } from "../wire/request.ts";
import { requestTarget } from "../wire/control.ts";
import { type RtspUrl, serializeRtspUrl } from "../wire/url.ts";

/** RFC 2326 §10.2 */
export function describe(conn: RtspConn, request: RtspRequest): Promise<Reply> {
  const url = requireUrl(request);
  const target = requestTarget(url);
  return withPathErrors(conn, conn.logger, async () => {
    const described = await conn.context.pathManager.describe(pathAccess(conn, request, target, conn.id));
    if (described.kind === "redirect") {
      return { status: 302, headers: [["Location", redirectUrl(url, described.to)]] };
    }
    // It may have ended in the moment in which it was given.
    if (described.stream.closed) throw new NoStreamError(target.path);
    const sdp = describeStream(conn.context, described.stream, wantsMulticast(target.query));
    return {
      status: 200,
      headers: [
        ["Content-Base", serializeRtspUrl(url).replace(/\/?$/, "/")],
        ["Content-Type", "application/sdp"],
      ],
      body: new TextEncoder().encode(sdp),
    };
  });
}

/** VLC's way to ask: `rtsp://host/path?vlcmulticast`. */
function wantsMulticast(query: string): boolean {
  return new URLSearchParams(query).has("vlcmulticast");
}

/** `/path` means: on this server, by the name that the client used. */
function redirectUrl(url: RtspUrl, to: string): string {
  return to.startsWith("/") ? serializeRtspUrl({ ...url, path: to, query: undefined }) : to;
}
