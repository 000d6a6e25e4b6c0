/** Sessions over associations of either implementation: their promises, their timer, and who the peer has to be. */
import { errorText, UserError } from "../../../base/errors.ts";
import type { DtlsFingerprint, DtlsOptions, DtlsProvider, DtlsSession, SrtpKeys } from "../contracts.ts";
import type { DtlsAssociation, DtlsBackend } from "./association.ts";
import { checkFingerprint, fingerprintOf } from "./fingerprint.ts";
import type { Identity } from "./identity.ts";
import { maxApplicationData, packRecords, plausibleRecords } from "./records.ts";
import { exporterLabel, keyingSize, profileOf, splitKeys } from "./srtp_keys.ts";

/** How often all handshakes under way are asked whether they have to repeat something. */
const tickMs = 25;

/** Owns the certificate's context, the sessions, and the one timer of all handshakes. */
export class Provider implements DtlsProvider {
  readonly name: DtlsProvider["name"];
  readonly fingerprint: DtlsFingerprint;
  readonly #backend: DtlsBackend;
  readonly #handshaking = new Set<Session>();
  readonly #sessions = new Set<Session>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(backend: DtlsBackend, identity: Pick<Identity, "certificate">) {
    this.name = backend.name;
    this.#backend = backend;
    this.fingerprint = fingerprintOf(identity.certificate, "sha-256");
  }

  createSession(options: DtlsOptions): DtlsSession {
    const session = new Session(this.#backend.connect(options.role, performance.now()), options, {
      onHandshakeEnd: () => this.#endHandshake(session),
      onFreed: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    this.#handshaking.add(session);
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
    session.start();
    return session;
  }

  #tick(): void {
    for (const session of [...this.#handshaking]) session.tick();
  }

  #endHandshake(session: Session): void {
    this.#handshaking.delete(session);
    if (this.#handshaking.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const session of [...this.#sessions]) session.close();
    this.#backend.close();
  }
}

interface SessionOwner {
  onHandshakeEnd(): void;
  onFreed(): void;
}

type State = "handshake" | "connected" | "closed";

class Session implements DtlsSession {
  readonly connected: Promise<SrtpKeys>;
  #state: State = "handshake";
  readonly #settle: { resolve(keys: SrtpKeys): void; reject(error: unknown): void };
  readonly #association: DtlsAssociation;
  readonly #options: DtlsOptions;
  readonly #owner: SessionOwner;

  constructor(association: DtlsAssociation, options: DtlsOptions, owner: SessionOwner) {
    this.#association = association;
    this.#options = options;
    this.#owner = owner;
    const { promise, resolve, reject } = Promise.withResolvers<SrtpKeys>();
    this.connected = promise;
    this.#settle = { resolve, reject };
    // Whoever closes a session early need not have looked at the promise.
    promise.catch(() => {});
  }

  /** A method of its own, because others are called while this changes. */
  #is(state: State): boolean {
    return this.#state === state;
  }

  /** The client speaks first. */
  start(): void {
    if (this.#options.role === "client") this.#advance();
  }

  receive(datagram: Uint8Array): void {
    if (this.#is("closed")) return;
    this.#association.feed(plausibleRecords(datagram), performance.now());
    this.#advance();
  }

  tick(): void {
    this.#guard(() => this.#association.handleTimeout(performance.now()));
    this.#flush();
  }

  #advance(): void {
    this.#guard(() => {
      if (this.#is("handshake") && this.#association.handshake()) this.#finishHandshake();
      // What was sent with the last flight, too, and alerts.
      while (this.#is("connected") && this.#readOne());
    });
    this.#flush();
  }

  #finishHandshake(): void {
    const { remoteFingerprints, role } = this.#options;
    checkFingerprint(this.#association.peerCertificate(), remoteFingerprints);
    const profile = profileOf(this.#association.srtpProfile());
    const exported = this.#association.exportKeys(exporterLabel, keyingSize(profile));
    this.#state = "connected";
    this.#owner.onHandshakeEnd();
    this.#settle.resolve(splitKeys(profile, role, exported));
  }

  /** False when nothing is left. */
  #readOne(): boolean {
    const read = this.#association.read();
    if (read === "wait") return false;
    if (read === "closed") {
      this.#end("the peer closed the DTLS association");
      return false;
    }
    this.#options.onData(read);
    return true;
  }

  #flush(): void {
    if (this.#is("closed")) return;
    const bytes = this.#association.takeOutput();
    if (bytes !== null) this.#options.send(packRecords(bytes));
  }

  sendData(bytes: Uint8Array): void {
    if (bytes.length > maxApplicationData) {
      throw new RangeError(`${bytes.length} bytes do not fit into a datagram`);
    }
    if (!this.#is("connected") || bytes.length === 0) return;
    this.#guard(() => this.#association.write(bytes));
    this.#flush();
  }

  close(): void {
    if (!this.#is("closed")) this.#finish("the session was closed");
  }

  /** Expected failures end the session; others are defects and go on to the caller, with the session ended as well. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#end(errorText(error));
      if (!(error instanceof UserError)) throw error;
    }
  }

  /** Ended by the peer, or by what it sent. */
  #end(reason: string): void {
    if (this.#is("closed")) return;
    const wasConnected = this.#is("connected");
    this.#finish(reason);
    if (wasConnected) this.#options.onClose(reason);
  }

  #finish(reason: string): void {
    const wasConnected = this.#is("connected");
    this.#association.shutdown();
    this.#flush();
    this.#state = "closed";
    this.#association.free();
    if (!wasConnected) {
      this.#owner.onHandshakeEnd();
      this.#settle.reject(new UserError(`the DTLS handshake failed: ${reason}`));
    }
    this.#owner.onFreed();
  }
}
