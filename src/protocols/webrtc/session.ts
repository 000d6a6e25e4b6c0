/**
 * One WebRTC session, from the offer to its end.
 *
 * Who closes whom: a session ends when its client deletes it, closes DTLS or is not heard of any more, when the path or the
 * server closes it, when it is kicked, and when it takes too long to connect. Ending, it closes its side (which leaves
 * the path), DTLS and ICE, in this order, and forgets its timers.
 */
import { errorText, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { Scope } from "../../base/scope.ts";
import type { PathConf } from "../../conf/mod.ts";
import { addressText, type NetAddress } from "../../net/address.ts";
import { AuthError, noCredentials, type PathAccess, type Publisher, type Reader } from "../../paths/mod.ts";
import { wallClock } from "./clock.ts";
import type { WebrtcContext } from "./context.ts";
import { SessionData } from "./data.ts";
import type { DtlsProvider, DtlsSession, IceSession, IceState, SrtpKeys } from "./contracts.ts";
import type { Created, Endpoint, LiveSession, SessionRequest } from "./http/contracts.ts";
import {
  type Agreement,
  type Description,
  localSetup,
  type OfferedSection,
  parseDescription,
  serializeAnswer,
  serializeFragment,
  type TrickleFragment,
} from "./negotiation/mod.ts";
import { Publishing } from "./publishing.ts";
import { Reading } from "./reading.ts";
import { noTraffic, type Side } from "./side.ts";
import type { WebrtcFailure, WebrtcSessionSnapshot } from "./stats.ts";

/** Media that comes before the handshake is over on this side: the peer may be done a moment earlier. */
const maxEarlyDatagrams = 64;
const deadlineText = "deadline exceeded while waiting connection";
const gone = "peer connection closed";

/** Who keeps sessions. */
interface SessionOwner {
  /** The session has ended. */
  onEnd(): void;
  /** There was no way to the client. */
  onFailure(failure: WebrtcFailure): void;
}

/** What is kept of the offer: the whole of it is large. */
interface Remote extends Pick<Description, "ice" | "setup" | "fingerprints"> {
  /** The section that has the transport. */
  readonly transport: Pick<OfferedSection, "kind" | "protocol" | "mid">;
  /** Null unless data channels were agreed on. */
  readonly data: Pick<OfferedSection, "sctpPort" | "maxMessageSize"> | null;
}

function remoteOf({ ice, setup, fingerprints, sections }: Description, agreement: Agreement): Remote {
  const { kind, protocol, mid } = sections.find((_, i) => agreement.sections[i].kind !== "rejected")!;
  const data = sections.find((_, i) => agreement.sections[i].kind === "data");
  return {
    ice,
    setup,
    fingerprints,
    transport: { kind, protocol, mid },
    data: data === undefined ? null : { sctpPort: data.sctpPort, maxMessageSize: data.maxMessageSize },
  };
}

function roleOf(remote: Remote): "server" | "client" {
  return localSetup(remote) === "passive" ? "server" : "client";
}

/** All sessions share one socket and one timer: a defect that one of them meets is reported, and the others go on. */
function isolate(action: () => void): void {
  try {
    action();
  } catch (error) {
    reportError(error);
  }
}

export class WebrtcSession implements Reader, Publisher, LiveSession {
  readonly type = "webRTCSession";
  readonly id: string;
  readonly created: number = Date.now();
  readonly logger: Logger;
  readonly #scope = new Scope();
  readonly #client: NetAddress;
  readonly #endpoint: Endpoint;
  #access: PathAccess;
  #told = false;
  #closeReason: string | null = null;
  #remote: Remote | null = null;
  #side: Side | null = null;
  #ice: IceSession | null = null;
  #dtls: DtlsSession | null = null;
  #provider: DtlsProvider | null = null;
  #data: SessionData | null = null;
  #established = false;
  #undoDeadline: () => void = () => {};
  #early: Uint8Array[] = [];

  constructor(
    private readonly context: WebrtcContext,
    { access, client, endpoint }: Omit<SessionRequest, "offer">,
    /** In the session's URL. */
    readonly secret: string,
    private readonly owner: SessionOwner,
  ) {
    this.id = access.id;
    this.#access = access;
    this.#client = client;
    this.#endpoint = endpoint;
    this.logger = context.logger.child(`[session ${this.id.slice(0, 8)}]`);
  }

  get etag(): string {
    return `"${this.#ice?.local.ufrag ?? ""}"`;
  }

  /** The answer to the offer, a text. What it throws has ended the session. */
  async negotiate(offer: string): Promise<Created> {
    try {
      return await this.#negotiate(offer);
    } catch (error) {
      // Who is only asked for credentials comes back with them.
      if (error instanceof AuthError && !error.challenge) {
        this.#tell();
        this.logger.warn(error.message);
      }
      this.close(errorText(error));
      throw error;
    }
  }

  async #negotiate(text: string): Promise<Created> {
    const access = this.#access;
    const { pathManager } = this.context;
    let conf: PathConf | null = null;
    if (this.#endpoint === "whip") conf = await pathManager.authorize(access, "publish");
    else {
      const described = await pathManager.describe(access);
      if (described.kind === "redirect") {
        this.close("redirected");
        return described;
      }
    }
    this.#check();
    this.#tell();
    // From here on nobody asks for them.
    const grant = pathManager.grantOf(access);
    this.#access = { ...access, grant, credentials: { ...noCredentials, user: grant.user } };
    const offer = parseDescription(text);
    this.#side = conf === null ? await this.#read(offer) : this.#publish(offer, conf);
    this.#check();
    this.#provider = await this.context.dtls();
    this.#check();
    const { agreement, sources } = this.#side;
    this.#remote = remoteOf(offer, agreement);
    const ice = this.context.createIce({
      onDtls: (datagram) => isolate(() => this.#openDtls()?.receive(datagram)),
      onMedia: (datagrams) => isolate(() => this.#receiveMedia(datagrams)),
      onState: (state) => isolate(() => this.#iceChanged(state)),
    });
    this.#ice = ice;
    const candidates = await ice.gather();
    this.#check();
    ice.start(offer.ice, offer.candidates);
    this.#undoDeadline = this.#scope.after(
      this.context.conf.webrtcHandshakeTimeout,
      () => this.#late(),
    );
    const local = {
      ice: ice.local,
      lite: ice.lite,
      fingerprint: this.#provider.fingerprint,
      setup: localSetup(offer),
      candidates,
    };
    const answer = serializeAnswer(offer, agreement, local, sources, String(this.created));
    return { kind: "session", secret: this.secret, answer, etag: this.etag };
  }

  async #read(offer: Description): Promise<Side> {
    const seat = await this.context.pathManager.addReader(this.#access, this, true);
    try {
      return new Reading(seat, offer, this.context, this.logger);
    } catch (error) {
      seat.leave();
      throw error;
    }
  }

  #publish(offer: Description, conf: PathConf): Side {
    const { context: { crypto, pathManager, conf: { webrtcTrackGatherTimeout } }, logger } = this;
    return new Publishing(offer, {
      crypto,
      logger,
      pathManager,
      publisher: this,
      access: this.#access,
      conf,
      gatherMs: webrtcTrackGatherTimeout,
    });
  }

  /** Throws when the session has ended meanwhile. */
  #check(): void {
    if (this.#closeReason === null) return;
    // `close` could not know of what was still being made.
    this.#side?.close();
    this.#ice?.close();
    throw new UserError(this.#closeReason);
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.logger.info(`created by ${addressText(this.#client)}`);
  }

  /** Made with the peer's first packet: until then it may be nobody. */
  #openDtls(): DtlsSession | null {
    const remote = this.#remote;
    if (this.#dtls !== null || remote === null || this.#provider === null) return this.#dtls;
    const dtls = this.#provider.createSession({
      role: roleOf(remote),
      remoteFingerprints: remote.fingerprints,
      send: (batch) => this.#ice?.send(batch),
      onData: (bytes) => this.#data?.receive(bytes),
      onClose: (reason) => this.close(this.#established ? gone : reason),
    });
    this.#dtls = dtls;
    dtls.connected.then(
      (keys) => this.#connected(keys),
      (error) => this.close(errorText(error)),
    );
    return dtls;
  }

  #iceChanged(state: IceState): void {
    if (state === "connected") this.#openDtls();
    else if (state === "failed") {
      if (!this.#established) this.#explain();
      this.close(gone);
    } else if (state === "closed") this.close("terminated");
  }

  #connected(keys: SrtpKeys): void {
    const side = this.#side;
    const ice = this.#ice;
    if (this.#closeReason !== null || side === null || ice === null) return;
    this.#established = true;
    this.#undoDeadline();
    const { local, remote } = this.#candidates();
    this.logger.info(
      `peer connection established, local candidate: ${local}, remote candidate: ${remote}`,
    );
    const now = wallClock();
    try {
      side.start({
        keys,
        room: (size) => ice.room(size),
        send: (batch) => ice.send(batch),
        openChannel: (label) => this.#openData().open(label),
        fail: (reason) => this.close(reason),
      }, now);
    } catch (error) {
      return this.close(errorText(error));
    }
    const early = this.#early;
    this.#early = [];
    if (early.length > 0) side.receive(early, now);
  }

  /** For sides that have agreed on data channels, once DTLS is there. */
  #openData(): SessionData {
    const remote = this.#remote!;
    return this.#data ??= new SessionData(this.#dtls!, roleOf(remote), remote.data!, this.logger);
  }

  #receiveMedia(datagrams: readonly Uint8Array[]): void {
    if (this.#established) this.#side?.receive(datagrams, wallClock());
    else if (this.#early.length + datagrams.length <= maxEarlyDatagrams) this.#early.push(...datagrams);
  }

  /** Called every 20 ms. */
  tick(now: number): void {
    if (!this.#established) return;
    // What `isolate` does, without a closure for each session fifty times a second.
    try {
      this.#side?.tick(now);
      this.#data?.tick();
    } catch (error) {
      reportError(error);
    }
  }

  #late(): void {
    this.#explain();
    this.close(deadlineText);
  }

  #explain(): void {
    const diagnosis = this.#ice?.diagnose();
    if (diagnosis === undefined) return;
    const { localCandidates, remoteCandidates, requestsFrom, advice } = diagnosis;
    const list = (texts: readonly string[]) => texts.length === 0 ? "none" : texts.join(", ");
    this.logger.warn(
      `no connection: our addresses ${list(localCandidates)}; the client's ${list(remoteCandidates)}; ` +
        `heard from ${list(requestsFrom)}`,
    );
    for (const sentence of advice) this.logger.warn(sentence);
    const { id, remoteAddr, state, path } = this.snapshot();
    this.owner.onFailure({ id, at: Date.now(), remoteAddr, state, path, diagnosis });
  }

  #candidates(): { readonly local: string; readonly remote: string } {
    return this.#ice?.diagnose().selectedPair ?? { local: "", remote: "" };
  }

  async patch({ ice: remote, candidates }: TrickleFragment): Promise<string | null> {
    const ice = this.#ice;
    const known = this.#remote;
    if (ice === null || known === null) throw new UserError("the session is not there yet");
    const restarts = remote !== null &&
      (remote.ufrag !== known.ice.ufrag || remote.password !== known.ice.password);
    let answer: string | null = null;
    if (restarts) {
      this.#remote = { ...known, ice: remote };
      const local = ice.restart(remote);
      const gathered = await ice.gather();
      this.#check();
      answer = serializeFragment(local, ice.lite, gathered, known.transport);
    }
    for (const candidate of candidates) ice.addRemoteCandidate(candidate);
    return answer;
  }

  close(reason: string): void {
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    this.#side?.close();
    this.#data?.close();
    this.#dtls?.close();
    this.#ice?.close();
    this.#early = [];
    void this.#scope.close();
    this.owner.onEnd();
    if (this.#told) this.logger.info(`closed: ${reason}`);
  }

  snapshot(): WebrtcSessionSnapshot {
    const { name, query, credentials, userAgent } = this.#access;
    const { local, remote } = this.#candidates();
    return {
      id: this.id,
      created: this.created,
      remoteAddr: addressText(this.#client),
      peerConnectionEstablished: this.#established,
      localCandidate: local,
      remoteCandidate: remote,
      state: this.#endpoint === "whip" ? "publish" : "read",
      path: name,
      query,
      user: credentials.user,
      userAgent,
      iceAdvice: this.#ice?.diagnose().advice ?? [],
      ...this.#side?.stats ?? noTraffic,
    };
  }
}
