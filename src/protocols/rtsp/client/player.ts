/**
 * One connection to a server that we play from: OPTIONS, DESCRIBE, SETUP, PLAY, then media until something ends it.
 *
 * Who closes whom: `play` closes everything it has opened before it settles: sockets, then the connection.
 */
import { CredentialsError, ParseError, UserError } from "../../../base/errors.ts";
import { Scope } from "../../../base/scope.ts";
import type { Pull } from "../../../paths/mod.ts";
import { type DescribedMedia, mediasFromSdp, sessionControl } from "../../../sdp/medias.ts";
import { parseSdp } from "../../../sdp/parse.ts";
import { mpegtsFormat, RtpReception } from "../../../stream/rtp_reception.ts";
import { baseUrl, controlUrl } from "../wire/control.ts";
import { reasonText, type RtspResponse } from "../wire/response.ts";
import { parseSession } from "../wire/session.ts";
import { parseTransport, serializeTransport, type Transport } from "../wire/transport.ts";
import { parseRtspUrl, type RtspUrl } from "../wire/url.ts";
import type { Authorizer } from "./authorizer.ts";
import { ClientConn } from "./conn.ts";
import {
  type ChannelMap,
  type DatagramSettings,
  type Delivery,
  type DeliveryKind,
  type DeliveryTarget,
  InterleavedDelivery,
  MulticastDelivery,
  UdpDelivery,
} from "./delivery.ts";
import { dialRtsp } from "./dial.ts";
import { positionHeaders } from "./position.ts";

/** How playing has ended, when that is no failure. */
export type Outcome =
  /** The server is elsewhere. */
  | { readonly kind: "redirect"; readonly url: RtspUrl }
  /** TCP has to be tried. */
  | { readonly kind: "tcp"; readonly reason: string }
  | { readonly kind: "ended" };

const reportPeriodMs = 10_000;
const defaultKeepAliveMs = 30_000;
const keepAliveMarginMs = 5000;
const minKeepAliveMs = 1000;
/** So long do we wait for the first UDP packet before TCP is tried. */
export const udpPatienceMs = 3000;
/** How long the goodbye may take to leave. */
const lastWordsMs = 500;
const unsupportedTransport = 461;

export interface PlayerOptions {
  readonly pull: Pull;
  readonly url: RtspUrl;
  readonly authorizer: Authorizer;
  readonly kind: DeliveryKind;
  /** TCP may be tried when this does not work. */
  readonly mayFallBack: boolean;
}

