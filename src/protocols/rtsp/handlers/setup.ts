import { errorText, UserError } from "../../../base/errors.ts";
import { pathAccess, requireUrl, withPathErrors } from "../access.ts";
import type { RtspConn } from "../conn.ts";
import { findFreePair, isPairTaken } from "../engine/channels.ts";
import { chooseTransport, type ChosenTransport } from "../engine/transport_choice.ts";
import type { MediaSetup, MediaSrtp } from "../media_setup.ts";
import { Reading } from "../reading.ts";
import { type Reply, RequestError } from "../reply.ts";
import type { RtspSession } from "../session.ts";
import { createKeyedSender, keyMgmtHeader, mediaSrtp } from "../srtp_keys.ts";
import { requestTarget } from "../wire/control.ts";
import type { RtspRequest } from "../wire/request.ts";
import { parseTransports, serializeTransport, type Transport } from "../wire/transport.ts";
import type { RtspUrl } from "../wire/url.ts";

/** RFC 2326 §10.4: the transport of one media section. */
export async function setup(conn: RtspConn, session: RtspSession, request: RtspRequest): Promise<Reply> {
  const chosen = choose(conn, session, request);
  if (chosen === null) return { status: 461 };
  if (
    session.delivery !== null && (session.delivery !== chosen.delivery || session.profile !== chosen.profile)
  ) {
    throw new RequestError(400, "all media sections of a session must use the same transport");
  }
  const url = requireUrl(request);
  const reply = session.publishing === null
    ? await withPathErrors(conn, session.logger, () => setupReader(conn, session, request, url, chosen))
    : await withPathErrors(conn, session.logger, () => setupPublisher(conn, session, request, url, chosen));
  if (reply.status === 200) {
    session.delivery = chosen.delivery;
    session.profile = chosen.profile;
  }
  return reply;
}

function choose(conn: RtspConn, session: RtspSession, request: RtspRequest): ChosenTransport | null {
  const offers = request.headers.all("Transport").flatMap(parseTransports);
  const { secure, udp, multicast, conf } = conn.context;
  const publishes = session.publishing !== null;
  const mode = publishes ? "record" : "play";
  const wrong = offers.find((offer) => offer.mode !== undefined && offer.mode !== mode);
  if (wrong !== undefined) {
    throw new RequestError(400, `transport mode '${wrong.mode}' where '${mode}' is expected`);
  }
  return chooseTransport(offers, {
    secure,
    tunnelled: conn.tunnel !== "none",
    udp: udp !== null,
    multicast: multicast !== null && !publishes,
    tcp: conf.rtspTransports.includes("tcp"),
  });
}

async function setupReader(
  conn: RtspConn,
  session: RtspSession,
  request: RtspRequest,
  url: RtspUrl,
  chosen: ChosenTransport,
): Promise<Reply> {
  const target = requestTarget(url);
  if (session.state === "initial") {
    const access = pathAccess(conn, request, target, session.id);
    const seat = await conn.context.pathManager.addReader(access, session);
    if (session.closed || conn.signal.aborted) {
      seat.leave();
      throw new RequestError(400, "session is closed");
    }
    session.reading = new Reading(conn.context, seat, conn.context.streams.of(conn.context, seat.stream));
    session.state = "prePlay";
    session.pathName = target.path;
    session.query = target.query;
    session.user = access.credentials.user;
    session.userAgent = access.userAgent;
  } else if (target.path !== session.pathName) {
    throw new RequestError(400, "all media sections of a session must belong to the same path");
  }
  const reading = session.reading!;
  const mediaIndex = target.track ?? onlyMedia(reading);
  const tracks = reading.tracks(mediaIndex);
  if (tracks.length === 0) throw new RequestError(404, `track ${mediaIndex} does not exist`);
  requireNew(session, mediaIndex);
  const { keys, fanout } = reading.state;
  const ours = chosen.profile === "SAVP" ? keys![mediaIndex] : null;
  const srtp = ours && mediaSrtp(conn.context, request, ours.sender, true);
  const media = await reserve(conn, session, chosen, mediaIndex, srtp, reading);
  session.setups = [...session.setups, media];
  const senders = tracks.map((track) => fanout.senders[track.id]);
  // The header has room for one SSRC only.
  const ssrc = senders.length === 1 ? senders[0].ssrc : undefined;
  return transportReply(conn, media, chosen, ssrc, ours && keyMgmtHeader(request.url, ours, senders));
}

