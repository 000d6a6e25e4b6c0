import type { NetAddress } from "./address.ts";

/**
 * A two-way byte stream: TCP, TLS, or a tunnel over either. Reads and writes are by one caller each at a time.
 */
export interface ByteConn {
  readonly local: NetAddress;
  readonly remote: NetAddress;
  /** Number of bytes read into the start of `into`; null at the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes everything; rejects when the connection is closed meanwhile. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Writes what the system takes at once, without a promise, and says how many bytes that were: 0 when nothing fits,
   * on error (the next `write` tells), or where the platform has no such way. Not allowed while a `write` is pending.
   */
  tryWrite(bytes: Uint8Array): number;
  /** Ends both directions; pending reads and writes settle. May be called twice. */
  close(): void;
}

export interface ByteListener {
  readonly address: NetAddress;
  /** Ends when the listener is closed. */
  accept(): AsyncIterable<ByteConn>;
  close(): void;
}
