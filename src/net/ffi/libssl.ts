/**
 * DTLS 1.2 (RFC 6347) with the system's libssl 3: a context for each certificate, a connection for each peer. Bytes go in
 * and come out through memory, so that whoever owns the socket keeps it.
 */
import { UserError } from "../../base/errors.ts";
import { foreignCallsAllowed, plain } from "./libc.ts";

// Names of OpenSSL 3. The loader finds those of libcrypto through libssl, which is linked with it.
const symbols = {
  DTLS_method: { parameters: [], result: "pointer" },
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  SSL_CTX_set_cipher_list: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_tlsext_use_srtp: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_use_certificate_ASN1: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  SSL_CTX_use_PrivateKey_ASN1: { parameters: ["i32", "pointer", "buffer", "i64"], result: "i32" },
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_set_cert_verify_callback: { parameters: ["pointer", "function", "pointer"], result: "void" },
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  SSL_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  DTLS_set_timer_cb: { parameters: ["pointer", "function"], result: "void" },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  SSL_get_selected_srtp_profile: { parameters: ["pointer"], result: "pointer" },
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer" },
  SSL_export_keying_material: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize", "pointer", "usize", "i32"],
    result: "i32",
  },
  BIO_s_mem: { parameters: [], result: "pointer" },
  BIO_new: { parameters: ["pointer"], result: "pointer" },
  BIO_free: { parameters: ["pointer"], result: "i32" },
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_ctrl_pending: { parameters: ["pointer"], result: "usize" },
  i2d_X509_bio: { parameters: ["pointer", "pointer"], result: "i32" },
  X509_free: { parameters: ["pointer"], result: "void" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_peek_last_error: { parameters: [], result: "u64" },
  ERR_reason_error_string: { parameters: ["u64"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** Values of OpenSSL's headers. */
const openssl = {
  EVP_PKEY_EC: 408,
  SSL_CTRL_SET_MTU: 17,
  SSL_CTRL_MODE: 33,
  SSL_CTRL_SET_SESS_CACHE_MODE: 44,
  DTLS_CTRL_HANDLE_TIMEOUT: 74,
  SSL_CTRL_SET_MIN_PROTO_VERSION: 123,
  SSL_CTRL_SET_MAX_PROTO_VERSION: 124,
  DTLS1_2_VERSION: 0xfefd,
  SSL_MODE_RELEASE_BUFFERS: 0x10,
  SSL_OP_NO_QUERY_MTU: 1n << 12n,
  SSL_OP_NO_TICKET: 1n << 14n,
  SSL_OP_NO_RENEGOTIATION: 1n << 30n,
  SSL_VERIFY_PEER_OR_FAIL: 3,
  SSL_ERROR_WANT_READ: 2,
  SSL_ERROR_ZERO_RETURN: 6,
} as const;

/**
 * Forward secrecy and signed key exchange only: with these, a certificate counts only together with a signature made with
 * its key. AES-128 first; AES-GCM is what all WebRTC peers have (RFC 8827 §6.5).
 */
const cipherList = "ECDHE+AESGCM+AES128:ECDHE+AESGCM";

/** RFC 6347 §4.2.4.1 says one second; a call should not wait so long for a packet lost in a local network. */
const firstRetransmissionUs = 100_000;
const longestRetransmissionUs = 2_000_000;

/** What fits into one record (RFC 6347 §4.1). */
const maxPlaintext = 16384;

/** Datagrams beyond this are longer than any record. */
const maxDatagram = maxPlaintext + 256;

/** Opened with the module, for the reason given in `libc.ts`. */
const library = open();

function open(): Library | undefined {
  if (!foreignCallsAllowed()) return undefined;
  try {
    return Deno.dlopen("libssl.so.3", symbols).symbols;
  } catch {
    return undefined;
  }
}

/** True where `openDtlsContext` works. */
export const systemDtlsAvailable = library !== undefined;

/** What a context is made of. */
export interface DtlsContextOptions {
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** PKCS #8 of an elliptic curve key, DER. */
  readonly privateKey: Uint8Array;
  /** OpenSSL's names, preferred first, with colons between. */
  readonly srtpProfiles: string;
  /** Largest datagram, bytes. */
  readonly mtu: number;
}

/** Throws without libssl: see `systemDtlsAvailable`. */
export function openDtlsContext(options: DtlsContextOptions): DtlsContext {
  if (library === undefined) throw new Error("libssl.so.3 is not available");
  return new DtlsContext(library, options);
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

function check(good: boolean, what: string): void {
  if (!good) throw new Error(`libssl: ${what} failed`);
}

/** Certificate and settings. Must outlive its connections. */
export class DtlsContext {
  #pointer: Deno.PointerValue;
  /**
   * Any certificate may come: whether it is the right one is a comparison of fingerprints, after the handshake has shown
   * that the peer holds its key (libssl checks that signature by itself, whatever this says). Calls from inside of a
   * foreign call are safe in Deno 2.9, also after optimisation; years ago they were not (denoland/deno#22947).
   */
  readonly #acceptCertificate = new Deno.UnsafeCallback(
    { parameters: ["pointer", "pointer"], result: "i32" },
    () => 1,
  );
  readonly #nextTimeout = new Deno.UnsafeCallback(
    { parameters: ["pointer", "u32"], result: "u32" },
    (_connection, last) => last === 0 ? firstRetransmissionUs : Math.min(2 * last, longestRetransmissionUs),
  );

  constructor(readonly library: Library, readonly options: DtlsContextOptions) {
    this.#pointer = library.SSL_CTX_new(library.DTLS_method());
    const pointer = this.#pointer;
    const { certificate, privateKey, srtpProfiles } = options;
    const version = openssl.DTLS1_2_VERSION;
    const control = (command: number, value: number) =>
      library.SSL_CTX_ctrl(pointer, command, BigInt(value), null);
    check(control(openssl.SSL_CTRL_SET_MIN_PROTO_VERSION, version) === 1n, "choosing DTLS 1.2");
    check(control(openssl.SSL_CTRL_SET_MAX_PROTO_VERSION, version) === 1n, "choosing DTLS 1.2");
    control(openssl.SSL_CTRL_SET_SESS_CACHE_MODE, 0);
    control(openssl.SSL_CTRL_MODE, openssl.SSL_MODE_RELEASE_BUFFERS);
    const { SSL_OP_NO_QUERY_MTU, SSL_OP_NO_TICKET, SSL_OP_NO_RENEGOTIATION } = openssl;
    library.SSL_CTX_set_options(pointer, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    check(library.SSL_CTX_set_cipher_list(pointer, cString(cipherList)) === 1, "choosing ciphers");
    // This one function gives 0 when it is content.
    check(
      library.SSL_CTX_set_tlsext_use_srtp(pointer, cString(srtpProfiles)) === 0,
      "choosing SRTP profiles",
    );
    const taken = library.SSL_CTX_use_certificate_ASN1(pointer, certificate.length, plain(certificate));
    check(taken === 1, "reading the certificate");
    const key = plain(privateKey);
    const keyTaken = library.SSL_CTX_use_PrivateKey_ASN1(
      openssl.EVP_PKEY_EC,
      pointer,
      key,
      BigInt(key.length),
    );
    check(keyTaken === 1, "reading the private key");
    library.SSL_CTX_set_verify(pointer, openssl.SSL_VERIFY_PEER_OR_FAIL, null);
    library.SSL_CTX_set_cert_verify_callback(pointer, this.#acceptCertificate.pointer, null);
  }

  connect(role: "server" | "client"): DtlsConnection {
    if (this.#pointer === null) throw new Error("libssl: the context is closed");
    const { library } = this;
    const connection = library.SSL_new(this.#pointer);
    check(connection !== null, "making a connection");
    library.SSL_ctrl(connection, openssl.SSL_CTRL_SET_MTU, BigInt(this.options.mtu), null);
    library.DTLS_set_timer_cb(connection, this.#nextTimeout.pointer);
    if (role === "server") library.SSL_set_accept_state(connection);
    else library.SSL_set_connect_state(connection);
    return new DtlsConnection(library, connection);
  }

  close(): void {
    if (this.#pointer === null) return;
    this.library.SSL_CTX_free(this.#pointer);
    this.#pointer = null;
    this.#acceptCertificate.close();
    this.#nextTimeout.close();
  }
}

/** Where decrypted bytes arrive, before they are copied to whoever wants them. */
const readBuffer = new Uint8Array(maxPlaintext);

/** One association. Everything but `free` throws once it is freed. */
export class DtlsConnection {
  #pointer: Deno.PointerValue;
  /** Owned by the connection, which frees them. */
  readonly #in: Deno.PointerValue;
  readonly #out: Deno.PointerValue;

  constructor(private readonly library: Library, pointer: Deno.PointerValue) {
    this.#pointer = pointer;
    this.#in = library.BIO_new(library.BIO_s_mem());
    this.#out = library.BIO_new(library.BIO_s_mem());
    library.SSL_set_bio(pointer, this.#in, this.#out);
  }

  get #open(): Deno.PointerValue {
    if (this.#pointer === null) throw new Error("libssl: the connection is freed");
    return this.#pointer;
  }

  /** One datagram from the peer; `handshake` and `read` must have taken all of the one before. */
  feed(datagram: Uint8Array): void {
    check(this.#open !== null, "feeding");
    if (datagram.length === 0 || datagram.length > maxDatagram) return;
    this.library.BIO_write(this.#in, plain(datagram), datagram.length);
  }

  /** True once complete, false while it waits for the peer; throws UserError when it failed. */
  handshake(): boolean {
    this.library.ERR_clear_error();
    const result = this.library.SSL_do_handshake(this.#open);
    if (result === 1) return true;
    this.#problem(result);
    return false;
  }

  /** One record's bytes, "wait" without any, "closed" after close_notify; throws UserError when the association broke. */
  read(): Uint8Array | "wait" | "closed" {
    this.library.ERR_clear_error();
    const result = this.library.SSL_read(this.#open, readBuffer, readBuffer.length);
    return result > 0 ? readBuffer.slice(0, result) : this.#problem(result);
  }

  /** Throws UserError when the association is broken. */
  write(bytes: Uint8Array): void {
    this.library.ERR_clear_error();
    const result = this.library.SSL_write(this.#open, plain(bytes), bytes.length);
    if (result <= 0) this.#problem(result);
  }

  /** Repeats the last flight when it is time; throws UserError after too many tries. */
  handleTimeout(): void {
    this.library.ERR_clear_error();
    const result = this.library.SSL_ctrl(this.#open, openssl.DTLS_CTRL_HANDLE_TIMEOUT, 0n, null);
    if (result < 0n) throw new UserError("the peer does not answer");
  }

  /** What wants to be sent: whole records, back to back. Null when there is nothing. */
  takeOutput(): Uint8Array<ArrayBuffer> | null {
    check(this.#open !== null, "sending");
    return this.#drain(this.#out);
  }

  #drain(bio: Deno.PointerValue): Uint8Array<ArrayBuffer> | null {
    const size = Number(this.library.BIO_ctrl_pending(bio));
    if (size === 0) return null;
    const bytes = new Uint8Array(size);
    this.library.BIO_read(bio, bytes, size);
    return bytes;
  }

  /** DER; null without. */
  peerCertificate(): Uint8Array | null {
    const { library } = this;
    const certificate = library.SSL_get1_peer_certificate(this.#open);
    if (certificate === null) return null;
    const bio = library.BIO_new(library.BIO_s_mem());
    library.i2d_X509_bio(bio, certificate);
    const der = this.#drain(bio);
    library.BIO_free(bio);
    library.X509_free(certificate);
    return der;
  }

  /** The number of RFC 5764 §4.1.2; null when none was agreed on. */
  srtpProfile(): number | null {
    const profile = this.library.SSL_get_selected_srtp_profile(this.#open);
    // struct { const char *name; unsigned long id; }
    return profile === null ? null : new Deno.UnsafePointerView(profile).getUint32(8);
  }

  /** RFC 5705, without a context. */
  exportKeys(label: string, size: number): Uint8Array {
    const out = new Uint8Array(size);
    const name = new TextEncoder().encode(label);
    const { library } = this;
    const result = library.SSL_export_keying_material(
      this.#open,
      out,
      BigInt(size),
      name,
      BigInt(name.length),
      null,
      0n,
      0,
    );
    check(result === 1, "exporting keys");
    return out;
  }

  /** Makes a close_notify to send, when the handshake got so far. */
  shutdown(): void {
    this.library.ERR_clear_error();
    this.library.SSL_shutdown(this.#open);
  }

  free(): void {
    if (this.#pointer !== null) this.library.SSL_free(this.#pointer);
    this.#pointer = null;
  }

  #problem(result: number): "wait" | "closed" {
    const kind = this.library.SSL_get_error(this.#pointer, result);
    if (kind === openssl.SSL_ERROR_ZERO_RETURN) return "closed";
    if (kind === openssl.SSL_ERROR_WANT_READ) return "wait";
    const reason = this.library.ERR_reason_error_string(this.library.ERR_peek_last_error());
    throw new UserError(reason === null ? "it broke" : new Deno.UnsafePointerView(reason).getCString());
  }
}
