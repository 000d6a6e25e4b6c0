import { withPathErrors } from "../access.ts";
import type { RtspConn } from "../conn.ts";
import { type Reply, RequestError } from "../reply.ts";
import type { RtspSession } from "../session.ts";

/** RFC 2326 §10.11 */
export function record(conn: RtspConn, session: RtspSession): Promise<Reply> {
  const publishing = session.publishing!;
  if (session.setups.length !== publishing.medias.length) {
    throw new RequestError(400, "not all announced media sections have been set up");
  }
  return withPathErrors(conn, session.logger, async () => {
    await publishing.record(session.setups, conn.sink);
    if (session.closed) {
      publishing.leave();
      throw new RequestError(400, "session is closed");
    }
    session.state = "record";
    if (session.delivery === "tcp") session.carrier = conn;
    session.logger.info(`is publishing to path '${session.pathName}'`);
    return { status: 200 };
  });
}
