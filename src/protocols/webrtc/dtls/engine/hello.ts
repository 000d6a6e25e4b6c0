/** ClientHello, HelloVerifyRequest and ServerHello: RFC 5246 §7.4.1, RFC 6347 §4.2.1. */
import { ByteReader, concat } from "../../../../base/bytes.ts";
import { numbers, readNumbers, readVector, vector } from "./handshake_message.ts";

export const extensionType = {
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  renegotiationInfo: 0xff01,
} as const;

/** Stands for an empty renegotiation_info (RFC 5746 §3.3). */
export const renegotiationSignal = 0x00ff;

export const randomSize = 32;

/** By type; each at most once. */
export type Extensions = ReadonlyMap<number, Uint8Array>;

export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly cookie: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly extensions: Extensions;
}

export interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly cipherSuite: number;
  readonly extensions: Extensions;
}

function readExtensions(reader: ByteReader): Map<number, Uint8Array> {
  const out = new Map<number, Uint8Array>();
  if (reader.remaining === 0) return out;
  const list = new ByteReader(readVector(reader, 2, "extensions"));
  while (list.remaining > 0) out.set(list.u16("extension_type"), readVector(list, 2, "extension_data"));
  return out;
}

function writeExtensions(extensions: Extensions): Uint8Array {
  const parts = [...extensions].map(([type, data]) => concat([numbers([type]), vector(2, data)]));
  return vector(2, concat(parts));
}

/** Throws ParseError. */
export function parseClientHello(body: Uint8Array): ClientHello {
  const reader = new ByteReader(body);
  const version = reader.u16("client_version");
  const random = reader.view(randomSize, "random");
  readVector(reader, 1, "session_id");
  const cookie = readVector(reader, 1, "cookie");
  const cipherSuites = readNumbers(readVector(reader, 2, "cipher_suites"));
  readVector(reader, 1, "compression_methods");
  return { version, random, cookie, cipherSuites, extensions: readExtensions(reader) };
}

export function serializeClientHello(hello: ClientHello): Uint8Array {
  return concat([
    numbers([hello.version]),
    hello.random,
    vector(1, new Uint8Array(0)),
    vector(1, hello.cookie),
    vector(2, numbers(hello.cipherSuites)),
    // Compression: none.
    vector(1, Uint8Array.of(0)),
    writeExtensions(hello.extensions),
  ]);
}

/** Throws ParseError. */
export function parseServerHello(body: Uint8Array): ServerHello {
  const reader = new ByteReader(body);
  const version = reader.u16("server_version");
  const random = reader.view(randomSize, "random");
  readVector(reader, 1, "session_id");
  const cipherSuite = reader.u16("cipher_suite");
  reader.u8("compression_method");
  return { version, random, cipherSuite, extensions: readExtensions(reader) };
}

export function serializeServerHello(hello: ServerHello): Uint8Array {
  return concat([
    numbers([hello.version]),
    hello.random,
    vector(1, new Uint8Array(0)),
    numbers([hello.cipherSuite]),
    Uint8Array.of(0),
    writeExtensions(hello.extensions),
  ]);
}

/** The cookie of a HelloVerifyRequest. Throws ParseError. */
export function parseHelloVerifyRequest(body: Uint8Array): Uint8Array {
  const reader = new ByteReader(body);
  reader.u16("server_version");
  return readVector(reader, 1, "cookie");
}

/** An extension that is a list of 16-bit numbers behind its length; null without it. Throws ParseError. */
export function numberList(extensions: Extensions, type: number): number[] | null {
  const data = extensions.get(type);
  return data === undefined ? null : readNumbers(readVector(new ByteReader(data), 2, `extension ${type}`));
}

/** RFC 5764 §4.1.1, without a master key identifier. */
export function useSrtp(profiles: readonly number[]): Uint8Array {
  return concat([vector(2, numbers(profiles)), Uint8Array.of(0)]);
}
