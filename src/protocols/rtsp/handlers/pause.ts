import type { RtspConn } from "../conn.ts";
import { type Reply, RequestError } from "../reply.ts";
import type { RtspSession } from "../session.ts";

/** RFC 2326 §10.6. A publisher that pauses takes its stream away; with RECORD it comes back. */
export function pause(_conn: RtspConn, session: RtspSession): Reply {
  if (session.state === "play") {
    session.reading!.pause();
    session.state = "prePlay";
  } else if (session.state === "record") {
    if (session.publishing!.demuxes) {
      throw new RequestError(400, "a transport stream that is demuxed cannot be paused");
    }
    session.publishing!.leave();
    session.state = "preRecord";
  }
  session.carrier = null;
  return { status: 200 };
}
