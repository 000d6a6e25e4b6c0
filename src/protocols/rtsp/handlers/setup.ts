import { pathAccess, requireUrl, withPathErrors } from "../access.ts";
import type { RtspConn } from "../conn.ts";
import { chooseTransport, type ChosenTransport } from "../engine/transport_choice.ts";
import type { MediaSetup } from "../media_setup.ts";
import { Reading } from "../reading.ts";
import { type Reply, RequestError } from "../reply.ts";
import { reserve } from "../reservation.ts";
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
  const asked: AskedSetup = { conn, session, request, url: requireUrl(request), chosen };
  const reply = session.publishing === null
    ? await withPathErrors(conn, session.logger, () => setupReader(asked))
    : await withPathErrors(conn, session.logger, () => setupPublisher(asked));
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

/** A SETUP whose transport is chosen. */
interface AskedSetup {
  readonly conn: RtspConn;
  readonly session: RtspSession;
  readonly request: RtspRequest;
  readonly url: RtspUrl;
  readonly chosen: ChosenTransport;
}

async function setupReader({ conn, session, request, url, chosen }: AskedSetup): Promise<Reply> {
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
    session.user = conn.context.pathManager.grantOf(access).user;
    session.userAgent = access.userAgent;
  } else if (target.path !== session.pathName) {
    throw new RequestError(400, "all media sections of a session must belong to the same path");
  }
  const reading = session.reading!;
  const mediaIndex = target.track ?? onlyMedia(reading);
  const tracks = reading.tracks(mediaIndex);
  if (tracks.length === 0) throw new RequestError(404, `track ${mediaIndex} does not exist`);
  const { keys, fanout } = reading.state;
  const ours = chosen.profile === "SAVP" ? keys![mediaIndex] : null;
  const srtp = ours && mediaSrtp(conn.context, request, ours.sender, true);
  const media = await reserve({ conn, session, chosen, mediaIndex, srtp });
  session.setups = [...session.setups, media];
  const senders = tracks.map((track) => fanout.senders[track.id]);
  // The header has room for one SSRC only.
  const ssrc = senders.length === 1 ? senders[0].ssrc : undefined;
  return transportReply(conn, media, chosen, ssrc, ours && keyMgmtHeader(request.url, ours, senders));
}

async function setupPublisher({ conn, session, request, url, chosen }: AskedSetup): Promise<Reply> {
  const mediaIndex = session.publishing!.findMedia(url);
  if (mediaIndex === null) {
    throw new RequestError(404, "no announced media section has this control attribute");
  }
  const ours = chosen.profile === "SAVP" ? createKeyedSender(conn.context.srtpCrypto) : null;
  const srtp = ours && mediaSrtp(conn.context, request, ours.sender, false);
  const media = await reserve({ conn, session, chosen, mediaIndex, srtp });
  session.setups = [...session.setups, media];
  return transportReply(conn, media, chosen, undefined, ours && keyMgmtHeader(request.url, ours, []));
}

/** A SETUP of the stream itself means its only section (players that do not look for control attributes). */
function onlyMedia(reading: Reading): number {
  const indexes = new Set(reading.seat.stream.tracks.map((track) => track.mediaIndex));
  if (indexes.size > 1) throw new RequestError(400, "the URL does not say which track to set up");
  return 0;
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
