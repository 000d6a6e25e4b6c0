/**
 * One client: from its request to the end of its connection.
 *
 * Who closes whom: a connection ends when it is refused, when the peer shuts it down or is silent for too long, or when its
 * path or its server closes it. Ending, it leaves its path and tells its peer.
 */
import { pause } from "../../base/scope.ts";
import { errorText, ParseError, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { RateLimitedReport } from "../../base/rate_limited.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import { AuthError, type PathAccess, type Publisher, type Reader } from "../../paths/mod.ts";
import type { SrtContext } from "./context.ts";
import { Connection, type ConnectionSettings } from "./engine/connection.ts";
import {
  acceptRequest,
  type ConnectionRequest,
  rejectRequest,
  restamp,
  type Unlocked,
  unlockRequest,
} from "./engine/listener.ts";
import { tracksText } from "../../stream/track.ts";
import { Publishing } from "./publishing.ts";
import { readerPayloadSize, Reading } from "./reading.ts";
import { noStats, type SrtStats, StatsReader } from "./stats.ts";
import { steadyNow, type Wakeable } from "./wakes.ts";
import { Rejection } from "./wire/handshake.ts";
import { parseStreamId, type StreamRequest } from "./wire/stream_id.ts";

/** Milliseconds; libsrt's default. Clients may ask for more. */
const leastLatency = 120;
/** A client that waits for its answer repeats its request four times a second; without, it has gone. */
const requestSilenceMs = 5000;

const passphraseTexts: Readonly<Record<number, string>> = {
  [Rejection.unsecure]: "passphrase not provided by client",
  [Rejection.badSecret]: "invalid passphrase",
};

/** What API and metrics show of a client; times in milliseconds since 1970. */
export interface SrtConnSnapshot extends SrtStats {
  readonly id: string;
  readonly created: number;
  readonly remoteAddr: string;
  readonly state: "idle" | "publish" | "read";
  readonly path: string;
  readonly query: string;
  readonly user: string;
}

/** One client: an entry of the list that the API shows. */
export class SrtConn implements Reader, Publisher, Wakeable {
  readonly id: string = crypto.randomUUID();
  readonly type = "srtConn";
  readonly created: number = Date.now();
  readonly logger: Logger;
  readonly socketId: number;
  state: "idle" | "publish" | "read" = "idle";
  pathName = "";
  query = "";
  user = "";
  readonly #abort = new AbortController();
  readonly #warnings: RateLimitedReport;
  readonly #discarded: RateLimitedReport;
  readonly #stats = new StatsReader();
  #connection: Connection | null = null;
  #answer: Uint8Array | null = null;
  #refusal: Uint8Array | null = null;
  #publishing: Publishing | null = null;
  #reading: Reading | null = null;
  #requestedAt = performance.now();
  #mediaAt = performance.now();
  #countedDiscarded = 0;
  #closeReason: string | null = null;
  #ended: () => void = () => {};

  constructor(
    private readonly context: SrtContext,
    private readonly request: ConnectionRequest,
    readonly remote: NetAddress,
  ) {
    this.logger = context.logger.child(`[conn ${addressText(remote)}]`);
    this.socketId = context.createSocketId();
    this.#warnings = new RateLimitedReport(this.logger, (_count, last) => `invalid packet: ${last}`);
    this.#discarded = new RateLimitedReport(
      this.logger,
      (count) => `reader is too slow, discarding ${count} ${count === 1 ? "frame" : "frames"}`,
    );
  }

  /** Serves the client until its end. Never rejects. */
  async run(): Promise<void> {
    this.logger.info("opened");
    const gone = this.context.pathManager.connected(this);
    const ended = new Promise<void>((resolve) => this.#ended = resolve);
    try {
      await this.#decide();
    } catch (error) {
      this.#end(errorText(error));
      if (!(error instanceof ParseError || error instanceof UserError)) {
        this.logger.error(`unexpected: ${error instanceof Error ? error.stack : error}`);
      }
    }
    await ended;
    this.logger.info(`closed: ${this.#closeReason}`);
    gone();
  }

  async #decide(): Promise<void> {
    let wanted: StreamRequest;
    try {
      wanted = parseStreamId(this.request.streamId);
    } catch (error) {
      return this.#refuse(Rejection.peer, `invalid ${errorText(error)}`);
    }
    this.pathName = wanted.path;
    this.query = wanted.query;
    try {
      if (wanted.action === "publish") await this.#publish(wanted);
      else await this.#read(wanted);
    } catch (error) {
      if (!(error instanceof UserError)) {
        this.#refuse(Rejection.unknown, "internal error");
        throw error;
      }
      if (error instanceof AuthError) {
        this.logger.warn(error.message);
        await pause(error.delayMs, this.#abort.signal);
      }
      this.#refuse(Rejection.peer, error.message);
    }
  }

  #access({ path, query, user, pass }: StreamRequest): PathAccess {
    return {
      name: path,
      query,
      protocol: "srt",
      id: this.id,
      ip: this.remote.ip,
      userAgent: "",
      credentials: { user, pass, token: "" },
      signal: this.#abort.signal,
    };
  }

  async #publish(wanted: StreamRequest): Promise<void> {
    const access = this.#access(wanted);
    const { pathManager } = this.context;
    const conf = await pathManager.authorize(access, "publish");
    if (this.#closeReason !== null) return;
    this.user = pathManager.grantOf(access).user;
    const unlocked = this.#unlock(conf.srtPublishPassphrase);
    if (!unlocked.known) return;
    this.#accept(unlocked.keys);
    this.state = "publish";
    this.#mediaAt = performance.now();
    this.#publishing = new Publishing({
      pathManager,
      publisher: this,
      logger: this.logger,
      access,
      conf,
      onFailure: (error) => this.#end(errorText(error)),
    });
  }

  async #read(wanted: StreamRequest): Promise<void> {
    const access = this.#access(wanted);
    const { pathManager } = this.context;
    const conf = await pathManager.authorize(access, "read");
    if (this.#closeReason !== null) return;
    // Before anything begins for this reader, such as a source on demand.
    const unlocked = this.#unlock(conf.srtReadPassphrase);
    if (!unlocked.known) return;
    const seat = await pathManager.addReader(access, this, true);
    if (this.#closeReason !== null) return seat.leave();
    this.user = pathManager.grantOf(access).user;
    try {
      if (seat.conf.srtReadPassphrase !== conf.srtReadPassphrase) {
        throw new UserError("configuration has changed");
      }
      const reading = new Reading(seat, this.logger);
      this.#accept(unlocked.keys);
      this.#reading = reading;
    } catch (error) {
      seat.leave();
      throw error;
    }
    this.state = "read";
    this.logger.info(`is reading from path '${seat.pathName}', ${tracksText(this.#reading.tracks)}`);
    const { handshake, keyMaterial } = this.request;
    const limits = { segmentSize: handshake.segmentSize, mode: keyMaterial?.parsed.mode ?? null };
    this.#reading.play(this, readerPayloadSize(limits, this.context.conf.udpMaxPayloadSize), Date.now());
    seat.playing();
  }

  /** For the fanout. */
  send(payloads: readonly Uint8Array[]): void {
    this.#connection?.send(payloads, steadyNow());
    this.context.schedule(this);
  }

  /** Refuses who does not know the passphrase. */
  #unlock(passphrase: string): Unlocked {
    const { request, context } = this;
    if (request.keyMaterial !== null && passphrase !== "" && !context.secrets.mayTry(this.remote.ip)) {
      this.#refuse(Rejection.resource, "too many invalid passphrases from this address");
      return { known: false, code: Rejection.resource };
    }
    const unlocked = unlockRequest(request, passphrase);
    if (!unlocked.known) {
      const text = passphrase === ""
        ? "the client encrypts, but the path has no passphrase"
        : passphraseTexts[unlocked.code];
      if (unlocked.code === Rejection.badSecret) context.secrets.failed(this.remote.ip);
      this.#refuse(unlocked.code, text);
    }
    return unlocked;
  }

  #accept(keys: ConnectionSettings["keys"]): void {
    const { request, context, socketId } = this;
    const { answer, settings } = acceptRequest(request, {
      socketId,
      keys,
      latency: leastLatency,
      now: steadyNow(),
    });
    this.#answer = answer;
    this.#sendPacket(answer);
    this.#connection = new Connection(settings, context.connectionOptions(), {
      room: context.room,
      output: (bytes, sizes) => context.send({ bytes, sizes }, this.remote),
      deliver: (payload) => this.#deliver(payload),
      closed: (reason) => this.#end(reason === "shutdown" ? "EOF" : "read timed out"),
      warn: (text) => this.#warnings.report(performance.now(), text),
    });
    context.schedule(this);
  }

  #deliver(payload: Uint8Array): void {
    this.#mediaAt = performance.now();
    this.#publishing?.receive(payload, Date.now());
  }

  #refuse(code: number, reason: string): void {
    if (this.#closeReason !== null) return;
    this.#refusal = rejectRequest(this.request, code);
    this.#sendPacket(this.#refusal);
    this.#end(reason);
  }

  #sendPacket(bytes: Uint8Array): void {
    this.context.send({ bytes, sizes: [bytes.length] }, this.remote);
  }

  /** The client has sent its request again: it does not have the answer. */
  repeated(): void {
    this.#requestedAt = performance.now();
    if (this.#connection === null || this.#answer === null || this.#connection.closed) return;
    this.#sendPacket(restamp(this.#answer, this.#connection.settings, steadyNow()));
  }

  /** A packet for this socket. */
  receive(packet: Uint8Array, now: number): void {
    if (this.#connection === null) return;
    this.#connection.receive(packet, now);
    this.context.schedule(this);
  }

  get nextWake(): number {
    return this.#connection?.nextWake ?? Infinity;
  }

  tick(now: number): void {
    this.#connection?.tick(now);
  }

  /** Called about once a second, `now` in ms of a clock that nobody sets. */
  check(now: number): void {
    const connection = this.#connection;
    if (connection === null) {
      // Nobody is there any more who could take the answer.
      if (now - this.#requestedAt >= requestSilenceMs) this.#end("the client has given up");
      return;
    }
    this.#stats.sample(connection, steadyNow());
    const { unitsDiscarded } = connection.counters;
    if (unitsDiscarded > this.#countedDiscarded) {
      this.#discarded.report(now, "", unitsDiscarded - this.#countedDiscarded);
      this.#countedDiscarded = unitsDiscarded;
    }
    const silent = this.state === "publish" && now - this.#mediaAt >= this.context.conf.readTimeout;
    if (silent) this.#end("read timed out");
  }

  /** All zero until the connection is established. */
  stats(): SrtStats {
    return this.#connection === null ? noStats : this.#stats.read(this.#connection, steadyNow());
  }

  /** What API and metrics show. */
  snapshot(): SrtConnSnapshot {
    const { id, created, state, pathName: path, query, user } = this;
    return { id, created, remoteAddr: addressText(this.remote), state, path, query, user, ...this.stats() };
  }

  /** What the client was told; null when it was not refused. */
  get refusal(): Uint8Array | null {
    return this.#refusal;
  }

  /** For the path and the server. */
  close(reason: string): void {
    if (this.#connection === null) this.#refuse(Rejection.close, reason);
    else this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    this.#abort.abort();
    this.#connection?.close(steadyNow());
    this.#reading?.leave();
    this.#publishing?.leave();
    const now = performance.now();
    this.#discarded.flush(now);
    this.#warnings.flush(now);
    this.#ended();
  }
}