export class Player {
  readonly #options: PlayerOptions;
  readonly #channels: ChannelMap = new Map();
  readonly #deliveries: Delivery[] = [];
  readonly #done = Promise.withResolvers<Outcome>();
  /** What is played; of the description, once it is there. */
  #base: RtspUrl;
  #medias: readonly DescribedMedia[] = [];
  #reception: RtpReception | null = null;
  #keepAliveMs = defaultKeepAliveMs;
  #keepAliveMethod = "OPTIONS";
  /** What comes while we take our leave is for nobody. */
  #leaving = false;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#base = options.url;
    // Whoever waits for it may come later.
    this.#done.promise.catch(() => {});
  }

  /** Rejects with UserError, ParseError or an error of the system. */
  async play(): Promise<Outcome> {
    const { pull, url, authorizer } = this.#options;
    const timeoutMs = pull.conf.readTimeout;
    const { signal, logger, pathConf } = pull;
    const stream = await dialRtsp({ url, fingerprint: pathConf.sourceFingerprint, timeoutMs, signal });
    const handler = {
      frame: (channel: number, payload: Uint8Array, now: number) => this.#frame(channel, payload, now),
      flush: (now: number) => this.#flush(now),
    };
    const conn = new ClientConn(stream, logger, authorizer, handler, timeoutMs);
    const stop = () => this.#done.resolve({ kind: "ended" });
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const reading = conn.run().then(
      () => this.#done.resolve({ kind: "ended" }),
      (error) => this.#done.reject(error),
    );
    const begin = this.#begin(conn);
    try {
      const begun = await Promise.race([begin, this.#done.promise]);
      return begun ?? await this.#stay(conn);
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#leave(conn, begin);
      await reading;
    }
  }

  async #leave(conn: ClientConn, begin: Promise<unknown>): Promise<void> {
    this.#leaving = true;
    this.#reception?.close(Date.now());
    if (conn.session !== null) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, lastWordsMs));
      await Promise.race([conn.tell({ method: "TEARDOWN", url: this.#base }), late]);
      clearTimeout(timer);
    }
    conn.close();
    // It may be about to open another socket.
    await begin.catch(() => {});
    await Promise.all(this.#deliveries.map((delivery) => delivery.close()));
  }

  /** Null when media flows. */
  async #begin(conn: ClientConn): Promise<Outcome | null> {
    const { url, pull } = this.#options;
    const options = await conn.request({ method: "OPTIONS", url });
    // Some servers do not know the method, or not without a session.
    if (options.status === 401) throw badStatus(options);
    const methods = (options.headers.get("Public") ?? "").toUpperCase().split(/[\s,]+/);
    if (methods.includes("GET_PARAMETER")) this.#keepAliveMethod = "GET_PARAMETER";
    const description = await conn.request({
      method: "DESCRIBE",
      url,
      headers: [["Accept", "application/sdp"]],
    });
    const location = description.headers.get("Location");
    if (description.status >= 300 && description.status < 400 && location !== undefined) {
      return { kind: "redirect", url: redirected(url, location) };
    }
    requireOk(description);
    // Each request has its own time limit; what is missing is media, which nobody can expect yet.
    pull.received();
    const base = this.#base = this.#describe(description);
    const needsTcp = this.#needsTcp();
    if (needsTcp !== null) return needsTcp;
    for (const [index, media] of this.#medias.entries()) {
      const refused = await this.#setup(conn, base, media, index);
      if (refused !== null) return refused;
      pull.received();
    }
    for (const delivery of this.#deliveries) delivery.openFirewall();
    const headers = positionHeaders(pull.pathConf);
    requireOk(await conn.request({ method: "PLAY", url: base, headers }));
    pull.received();
    return null;
  }

  /** The URL that everything is relative to. */
  #describe(response: RtspResponse): RtspUrl {
    const sdp = parseSdp(new TextDecoder().decode(response.body));
    this.#medias = mediasFromSdp(sdp).filter((media) => !media.isBackChannel);
    const { url } = this.#options;
    if (url.scheme === "rtsp" && this.#medias.some(({ profile }) => profile === "SAVP")) {
      throw new UserError("the server encrypts the media (RTP/SAVP): use rtsps");
    }
    const given: Parameters<typeof baseUrl>[1] = {
      sessionControl: sessionControl(sdp),
      contentBase: response.headers.get("Content-Base"),
      contentLocation: response.headers.get("Content-Location"),
    };
    return baseUrl(url, given);
  }

  /** Packets of H.264 in mode 0 are as large as slices are. */
  #needsTcp(): Outcome | null {
    const { kind, mayFallBack } = this.#options;
    const large = this.#medias.some(({ formats }) =>
      formats.some(({ codec }) => codec.name === "H264" && codec.packetizationMode === 0)
    );
    if (!large || kind === "tcp" || !mayFallBack) return null;
    return { kind: "tcp", reason: "switching to TCP because of H264 packetization-mode 0" };
  }

  async #setup(
    conn: ClientConn,
    base: RtspUrl,
    media: DescribedMedia,
    index: number,
  ): Promise<Outcome | null> {
    const delivery = await this.#open(conn, index);
    this.#deliveries.push(delivery);
    const response = await conn.request({
      method: "SETUP",
      url: controlUrl(base, media.control ?? ""),
      headers: [["Transport", serializeTransport(delivery.offer)]],
    });
    const { kind, mayFallBack } = this.#options;
    const switched: Outcome = { kind: "tcp", reason: "switching to TCP because server requested it" };
    if (response.status === unsupportedTransport && kind !== "tcp" && mayFallBack) return switched;
    requireOk(response);
    const session = response.headers.get("Session");
    if (session !== undefined) this.#joined(conn, session);
    const answer = transportOf(response);
    if (answer.protocol === "TCP" && kind !== "tcp") {
      if (mayFallBack) return switched;
      throw new UserError("the server sends the media over TCP only");
    }
    await delivery.accept(answer);
    return null;
  }

  #joined(conn: ClientConn, header: string): void {
    const { id, timeout } = parseSession(header);
    conn.session = id;
    if (timeout === undefined || timeout === 0) return;
    this.#keepAliveMs = Math.max(
      minKeepAliveMs,
      Math.min(defaultKeepAliveMs, timeout * 1000 - keepAliveMarginMs),
    );
  }

  #open(conn: ClientConn, index: number): Promise<Delivery> | Delivery {
    const { pull, kind } = this.#options;
    const target: DeliveryTarget = {
      rtp: (packet, now) => this.#rtp(index, packet, now),
      rtcp: (packet, now) => this.#rtcp(index, packet, now),
      flush: (now) => this.#flush(now),
    };
    if (kind === "tcp") return new InterleavedDelivery(conn, this.#channels, target, index * 2);
    const { conf, pathConf } = pull;
    const settings: DatagramSettings = {
      readBufferSize: pathConf.rtspUDPReadBufferSize ?? conf.udpReadBufferSize,
      fastPath: conf.udpFastPath,
      portRange: pathConf.rtspUDPSourcePortRange,
      anyPort: pathConf.rtspAnyPort,
      onError: (error) => this.#done.reject(error),
    };
    if (kind === "multicast") return new MulticastDelivery(conn, target, settings);
    return UdpDelivery.open(conn, target, settings);
  }

  #frame(channel: number, payload: Uint8Array, now: number): void {
    const found = this.#channels.get(channel);
    if (found === undefined) return;
    if (found.isRtcp) found.target.rtcp(payload, now);
    else found.target.rtp(payload, now);
  }

  /** The stream begins with the first packet: a server that has nothing to say shall not be waited for by readers. */
  #rtp(index: number, packet: Uint8Array, now: number): void {
    if (this.#leaving) return;
    this.#options.pull.received();
    this.#reception ??= this.#attach();
    this.#reception.receiveRtp(index, packet, now);
  }

  /** Of media that comes when there is something to tell (ONVIF metadata), reports are the only regular sign of life. */
  #rtcp(index: number, packet: Uint8Array, now: number): void {
    if (this.#leaving) return;
    if (this.#medias.every(({ kind }) => kind === "application")) {
      this.#options.pull.received();
      this.#reception ??= this.#attach();
    }
    this.#reception?.receiveRtcp(index, packet, now);
  }

  #flush(now: number): void {
    if (!this.#leaving) this.#reception?.flush(now);
  }

  #attach(): RtpReception {
    const { pull, kind } = this.#options;
    const { logger, pathConf: { useAbsoluteTimestamp, rtspDemuxMpegts } } = pull;
    const options = { logger, reorder: kind !== "tcp" };
    const demuxed = rtspDemuxMpegts ? mpegtsFormat(this.#medias) : null;
    if (demuxed === null) {
      const { stream } = pull.attach(this.#medias);
      return RtpReception.intoStream(stream, { ...options, useAbsoluteTimestamp });
    }
    logger.info("MPEG-TS demux mode enabled, starting demuxer...");
    return RtpReception.intoDemuxer(demuxed, {
      ...options,
      open: (medias) => new Promise((resolve) => resolve(pull.attach(medias).stream)),
      onFailure: (error) => this.#done.reject(error),
    });
  }

  /** Until the server, the path or silence ends it. */
  async #stay(conn: ClientConn): Promise<Outcome> {
    const { kind, mayFallBack } = this.#options;
    await using scope = new Scope();
    scope.every(reportPeriodMs, () => this.#report());
    let asking = false;
    scope.every(this.#keepAliveMs, () => {
      if (asking) return;
      asking = true;
      const request = { method: this.#keepAliveMethod, url: this.#base };
      // Whether and what the server answers does not matter: some cameras never do. It lives as long as media comes.
      const done = () => asking = false;
      conn.request(request).then(done, done);
    });
    if (kind !== "tcp" && mayFallBack) {
      scope.after(udpPatienceMs, () => {
        if (this.#reception !== null) return;
        this.#done.resolve({ kind: "tcp", reason: "no UDP packets received, switching to TCP" });
      });
    }
    return await this.#done.promise;
  }

  #report(): void {
    const now = Date.now();
    this.#deliveries.forEach((delivery, index) => {
      for (const report of this.#reception?.reports(index, now) ?? []) delivery.sendReport(report);
    });
  }
}

function requireOk(response: RtspResponse): void {
  if (response.status !== 200) throw badStatus(response);
}

function badStatus({ status, reason }: RtspResponse): UserError {
  const text = `bad status code: ${status} (${(reason || reasonText(status)).slice(0, 200)})`;
  return status === 401 ? new CredentialsError(text) : new UserError(text);
}

function transportOf(response: RtspResponse): Transport {
  const header = response.headers.get("Transport");
  if (header === undefined) throw new UserError("the answer to SETUP has no Transport header");
  return parseTransport(header);
}

/** A location without a host is on the same server. The tunnel stays; credentials are not taken from there. */
function redirected(from: RtspUrl, location: string): RtspUrl {
  if (location.startsWith("/")) {
    const { path, query } = parseRtspUrl(`rtsp://x${location}`);
    return { ...from, path, query };
  }
  try {
    const { user: _user, password: _password, ...url } = parseRtspUrl(location);
    return from.tunnel === undefined ? url : { ...url, tunnel: from.tunnel };
  } catch (error) {
    if (error instanceof ParseError) {
      throw new UserError(`the server redirects to what is no RTSP URL: ${error.message}`);
    }
    throw error;
  }
}
