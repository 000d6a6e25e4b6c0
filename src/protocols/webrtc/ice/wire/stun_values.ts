/** Values of STUN and TURN attributes (RFC 8489 §14, RFC 8656 §18, RFC 8445 §16.1). */
import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import type { NetAddress } from "../../../../net/address.ts";
import { ipText, parseIp } from "../../../../net/ip.ts";
import { attributeType, magicCookie, type StunAttribute } from "./stun.ts";

/** Longest USERNAME, REALM, NONCE or reason phrase that is taken (RFC 8489 §14.3, §14.8–14.10). */
export const maxTextSize = 763;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function parseText(value: Uint8Array, field: string): string {
  if (value.length > maxTextSize) throw new ParseError(field, `is longer than ${maxTextSize} bytes`);
  return decoder.decode(value);
}

export function textAttribute(type: number, text: string): StunAttribute {
  return { type, value: encoder.encode(text) };
}

export function numberAttribute(type: number, value: number): StunAttribute {
  return { type, value: new ByteWriter(4).u32(value).bytes };
}

export function parseNumber(value: Uint8Array, field: string): number {
  if (value.length !== 4) throw new ParseError(field, "is not 4 bytes long");
  return new ByteReader(value).u32(field);
}

/** ICE-CONTROLLED and ICE-CONTROLLING. */
export function tieBreakerAttribute(type: number, value: bigint): StunAttribute {
  return { type, value: new ByteWriter(8).u64(value).bytes };
}

export function parseTieBreaker(value: Uint8Array): bigint {
  if (value.length !== 8) throw new ParseError("tie-breaker", "is not 8 bytes long");
  return new ByteReader(value).u64("tie-breaker");
}

export const useCandidateAttribute: StunAttribute = {
  type: attributeType.useCandidate,
  value: new Uint8Array(0),
};

/** Address and port are combined with the cookie and the transaction, so that no NAT on the way rewrites them. */
function applyMask(ip: Uint8Array, transactionId: Uint8Array): void {
  for (let i = 0; i < ip.length; i++) {
    ip[i] ^= i < 4 ? magicCookie >>> (24 - 8 * i) & 0xff : transactionId[i - 4];
  }
}

/** XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS, XOR-RELAYED-ADDRESS. */
export function addressAttribute(
  type: number,
  address: NetAddress,
  transactionId: Uint8Array,
): StunAttribute {
  const ip = parseIp(address.ip);
  applyMask(ip, transactionId);
  const writer = new ByteWriter(4 + ip.length);
  writer.u16(ip.length === 4 ? 1 : 2).u16(address.port ^ magicCookie >>> 16).raw(ip);
  return { type, value: writer.bytes };
}

function parseAnyAddress(value: Uint8Array): { readonly ip: Uint8Array; readonly port: number } {
  const reader = new ByteReader(value);
  reader.skip(1, "address");
  const family = reader.u8("address family");
  if (family !== 1 && family !== 2) throw new ParseError("address family", `is ${family}`, 1);
  const port = reader.u16("port");
  const ip = reader.view(family === 1 ? 4 : 16, "address").slice();
  if (reader.remaining > 0) throw new ParseError("address", "is too long", reader.offset);
  return { ip, port };
}

export function parseXorAddress(value: Uint8Array, transactionId: Uint8Array): NetAddress {
  const { ip, port } = parseAnyAddress(value);
  applyMask(ip, transactionId);
  return { ip: ipText(ip), port: port ^ magicCookie >>> 16 };
}

/** MAPPED-ADDRESS of servers that are older than the magic cookie. */
export function parseMappedAddress(value: Uint8Array): NetAddress {
  const { ip, port } = parseAnyAddress(value);
  return { ip: ipText(ip), port };
}

/** `{code: 401, reason: "Unauthorized"}` (RFC 8489 §14.8). */
export interface StunErrorCode {
  readonly code: number;
  readonly reason: string;
}

export function parseErrorCode(value: Uint8Array): StunErrorCode {
  const reader = new ByteReader(value);
  reader.skip(2, "ERROR-CODE");
  const hundreds = reader.u8("ERROR-CODE") & 7;
  const rest = reader.u8("ERROR-CODE");
  if (hundreds < 3 || hundreds > 6 || rest > 99) {
    throw new ParseError("ERROR-CODE", `is ${hundreds * 100 + rest}`, 2);
  }
  return { code: hundreds * 100 + rest, reason: parseText(reader.rest(), "reason phrase") };
}

export function errorCodeAttribute({ code, reason }: StunErrorCode): StunAttribute {
  const text = encoder.encode(reason);
  const writer = new ByteWriter(4 + text.length);
  writer.u16(0).u8(Math.floor(code / 100)).u8(code % 100).raw(text);
  return { type: attributeType.errorCode, value: writer.bytes };
}

export function unknownAttributesAttribute(types: readonly number[]): StunAttribute {
  const writer = new ByteWriter(types.length * 2);
  for (const type of types) writer.u16(type);
  return { type: attributeType.unknownAttributes, value: writer.bytes };
}
