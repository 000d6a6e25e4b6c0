/**
 * Accepts connections and makes them ready (proxy header, TLS handshake) side by side, so that a slow or broken client
 * holds up nobody. The listener owns the accept loop and the connections that are not handed out yet; `close` ends both.
 */
import { UserError } from "../../base/errors.ts";
import type { NetAddress } from "../address.ts";
import { AddressShares } from "../address_shares.ts";
import type { ByteConn, ByteListener } from "../byte_conn.ts";

/** Connections of one listener; one address may have half of them. */
export const maxConnections = 16_384;
/** Connections made ready at the same time; a new one beyond that closes the oldest. */
const maxPreparing = 1024;
/** Ready connections that nobody has asked for yet; then accepting waits. */
const maxReady = 256;
/** After a failed accept (too many open files, say) before the next attempt. */
const acceptPauseMs = 100;

/** The system's side of a listener. `accept` rejects once `close` was called. */
export interface Acceptor<T extends { close(): void }> {
  readonly address: NetAddress;
  accept(): Promise<T>;
  close(): void;
}

export interface PreparedListenerOptions<T> {
  /** Makes an accepted connection ready; rejects when the peer fails. Must not close `raw` itself. */
  readonly prepare: (raw: T) => Promise<ByteConn>;
  /** Milliseconds that `prepare` may take. */
  readonly prepareLimitMs: number;
  readonly onError?: (error: unknown) => void;
  /** Not bounded: proxies, whose clients count as soon as they are told. */
  readonly isTrusted?: (ip: string) => boolean;
  /** Tests have fewer. */
  readonly maxConnections?: number;
}

export class PreparedListener<T extends { close(): void }> implements ByteListener {
  readonly address: NetAddress;
  #closed = false;
  #loop: Promise<void> | undefined;
  readonly #ready: ByteConn[] = [];
  /** In the order of arrival; the value gives a preparation up. */
  readonly #preparing = new Map<Promise<void>, () => void>();
  #wakeTaker: (() => void) | undefined;
  #wakeLoop: (() => void) | undefined;

  readonly #shares: AddressShares;

  constructor(private readonly acceptor: Acceptor<T>, private readonly options: PreparedListenerOptions<T>) {
    this.#shares = new AddressShares(options.maxConnections ?? maxConnections);
    this.address = acceptor.address;
  }

  async *accept(): AsyncGenerator<ByteConn, void, void> {
    this.#loop ??= this.#acceptAll();
    while (!this.#closed) {
      const conn = this.#ready.shift();
      if (conn === undefined) {
        await new Promise<void>((wake) => this.#wakeTaker = wake);
        continue;
      }
      this.#wakeLoop?.();
      yield conn;
    }
    await this.#loop;
    await Promise.all(this.#preparing.keys());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.acceptor.close();
    for (const giveUp of this.#preparing.values()) giveUp();
    for (const conn of this.#ready.splice(0)) conn.close();
    this.#wakeTaker?.();
    this.#wakeLoop?.();
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      if (this.#ready.length >= maxReady) await this.#pause(undefined);
      let raw: T;
      try {
        raw = await this.acceptor.accept();
      } catch (error) {
        if (this.#closed) return;
        this.options.onError?.(error);
        await this.#pause(acceptPauseMs);
        continue;
      }
      if (this.#closed) raw.close();
      else this.#start(raw);
    }
  }

  /** Until `close`, until the queue of ready connections moves, or for `limitMs`. */
  #pause(limitMs: number | undefined): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs);
      this.#wakeLoop = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Takes a place for the client's address, until the connection is closed. */
  #admit(conn: ByteConn): boolean {
    const { ip } = conn.remote;
    if (this.options.isTrusted?.(ip)) return true;
    const leave = this.#shares.take(ip);
    if (leave === null) {
      this.options.onError?.(new UserError(`too many connections from ${ip}`));
      return false;
    }
    const close = conn.close.bind(conn);
    conn.close = () => {
      leave();
      close();
    };
    return true;
  }

  #start(raw: T): void {
    if (this.#preparing.size >= maxPreparing) this.#preparing.values().next().value?.();
    let givenUp = false;
    const giveUp = () => {
      if (givenUp) return;
      givenUp = true;
      try {
        raw.close();
      } catch {
        // Closed already by the side that failed.
      }
    };
    const timer = setTimeout(giveUp, this.options.prepareLimitMs);
    const task: Promise<void> = this.options.prepare(raw).then((conn) => {
      if (givenUp || this.#closed || !this.#admit(conn)) return conn.close();
      this.#ready.push(conn);
      this.#wakeTaker?.();
    }, (error) => {
      if (this.#closed) return;
      this.options.onError?.(givenUp ? new Error("the client was too slow to begin") : error);
      giveUp();
    }).finally(() => {
      clearTimeout(timer);
      this.#preparing.delete(task);
    });
    this.#preparing.set(task, giveUp);
  }
}
