/**
 * MIKEY messages (RFC 3830) as RTSP carries them (RFC 4567): the first message of an initiator, its keys not
 * encrypted, since the connection already is.
 */
import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import { type KeyMaterial, parseKemac, writeKemac } from "./kemac.ts";
import { parsePolicy, type SecurityPolicy, writePolicy } from "./policy.ts";

/** Largest message that is read; real ones have about 100 bytes, and 9 more for each stream. */
export const maxMikeyMessage = 8192;
/** Most payloads in one message. */
export const maxMikeyPayloads = 32;

/** One stream of the bundle (RFC 3830 §6.1.1). */
export interface CryptoSession {
  readonly policy: number;
  readonly ssrc: number;
  /** Rollover counter of the next packet. */
  readonly rolloverCounter: number;
}

export interface MikeyMessage {
  /** Identifies the bundle: random. */
  readonly bundleId: number;
  /** True when an answer is asked for. */
  readonly wantsAnswer: boolean;
  readonly sessions: readonly CryptoSession[];
  readonly payloads: readonly MikeyPayload[];
}

export type MikeyPayload =
  /** RFC 3830 §6.6: 64-bit NTP time. `local` when it is not UTC. */
  | { readonly type: "timestamp"; readonly ntp: bigint; readonly local: boolean }
  /** RFC 3830 §6.6: a counter instead of a time. */
  | { readonly type: "counter"; readonly value: number }
  /** RFC 3830 §6.11: at least 16 random bytes. */
  | { readonly type: "random"; readonly bytes: Uint8Array }
  /** RFC 3830 §6.10 */
  | { readonly type: "policy"; readonly policy: SecurityPolicy }
  /** RFC 3830 §6.2 */
  | { readonly type: "keys"; readonly keys: readonly KeyMaterial[] }
  /** Identity (§6.7), certificate (§6.7) and general extension (§6.15): carried, not looked into. */
  | { readonly type: "opaque"; readonly code: number; readonly kind: number; readonly bytes: Uint8Array };

/** RFC 3830 table 6.1.b */
const code = {
  last: 0,
  kemac: 1,
  timestamp: 5,
  identity: 6,
  certificate: 7,
  policy: 10,
  random: 11,
  extension: 21,
};
const version = 1;
const initiatorPreShared = 0;
const srtpIdMap = 0;
const headerSize = 10;
const sessionSize = 9;

export function parseMikey(bytes: Uint8Array): MikeyMessage {
  if (bytes.length > maxMikeyMessage) throw new ParseError("MIKEY", `longer than ${maxMikeyMessage} bytes`);
  const reader = new ByteReader(bytes);
  expect(reader, "version", version);
  expect(reader, "data type", initiatorPreShared);
  let next = reader.u8("next payload");
  const flags = reader.u8("V and PRF func");
  if ((flags & 0x7f) !== 0) throw new ParseError("PRF func", `${flags & 0x7f} is unknown`, 3);
  const bundleId = reader.u32("CSB ID");
  const count = reader.u8("#CS");
  expect(reader, "CS ID map type", srtpIdMap);
  const sessions: CryptoSession[] = [];
  for (let i = 0; i < count; i++) {
    sessions.push({
      policy: reader.u8("policy"),
      ssrc: reader.u32("SSRC"),
      rolloverCounter: reader.u32("ROC"),
    });
  }
  const payloads: MikeyPayload[] = [];
  while (next !== code.last) {
    if (payloads.length === maxMikeyPayloads) {
      throw new ParseError("MIKEY", `more than ${maxMikeyPayloads} payloads`);
    }
    const following = reader.u8("next payload");
    payloads.push(parsePayload(next, reader));
    next = following;
  }
  // Milestone XProtect sends a zero behind the end; anything else is a broken message.
  if (reader.rest().some((byte) => byte !== 0)) {
    throw new ParseError("MIKEY", "bytes behind the last payload");
  }
  return { bundleId, wantsAnswer: (flags & 0x80) !== 0, sessions, payloads };
}

function expect(reader: ByteReader, field: string, wanted: number): void {
  const value = reader.u8(field);
  if (value !== wanted) throw new ParseError(field, `${value} is not supported`, reader.offset - 1);
}

function parsePayload(type: number, reader: ByteReader): MikeyPayload {
  switch (type) {
    case code.kemac:
      return { type: "keys", keys: parseKemac(reader) };
    case code.timestamp: {
      const kind = reader.u8("TS type");
      if (kind > 2) throw new ParseError("TS type", `${kind} is unknown`, reader.offset - 1);
      if (kind === 2) return { type: "counter", value: reader.u32("TS value") };
      return { type: "timestamp", ntp: reader.u64("TS value"), local: kind === 1 };
    }
    case code.policy:
      return { type: "policy", policy: parsePolicy(reader) };
    case code.random: {
      const size = reader.u8("RAND len");
      if (size < 16) throw new ParseError("RAND len", `${size} is below 16`, reader.offset - 1);
      return { type: "random", bytes: reader.view(size, "RAND") };
    }
    case code.identity:
    case code.certificate:
    case code.extension: {
      const kind = reader.u8("type");
      return { type: "opaque", code: type, kind, bytes: reader.view(reader.u16("length"), "data") };
    }
    default:
      throw new ParseError("next payload", `type ${type} is unknown`, reader.offset - 1);
  }
}

export function serializeMikey(message: MikeyMessage): Uint8Array<ArrayBuffer> {
  const bodies = message.payloads.map(serializePayload);
  let size = headerSize + sessionSize * message.sessions.length;
  for (const body of bodies) size += 1 + body.length;
  const writer = new ByteWriter(size);
  const codeAt = (i: number) => i < message.payloads.length ? payloadCode(message.payloads[i]) : code.last;
  writer.u8(version).u8(initiatorPreShared).u8(codeAt(0)).u8(message.wantsAnswer ? 0x80 : 0);
  writer.u32(message.bundleId).u8(message.sessions.length).u8(srtpIdMap);
  for (const { policy, ssrc, rolloverCounter } of message.sessions) {
    writer.u8(policy).u32(ssrc).u32(rolloverCounter);
  }
  bodies.forEach((body, i) => writer.u8(codeAt(i + 1)).raw(body));
  return writer.bytes;
}

function payloadCode(payload: MikeyPayload): number {
  switch (payload.type) {
    case "timestamp":
    case "counter":
      return code.timestamp;
    case "random":
      return code.random;
    case "policy":
      return code.policy;
    case "keys":
      return code.kemac;
    case "opaque":
      return payload.code;
  }
}

function serializePayload(payload: MikeyPayload): Uint8Array<ArrayBuffer> {
  switch (payload.type) {
    case "timestamp":
      return new ByteWriter(9).u8(payload.local ? 1 : 0).u64(payload.ntp).bytes;
    case "counter":
      return new ByteWriter(5).u8(2).u32(payload.value).bytes;
    case "random":
      return new ByteWriter(1 + payload.bytes.length).u8(payload.bytes.length).raw(payload.bytes).bytes;
    case "policy":
      return writePolicy(payload.policy);
    case "keys":
      return writeKemac(payload.keys);
    case "opaque":
      return new ByteWriter(3 + payload.bytes.length).u8(payload.kind).u16(payload.bytes.length)
        .raw(payload.bytes).bytes;
  }
}