async function setupPublisher(
  conn: RtspConn,
  session: RtspSession,
  request: RtspRequest,
  url: RtspUrl,
  chosen: ChosenTransport,
): Promise<Reply> {
  const mediaIndex = session.publishing!.findMedia(url);
  if (mediaIndex === null) {
    throw new RequestError(404, "no announced media section has this control attribute");
  }
  requireNew(session, mediaIndex);
  const ours = chosen.profile === "SAVP" ? createKeyedSender(conn.context.srtpCrypto) : null;
  const srtp = ours && mediaSrtp(conn.context, request, ours.sender, false);
  const media = await reserve(conn, session, chosen, mediaIndex, srtp, null);
  session.setups = [...session.setups, media];
  return transportReply(conn, media, chosen, undefined, ours && keyMgmtHeader(request.url, ours, []));
}

/** A SETUP of the stream itself means its only section (players that do not look for control attributes). */
function onlyMedia(reading: Reading): number {
  const indexes = new Set(reading.seat.stream.tracks.map((track) => track.mediaIndex));
  if (indexes.size > 1) throw new RequestError(400, "the URL does not say which track to set up");
  return 0;
}

function requireNew(session: RtspSession, mediaIndex: number): void {
  if (session.setups.some((setup) => setup.mediaIndex === mediaIndex)) {
    throw new RequestError(400, `track ${mediaIndex} has already been set up`);
  }
}

/** Channels, ports or a multicast group for one media section. What fails half-way is given back. */
async function reserve(
  conn: RtspConn,
  session: RtspSession,
  chosen: ChosenTransport,
  mediaIndex: number,
  srtp: MediaSrtp | null,
  reading: Reading | null,
): Promise<MediaSetup> {
  try {
    const media = await reserveTransport(conn, session, chosen, mediaIndex, srtp, reading);
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
    srtp?.close();
    throw error;
  }
}

async function reserveTransport(
  conn: RtspConn,
  session: RtspSession,
  chosen: ChosenTransport,
  mediaIndex: number,
  srtp: MediaSrtp | null,
  reading: Reading | null,
): Promise<MediaSetup> {
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
      return reserveUdp(conn, session, chosen.offer, mediaIndex, srtp);
    case "multicast": {
      const multicast = reading!.state.multicast!;
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

function reserveUdp(
  conn: RtspConn,
  session: RtspSession,
  offer: Transport,
  mediaIndex: number,
  srtp: MediaSrtp | null,
): MediaSetup {
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

function transportReply(
  conn: RtspConn,
  media: MediaSetup,
  chosen: ChosenTransport,
  ssrc: number | undefined,
  keyMgmt: string | null,
): Reply {
  const common = { profile: chosen.profile, ssrc };
  const headers: [string, string][] = [[
    "Transport",
    serializeTransport({ ...common, ...describe(conn, media) }),
  ]];
  if (keyMgmt !== null) headers.push(["KeyMgmt", keyMgmt]);
  return { status: 200, headers };
}

function describe(conn: RtspConn, media: MediaSetup): Omit<Transport, "profile" | "ssrc"> {
  switch (media.delivery) {
    case "tcp":
      return { protocol: "TCP", delivery: "unicast", interleaved: [media.channel, media.channel + 1] };
    case "udp": {
      const { rtp, rtcp } = conn.context.udp!.pair;
      return {
        protocol: "UDP",
        delivery: "unicast",
        clientPort: [media.rtp.port, media.rtcp.port],
        serverPort: [rtp.address.port, rtcp.address.port],
      };
    }
    case "multicast": {
      const { rtp, rtcp } = media.group;
      return {
        protocol: "UDP",
        delivery: "multicast",
        destination: rtp.ip,
        port: [rtp.port, rtcp.port],
        ttl: 127,
      };
    }
  }
}
