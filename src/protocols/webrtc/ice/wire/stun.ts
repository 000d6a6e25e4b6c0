/** STUN messages: RFC 8489. */
import { ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import { integritySize, messageFingerprint, messageIntegrity } from "./stun_integrity.ts";

export const stunHeaderSize = 20;
export const magicCookie = 0x2112a442;
export const transactionIdSize = 12;
/** Attributes of one message; more is refused. */
export const maxAttributes = 64;

/** RFC 8489 §18.2, RFC 8656 §17. */
export const stunMethod = {
  binding: 1,
  allocate: 3,
  refresh: 4,
  send: 6,
  data: 7,
  createPermission: 8,
  channelBind: 9,
} as const;

/** RFC 8489 §18.3, RFC 8656 §18, RFC 8445 §16.1. */
export const attributeType = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedTransport: 0x0019,
  messageIntegritySha256: 0x001c,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  software: 0x8022,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

/** RFC 8489 §5: two bits of the message type, in this order. */
export type StunClass = "request" | "indication" | "success" | "error";
const classes: readonly StunClass[] = ["request", "indication", "success", "error"];

/** `value` without padding. */
export interface StunAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** What a message says; `transactionId` has 12 bytes. */
export interface StunContent {
  readonly method: number;
  readonly class: StunClass;
  readonly transactionId: Uint8Array;
  readonly attributes: readonly StunAttribute[];
}

/** A message that was received: views of `bytes`. */
export interface StunMessage extends StunContent {
  readonly bytes: Uint8Array;
  /** Where MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT begin; null without. */
  readonly integrityAt: number | null;
  readonly integritySha256At: number | null;
  readonly fingerprintAt: number | null;
}

/** The cheap part of the check: magic cookie and length. Says nothing about attributes. */
export function looksLikeStun(bytes: Uint8Array): boolean {
  return bytes.length >= stunHeaderSize && bytes[0] < 4 &&
    bytes[4] === 0x21 && bytes[5] === 0x12 && bytes[6] === 0xa4 && bytes[7] === 0x42 &&
    (bytes[2] << 8 | bytes[3]) === bytes.length - stunHeaderSize && (bytes[3] & 3) === 0;
}

/**
 * One whole message (RFC 8489 §5). Attributes behind MESSAGE-INTEGRITY are ignored, but for the other integrity and
 * FINGERPRINT (§14.5); nothing is verified yet. Throws ParseError.
 */
export function parseStun(bytes: Uint8Array): StunMessage {
  if (!looksLikeStun(bytes)) {
    throw new ParseError("STUN header", "no magic cookie, or the length is wrong", 0);
  }
  const type = bytes[0] << 8 | bytes[1];
  const attributes: StunAttribute[] = [];
  let integrityAt: number | null = null;
  let integritySha256At: number | null = null;
  let fingerprintAt: number | null = null;
  for (let at = stunHeaderSize, count = 0; at < bytes.length; count++) {
    if (count === maxAttributes) throw new ParseError("STUN attributes", `more than ${maxAttributes}`, at);
    if (fingerprintAt !== null) throw new ParseError("FINGERPRINT", "is not the last attribute", at);
    if (at + 4 > bytes.length) throw new ParseError("STUN attribute", "is cut off", at);
    const attribute = bytes[at] << 8 | bytes[at + 1];
    const size = bytes[at + 2] << 8 | bytes[at + 3];
    if (at + 4 + size > bytes.length) throw new ParseError("STUN attribute", `has no ${size} bytes`, at);
    const value = bytes.subarray(at + 4, at + 4 + size);
    if (attribute === attributeType.fingerprint) {
      if (size !== 4) throw new ParseError("FINGERPRINT", "is not 4 bytes long", at);
      fingerprintAt = at;
    } else if (attribute === attributeType.messageIntegritySha256 && integritySha256At === null) {
      if (size < 16 || size > 32) throw new ParseError("MESSAGE-INTEGRITY-SHA256", "has a wrong length", at);
      integritySha256At = at;
    } else if (integrityAt === null && integritySha256At === null) {
      if (attribute === attributeType.messageIntegrity) {
        if (size !== integritySize) throw new ParseError("MESSAGE-INTEGRITY", "is not 20 bytes long", at);
        integrityAt = at;
      } else attributes.push({ type: attribute, value });
    }
    at += 4 + (size + 3 & ~3);
  }
  return {
    method: (type & 0x3e00) >> 2 | (type & 0xe0) >> 1 | (type & 0xf),
    class: classes[(type & 0x100) >> 7 | (type & 0x10) >> 4],
    transactionId: bytes.subarray(8, stunHeaderSize),
    attributes,
    bytes,
    integrityAt,
    integritySha256At,
    fingerprintAt,
  };
}

/** The first attribute of that type (RFC 8489 §14: later ones do not count). */
export function findAttribute(message: StunContent, type: number): Uint8Array | undefined {
  for (const attribute of message.attributes) if (attribute.type === type) return attribute.value;
  return undefined;
}

/** Types below 0x8000 that we do not know (RFC 8489 §14): a request with one must be refused with 420. */
export function unknownRequired(message: StunContent): readonly number[] {
  return message.attributes.map(({ type }) => type)
    .filter((type) => type < 0x8000 && !knownTypes.has(type));
}

const knownTypes: ReadonlySet<number> = new Set(Object.values(attributeType));

/** `key` adds MESSAGE-INTEGRITY. */
export function serializeStun(
  content: StunContent,
  { key, fingerprint }: { readonly key?: Uint8Array; readonly fingerprint: boolean },
): Uint8Array<ArrayBuffer> {
  let size = stunHeaderSize + (key === undefined ? 0 : 4 + integritySize) + (fingerprint ? 8 : 0);
  for (const { value } of content.attributes) size += 4 + (value.length + 3 & ~3);
  const writer = new ByteWriter(size);
  const { method } = content;
  const classBits = classes.indexOf(content.class);
  writer.u16(
    (method & 0xf80) << 2 | (method & 0x70) << 1 | (method & 0xf) | (classBits & 2) << 7 |
      (classBits & 1) << 4,
  );
  writer.u16(size - stunHeaderSize).u32(magicCookie).raw(content.transactionId);
  for (const { type, value } of content.attributes) {
    writer.u16(type).u16(value.length).raw(value);
    while ((writer.offset & 3) !== 0) writer.u8(0);
  }
  if (key !== undefined) {
    const integrity = messageIntegrity(writer.bytes, writer.offset, key);
    writer.u16(attributeType.messageIntegrity).u16(integritySize).raw(integrity);
  }
  if (fingerprint) {
    const value = messageFingerprint(writer.bytes, writer.offset);
    writer.u16(attributeType.fingerprint).u16(4).u32(value);
  }
  return writer.bytes;
}
