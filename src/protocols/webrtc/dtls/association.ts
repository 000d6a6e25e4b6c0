/**
 * One association without sockets and timers: datagrams go in, records come out. The system's libssl
 * (`net/ffi/libssl.ts`) and our own engine both have this shape. `now` is milliseconds of any steady clock.
 */
export interface DtlsAssociation {
  /** One datagram from the peer. */
  feed(datagram: Uint8Array, now: number): void;
  /** True once complete, false while it waits for the peer; throws UserError when it failed. */
  handshake(): boolean;
  /** One record's bytes, "wait" without any, "closed" after close_notify; throws UserError when the association broke. */
  read(): Uint8Array | "wait" | "closed";
  /** Application data. Throws UserError when the association is broken. */
  write(bytes: Uint8Array): void;
  /** Repeats the last flight when it is time; throws UserError after too many tries. */
  handleTimeout(now: number): void;
  /** What wants to be sent: whole records, back to back. Null when there is nothing. */
  takeOutput(): Uint8Array | null;
  /** DER; null without. Only after a complete handshake has the peer shown that it holds the key. */
  peerCertificate(): Uint8Array | null;
  /** The number of RFC 5764 §4.1.2; null when none was agreed on. */
  srtpProfile(): number | null;
  /** RFC 5705, without a context. Only after the handshake. */
  exportKeys(label: string, size: number): Uint8Array;
  /** Makes a close_notify to send. */
  shutdown(): void;
  /** The end; nothing else may be called afterwards. */
  free(): void;
}

/** What makes associations, all with one certificate. */
export interface DtlsBackend {
  readonly name: "libssl" | "portable";
  connect(role: "server" | "client", now: number): DtlsAssociation;
  close(): void;
}
