import { errorText, UserError } from "../../base/errors.ts";
import type { RtspConn } from "./conn.ts";
import { findFreePair, isPairTaken } from "./engine/channels.ts";
import type { ChosenTransport } from "./engine/transport_choice.ts";
import type { MediaSetup, MediaSrtp } from "./media_setup.ts";
import { RequestError } from "./reply.ts";
import type { RtspSession } from "./session.ts";
import type { Transport } from "./wire/transport.ts";

/** One media section that a SETUP asks for. */
export interface WantedMedia {
  readonly conn: RtspConn;
  readonly session: RtspSession;
  readonly chosen: ChosenTransport;
  readonly mediaIndex: number;
  /** Null without encryption. Closed when the reservation fails. */
  readonly srtp: MediaSrtp | null;
}

/** Channels, ports or a multicast group for one media section. What fails half-way is given back. */
export async function reserve(wanted: WantedMedia): Promise<MediaSetup> {
  const { session, mediaIndex } = wanted;
  try {
    requireNew(session, mediaIndex);
    const media = await reserveTransport(wanted);
    try {
      // Another connection may have used the session, or the path closed it, while a group was opened.
      if (session.closed) throw new RequestError(400, "session is closed");
      requireNew(session, mediaIndex);
    } catch (error) {
      media.release();
      throw error;
    }
    return media;
  } catch (error) {
    wanted.srtp?.close();
    throw error;
  }
}

function requireNew(session: RtspSession, mediaIndex: number): void {
  if (session.setups.some((setup) => setup.mediaIndex === mediaIndex)) {
    throw new RequestError(400, `track ${mediaIndex} has already been set up`);
  }
}

async function reserveTransport(wanted: WantedMedia): Promise<MediaSetup> {
  const { session, chosen, mediaIndex, srtp } = wanted;
  switch (chosen.delivery) {
    case "tcp":
      return {
        mediaIndex,
        srtp,
        delivery: "tcp",
        channel: chooseChannel(session, chosen.offer),
        release: () => {},
      };
    case "udp":
      return reserveUdp(wanted);
    case "multicast": {
      const multicast = session.reading!.state.multicast!;
      const group = await multicast.use(mediaIndex).catch((error) => {
        multicast.release(mediaIndex);
        throw error;
      });
      return { mediaIndex, srtp, delivery: "multicast", group, release: () => multicast.release(mediaIndex) };
    }
  }
}

function chooseChannel(session: RtspSession, offer: Transport): number {
  const taken = session.setups.flatMap((setup) => setup.delivery === "tcp" ? [setup.channel] : []);
  if (offer.interleaved === undefined) {
    const free = findFreePair(taken);
    if (free === null) throw new RequestError(400, "all interleaved channels are in use");
    return free;
  }
  const [rtp, rtcp] = offer.interleaved;
  if (rtcp !== rtp + 1) {
    throw new RequestError(400, `interleaved channels ${rtp} and ${rtcp} are not consecutive`);
  }
  if (isPairTaken(rtp, taken)) throw new RequestError(400, `interleaved channels ${rtp}-${rtcp} are in use`);
  return rtp;
}

function reserveUdp({ conn, session, chosen: { offer }, mediaIndex, srtp }: WantedMedia): MediaSetup {
  if (offer.clientPort === undefined) throw new RequestError(400, "the Transport header has no client_port");
  const { rtpClients, rtcpClients } = conn.context.udp!;
  const { ip } = conn.remote;
  const [rtpPort, rtcpPort] = offer.clientPort;
  const flush = (now: number) => guarded(session, () => session.flush(now));
  const leaveRtp = rtpClients.add(ip, rtpPort, {
    receive: (packet, now) => guarded(session, () => session.receiveRtp(media, packet, now)),
    flush,
  });
  let leaveRtcp: () => void;
  try {
    leaveRtcp = rtcpClients.add(ip, rtcpPort, {
      receive: (packet, now) => guarded(session, () => session.receiveRtcp(media, packet, now)),
      flush,
    });
  } catch (error) {
    leaveRtp();
    throw error instanceof UserError ? new RequestError(400, error.message) : error;
  }
  const media: MediaSetup = {
    mediaIndex,
    srtp,
    delivery: "udp",
    rtp: { ip, port: rtpPort },
    rtcp: { ip, port: rtcpPort },
    release: () => {
      leaveRtp();
      leaveRtcp();
    },
  };
  return media;
}

/** The socket is shared: what goes wrong for one client ends its session and nothing else. */
function guarded(session: RtspSession, action: () => void): void {
  if (session.closed) return;
  try {
    action();
  } catch (error) {
    session.logger.error(`unexpected: ${error instanceof Error ? error.stack : error}`);
    session.close(errorText(error));
  }
}
