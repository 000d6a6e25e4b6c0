import { addressText } from "../../../net/address.ts";
import type { RtspConn } from "../conn.ts";
import type { Reply } from "../reply.ts";
import type { RtspSession } from "../session.ts";

/** RFC 2326 §10.7. The connection that asks for it stays open and may start another session. */
export function teardown(conn: RtspConn, session: RtspSession): Reply {
  session.conns.delete(conn);
  conn.forgetSession();
  session.close(`torn down by ${addressText(conn.remote)}`);
  return { status: 200 };
}
