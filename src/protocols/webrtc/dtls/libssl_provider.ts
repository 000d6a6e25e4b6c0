/** DTLS with the system's libssl. */
import { errorText, UserError } from "../../../base/errors.ts";
import { type DtlsConnection, type DtlsContext, openDtlsContext } from "../../../net/ffi/libssl.ts";
import type { DtlsFingerprint, DtlsOptions, DtlsProvider, DtlsSession, SrtpKeys } from "../contracts.ts";
import { checkFingerprint, fingerprintOf } from "./fingerprint.ts";
import type { Identity } from "./identity.ts";
import { maxApplicationData, maxDatagramSize, packRecords } from "./records.ts";
import { exporterLabel, keyingSize, offeredProfiles, profileOf, splitKeys } from "./srtp_keys.ts";

/** How often all handshakes under way are asked whether they have to repeat something. */
const tickMs = 25;

/** Owns the context and the one timer of all handshakes. */
export class LibsslProvider implements DtlsProvider {
  readonly name = "libssl";
  readonly fingerprint: DtlsFingerprint;
  readonly #context: DtlsContext;
  readonly #handshaking = new Set<LibsslSession>();
  readonly #sessions = new Set<LibsslSession>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(identity: Identity) {
    this.fingerprint = fingerprintOf(identity.certificate, "sha-256");
    this.#context = openDtlsContext({
      ...identity,
      srtpProfiles: offeredProfiles.map(({ opensslName }) => opensslName).join(":"),
      mtu: maxDatagramSize,
    });
  }

  createSession(options: DtlsOptions): DtlsSession {
    const session = new LibsslSession(this.#context.connect(options.role), options, {
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

  #endHandshake(session: LibsslSession): void {
    this.#handshaking.delete(session);
    if (this.#handshaking.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const session of [...this.#sessions]) session.close();
    this.#context.close();
  }
}

interface SessionOwner {
  onHandshakeEnd(): void;
  onFreed(): void;
}

type State = "handshake" | "connected" | "closed";

class LibsslSession implements DtlsSession {
  readonly connected: Promise<SrtpKeys>;
  #state: State = "handshake";
  readonly #settle: { resolve(keys: SrtpKeys): void; reject(error: unknown): void };
  readonly #connection: DtlsConnection;
  readonly #options: DtlsOptions;
  readonly #owner: SessionOwner;

  constructor(connection: DtlsConnection, options: DtlsOptions, owner: SessionOwner) {
    this.#connection = connection;
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
    this.#connection.feed(datagram);
    this.#advance();
  }

  tick(): void {
    this.#guard(() => this.#connection.handleTimeout());
    this.#flush();
  }

  #advance(): void {
    this.#guard(() => {
      if (this.#is("handshake") && this.#connection.handshake()) this.#finishHandshake();
      // What was sent with the last flight, too, and alerts.
      while (this.#is("connected") && this.#readOne());
    });
    this.#flush();
  }

  #finishHandshake(): void {
    const { remoteFingerprints, role } = this.#options;
    checkFingerprint(this.#connection.peerCertificate(), remoteFingerprints);
    const profile = profileOf(this.#connection.srtpProfile());
    const exported = this.#connection.exportKeys(exporterLabel, keyingSize(profile));
    this.#state = "connected";
    this.#owner.onHandshakeEnd();
    this.#settle.resolve(splitKeys(profile, role, exported));
  }

  /** False when nothing is left. */
  #readOne(): boolean {
    const read = this.#connection.read();
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
    const bytes = this.#connection.takeOutput();
    if (bytes !== null) this.#options.send(packRecords(bytes));
  }

  sendData(bytes: Uint8Array): void {
    if (bytes.length > maxApplicationData) {
      throw new RangeError(`${bytes.length} bytes do not fit into a datagram`);
    }
    if (!this.#is("connected") || bytes.length === 0) return;
    this.#guard(() => this.#connection.write(bytes));
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
    this.#connection.shutdown();
    this.#flush();
    this.#state = "closed";
    this.#connection.free();
    if (!wasConnected) {
      this.#owner.onHandshakeEnd();
      this.#settle.reject(new UserError(`the DTLS handshake failed: ${reason}`));
    }
    this.#owner.onFreed();
  }
}
