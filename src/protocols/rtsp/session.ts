/**
 * One RTSP session: from its first SETUP or ANNOUNCE to TEARDOWN.
 *
 * Who closes whom: the session ends when its path says so (stream over, publisher replaced), when it times out, when
 * the client tears it down, or when its last connection is gone (a session over UDP that plays outlives its
 * connections). Ending, it leaves its path, its UDP ports and multicast groups, then closes its connections.
 */
import type { Logger } from "../../base/logger.ts";
import { RateLimitedReport } from "../../base/rate_limited.ts";
import { addressText } from "../../net/address.ts";
import type { Publisher, Reader } from "../../paths/mod.ts";
import type { RtspConn } from "./conn.ts";
import { idleTimeoutMs, type RtspContext } from "./context.ts";
import type { Delivery } from "./engine/transport_choice.ts";
import type { SessionState } from "./engine/session_state.ts";
import type { MediaSetup } from "./media_setup.ts";
import type { Publishing } from "./publishing.ts";
import type { Reading } from "./reading.ts";

export class RtspSession implements Reader, Publisher {
  readonly id: string = crypto.randomUUID();
  /** What the Session header carries: who knows it may control the session. */
  readonly secret: string = crypto.randomUUID().replaceAll("-", "");
  readonly created: number = Date.now();
  readonly type: "rtspSession" | "rtspsSession";
  readonly logger: Logger;
  readonly conns = new Set<RtspConn>();

  state: SessionState = "initial";
  pathName = "";
  query = "";
  user = "";
  userAgent = "";
  delivery: Delivery | null = null;
  profile: "AVP" | "SAVP" | null = null;
  setups: MediaSetup[] = [];
  /** From the first SETUP of a reader. */
  reading: Reading | null = null;
  /** From the ANNOUNCE of a publisher. */
  publishing: Publishing | null = null;

  /** RTP and RTCP packets. */
  inboundBytes = 0;

  /** The connection that carries the media, when it is interleaved and flows. */
  carrier: RtspConn | null = null;

  #closed = false;
  #lastRequest = Date.now();
  readonly #discarded: RateLimitedReport;

  constructor(private readonly context: RtspContext, author: RtspConn) {
    this.type = context.secure ? "rtspsSession" : "rtspSession";
    this.logger = context.logger.child(`[session ${this.id.slice(0, 8)}]`);
    this.ip = author.remote.ip;
    this.remote = addressText(author.remote);
    this.#discarded = new RateLimitedReport(
      this.logger,
      (count) => `reader is too slow, discarding ${count} ${count === 1 ? "frame" : "frames"}`,
    );
    context.sessions.set(this.secret, this);
    this.logger.info(`created by ${this.remote}`);
  }

  /** Only this address may use the session. */
  readonly ip: string;
  readonly remote: string;

  get closed(): boolean {
    return this.#closed;
  }

  /** A request came on this connection. */
  use(conn: RtspConn): void {
    this.conns.add(conn);
    this.#lastRequest = Date.now();
  }

  /** The connection is gone, or has given up the session. */
  release(conn: RtspConn): void {
    if (!this.conns.delete(conn)) return;
    if (this.carrier === conn) return this.close("the connection that carried the media is gone");
    const outlives = (this.state === "play" || this.state === "record") && this.delivery !== "tcp";
    if (this.conns.size === 0 && !outlives) this.close("not in use");
  }

  /** An interleaved frame. Channels that nobody asked for are passed over. */
  receiveFrame(channel: number, payload: Uint8Array, now: number): void {
    for (const setup of this.setups) {
      if (setup.delivery !== "tcp") continue;
      if (setup.channel === channel) return this.receiveRtp(setup, payload, now);
      if (setup.channel + 1 === channel) return this.receiveRtcp(setup, payload, now);
    }
  }

  /** From readers nothing but RTCP is expected: RTP (holes punched into firewalls) is let pass. */
  receiveRtp(setup: MediaSetup, packet: Uint8Array, now: number): void {
    this.inboundBytes += packet.length;
    if (this.state === "record") this.publishing!.receiveRtp(setup, packet, now);
  }

  receiveRtcp(setup: MediaSetup, packet: Uint8Array, now: number): void {
    this.inboundBytes += packet.length;
    if (this.state === "record") this.publishing!.receiveRtcp(setup, packet, now);
    else if (this.state === "play") this.reading!.receiveRtcp(setup, packet, now);
  }

  /** Everything of one read has been handed over. */
  flush(now: number): void {
    this.publishing?.flush(now);
  }

  /** Media for this reader was thrown away. */
  reportDiscarded(units: number): void {
    this.#discarded.report(Date.now(), "", units);
  }

  /** Called about once a second. */
  check(now: number): void {
    const { readTimeout } = this.context.conf;
    if (this.state === "record") {
      if (now - this.publishing!.lastPacketAt >= readTimeout) return this.close("session timed out");
      this.publishing!.sendReports(now);
    } else if (this.state === "play" && this.delivery !== "tcp") {
      const alive = Math.max(this.#lastRequest, this.reading!.lastPacketAt);
      if (now - alive >= idleTimeoutMs) this.close("session timed out");
    }
  }

  /** The clock was set: what was measured with it before counts no more. */
  renew(now: number): void {
    this.#lastRequest = now;
    if (this.publishing !== null) this.publishing.lastPacketAt = now;
    if (this.reading !== null) this.reading.lastPacketAt = now;
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.context.sessions.delete(this.secret);
    this.reading?.leave();
    this.publishing?.leave();
    for (const setup of this.setups) {
      setup.release();
      setup.srtp?.close();
    }
    for (const conn of [...this.conns]) conn.close(reason);
    this.conns.clear();
    this.logger.info(`destroyed: ${reason}`);
  }
}
