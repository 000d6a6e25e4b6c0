import type { RtspConn } from "../conn.ts";
import { tracksText } from "../../../stream/track.ts";
import { requireUrl } from "../access.ts";
import { type Reply, RequestError } from "../reply.ts";
import type { RtspSession } from "../session.ts";
import type { Reading } from "../reading.ts";
import { requestTarget, trackControl } from "../wire/control.ts";
import type { RtspRequest } from "../wire/request.ts";
import { type RtpInfo, serializeRtpInfo } from "../wire/rtp_info.ts";
import { type RtspUrl, serializeRtspUrl } from "../wire/url.ts";

const transportTexts = { tcp: "TCP", udp: "UDP", multicast: "UDP-multicast" } as const;

/** RFC 2326 §10.5 */
export function play(conn: RtspConn, session: RtspSession, request: RtspRequest): Reply {
  const url = requireUrl(request);
  const target = requestTarget(url);
  if (target.path !== session.pathName) {
    throw new RequestError(400, `path has changed, was '${session.pathName}', now is '${target.path}'`);
  }
  const reading = session.reading!;
  const now = Date.now();
  const infos = rtpInfos(session, reading, url, now);
  const headers: [string, string][] = infos.length > 0 ? [["RTP-Info", serializeRtpInfo(infos)]] : [];
  if (session.state === "play") return { status: 200, headers };
  session.state = "play";
  if (session.delivery === "tcp") session.carrier = conn;
  const tracks = session.setups.flatMap((setup) => reading.tracks(setup.mediaIndex));
  session.logger.info(
    `is reading from path '${session.pathName}', with ${transportTexts[session.delivery!]}, ${
      tracksText(tracks)
    }`,
  );
  return {
    status: 200,
    headers,
    after: () => {
      if (!session.closed && session.state === "play") reading.play(session.setups, conn.sink, Date.now());
    },
  };
}

/** RTP-Info knows one sequence number a section: sections with several formats are left out. */
function rtpInfos(session: RtspSession, reading: Reading, url: RtspUrl, now: number): RtpInfo[] {
  const infos: RtpInfo[] = [];
  const cached = reading.playing ? [] : reading.prepareCached(now);
  for (const { mediaIndex } of session.setups) {
    const tracks = reading.tracks(mediaIndex);
    if (tracks.length !== 1) continue;
    const sender = reading.state.fanout.senders[tracks[0].id];
    const first = cached.find((unit) => unit.track === tracks[0]);
    const position = first === undefined ? sender.position(now) : sender.positionOf(first);
    if (position === null) continue;
    infos.push({
      url: serializeRtspUrl({
        ...url,
        path: `/${session.pathName}/${trackControl(mediaIndex)}`,
        query: undefined,
      }),
      sequenceNumber: position.sequence,
      timestamp: position.timestamp,
    });
  }
  return infos;
}
