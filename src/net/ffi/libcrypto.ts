/** The ciphers of packets with the system's libcrypto: one lasting context for each key. */
import {
  type AeadCipher,
  aeadTagSize,
  type CounterCipher,
  type MessageAuthenticator,
  type PacketCrypto,
  type Span,
} from "../../base/packet_crypto.ts";
import { foreignCallsAllowed, plain } from "./libc.ts";
import { addressOf } from "./message_table.ts";

// Names of OpenSSL's libcrypto 3 and 1.1. Key lengths fit u32, which lies in the same register as size_t.
const symbols = {
  EVP_CIPHER_CTX_new: { parameters: [], result: "pointer" },
  EVP_CIPHER_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "buffer"], result: "i32" },
  tagTo: { name: "EVP_CIPHER_CTX_ctrl", parameters: ["pointer", "i32", "i32", "usize"], result: "i32" },
  EVP_aes_128_ctr: { parameters: [], result: "pointer" },
  EVP_aes_192_ctr: { parameters: [], result: "pointer" },
  EVP_aes_256_ctr: { parameters: [], result: "pointer" },
  EVP_aes_128_gcm: { parameters: [], result: "pointer" },
  EVP_aes_256_gcm: { parameters: [], result: "pointer" },
  EVP_CipherInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "buffer", "i32"],
    result: "i32",
  },
  // Where the output goes is an address: a view of each packet would cost more than the call.
  EVP_CipherUpdate: { parameters: ["pointer", "usize", "pointer", "buffer", "i32"], result: "i32" },
  EVP_CipherFinal_ex: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
  EVP_sha1: { parameters: [], result: "pointer" },
  HMAC_CTX_new: { parameters: [], result: "pointer" },
  HMAC_CTX_free: { parameters: ["pointer"], result: "void" },
  HMAC_Init_ex: { parameters: ["pointer", "buffer", "i32", "pointer", "pointer"], result: "i32" },
  HMAC_Update: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  HMAC_Final: { parameters: ["pointer", "buffer", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Libcrypto = Deno.DynamicLibrary<typeof symbols>["symbols"];

const gcmGetTag = 0x10;
const gcmSetTag = 0x11;
const keepDirection = -1;

/** Opened with the module, for the reason given in `libc.ts`. */
const library = open();

/** Undefined where there is no usable libcrypto. */
export const systemCrypto: PacketCrypto | undefined = library === undefined ? undefined : {
  name: "libcrypto",
  counterMode: (key) => new SystemCounterCipher(library, key),
  hmacSha1: (key) => new SystemHmac(library, key),
  gcm: (key) => new SystemGcm(library, key),
};

function open(): Libcrypto | undefined {
  if (!foreignCallsAllowed()) return undefined;
  for (const name of ["libcrypto.so.3", "libcrypto.so.1.1"]) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch {
      // The other version, then.
    }
  }
  return undefined;
}

function check(result: number, what: string): void {
  if (result !== 1) throw new Error(`libcrypto: ${what} failed`);
}

/** Memory that the library writes to and nobody reads. */
const unread = new ArrayBuffer(32);
const unreadAt = library === undefined ? null : Deno.UnsafePointer.of(unread);
/** The number of bytes it has written: we know it beforehand. */
const written = unreadAt;
/** What is left at the end: GCM and counter mode leave nothing. */
const rest = unreadAt === null ? null : Deno.UnsafePointer.offset(unreadAt, 16);

/** An address takes the way over this cell: a number is slow to pass, and so is a bigint made of one. */
const place = new BigUint64Array(1);
const placeWords = new Uint32Array(place.buffer);
/** For data that is authenticated only. */
const nowhere = 0n;

/** Where the byte at `at` lies in memory, for the next call. */
function placeOf(bytes: Uint8Array, at: number): bigint {
  const address = addressOf(bytes) + at;
  placeWords[0] = address >>> 0;
  placeWords[1] = Math.floor(address / 2 ** 32);
  return place[0];
}

/** A cipher context with its key set, freed with its owner. */
class Context {
  #pointer: Deno.PointerValue;

  constructor(readonly library: Libcrypto, cipher: Deno.PointerValue, key: Uint8Array, encrypt: boolean) {
    this.#pointer = library.EVP_CIPHER_CTX_new();
    const direction = encrypt ? 1 : 0;
    check(
      library.EVP_CipherInit_ex(this.#pointer, cipher, null, plain(key), null, direction),
      "setting a cipher key",
    );
  }

  get pointer(): Deno.PointerValue {
    if (this.#pointer === null) throw new Error("libcrypto: the cipher is closed");
    return this.#pointer;
  }

  /** Begins the next packet. */
  start(nonce: Uint8Array): void {
    const { library, pointer } = this;
    check(
      library.EVP_CipherInit_ex(pointer, null, null, null, plain(nonce), keepDirection),
      "setting a nonce",
    );
  }

  free(): void {
    if (this.#pointer !== null) this.library.EVP_CIPHER_CTX_free(this.#pointer);
    this.#pointer = null;
  }
}

class SystemCounterCipher implements CounterCipher {
  readonly #context: Context;

  constructor(private readonly library: Libcrypto, key: Uint8Array) {
    const cipher = key.length === 16
      ? library.EVP_aes_128_ctr()
      : key.length === 24
      ? library.EVP_aes_192_ctr()
      : library.EVP_aes_256_ctr();
    this.#context = new Context(library, cipher, key, true);
  }

  apply(counters: Uint8Array, bytes: Uint8Array, spans: readonly Span[]): void {
    const { pointer } = this.#context;
    for (let i = 0; i < spans.length; i++) {
      const part = plain(bytes.subarray(spans[i].start, spans[i].end));
      this.#context.start(counters.subarray(i * 16, i * 16 + 16));
      check(
        this.library.EVP_CipherUpdate(pointer, placeOf(part, 0), written, part, part.length),
        "encrypting",
      );
    }
  }

  close(): void {
    this.#context.free();
  }
}

class SystemHmac implements MessageAuthenticator {
  #pointer: Deno.PointerValue;
  readonly #tag = new Uint8Array(20);

  constructor(private readonly library: Libcrypto, key: Uint8Array) {
    this.#pointer = library.HMAC_CTX_new();
    check(
      library.HMAC_Init_ex(this.#pointer, plain(key), key.length, library.EVP_sha1(), null),
      "setting an HMAC key",
    );
  }

  sign(bytes: Uint8Array): Uint8Array {
    const pointer = this.#pointer;
    if (pointer === null) throw new Error("libcrypto: the HMAC is closed");
    check(this.library.HMAC_Init_ex(pointer, null, 0, null, null), "starting an HMAC");
    check(this.library.HMAC_Update(pointer, plain(bytes), bytes.length), "computing an HMAC");
    check(this.library.HMAC_Final(pointer, this.#tag, written), "ending an HMAC");
    return this.#tag;
  }

  close(): void {
    if (this.#pointer !== null) this.library.HMAC_CTX_free(this.#pointer);
    this.#pointer = null;
  }
}

class SystemGcm implements AeadCipher {
  readonly #sealing: Context;
  readonly #opening: Context;

  constructor(private readonly library: Libcrypto, key: Uint8Array) {
    const cipher = key.length === 16 ? library.EVP_aes_128_gcm() : library.EVP_aes_256_gcm();
    this.#sealing = new Context(library, cipher, key, true);
    this.#opening = new Context(library, cipher, key, false);
  }

  /** From `from` into `to`, which may be the same memory. */
  #run(
    context: Context,
    associated: Uint8Array,
    from: Uint8Array<ArrayBuffer>,
    to: bigint,
  ): void {
    const { library } = this;
    const { pointer } = context;
    check(
      library.EVP_CipherUpdate(pointer, nowhere, written, plain(associated), associated.length),
      "authenticating",
    );
    if (from.length > 0) {
      check(library.EVP_CipherUpdate(pointer, to, written, from, from.length), "encrypting");
    }
  }

  seal(nonce: Uint8Array, associated: Uint8Array, clear: Uint8Array, out: Uint8Array, at: number): void {
    const end = at + clear.length;
    // The library writes to addresses.
    if (at < 0 || end + aeadTagSize > out.length) throw new Error("libcrypto: the output does not fit");
    const { pointer } = this.#sealing;
    this.#sealing.start(nonce);
    this.#run(this.#sealing, associated, plain(clear), placeOf(out, at));
    check(this.library.EVP_CipherFinal_ex(pointer, rest, written), "ending");
    check(this.library.tagTo(pointer, gcmGetTag, aeadTagSize, placeOf(out, end)), "reading a tag");
  }

  open(nonce: Uint8Array, associated: Uint8Array, bytes: Uint8Array, { start, end }: Span): boolean {
    const { pointer } = this.#opening;
    this.#opening.start(nonce);
    const part = plain(bytes.subarray(start, end));
    this.#run(this.#opening, associated, part, placeOf(part, 0));
    const tag = plain(bytes.subarray(end, end + aeadTagSize));
    check(this.library.EVP_CIPHER_CTX_ctrl(pointer, gcmSetTag, aeadTagSize, tag), "setting a tag");
    return this.library.EVP_CipherFinal_ex(pointer, rest, written) === 1;
  }

  close(): void {
    this.#sealing.free();
    this.#opening.free();
  }
}
