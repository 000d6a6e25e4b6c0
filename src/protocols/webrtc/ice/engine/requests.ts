/** Binding requests of the peer: whether to believe them, and what to answer (RFC 8445 §7.3, RFC 8489 §9.1.3). */
import type { NetAddress } from "../../../../net/address.ts";
import { checkIntegrity } from "../wire/stun_integrity.ts";
import {
  attributeType,
  findAttribute,
  serializeStun,
  type StunAttribute,
  type StunMessage,
  stunMethod,
  unknownRequired,
} from "../wire/stun.ts";
import {
  addressAttribute,
  errorCodeAttribute,
  parseNumber,
  parseTieBreaker,
  unknownAttributesAttribute,
} from "../wire/stun_values.ts";
import type { Generation } from "./pair.ts";

/** What a request asks for once it is known to be the peer's. `role` is the peer's, as it sees itself. */
export interface CheckRequest {
  readonly generation: Generation;
  readonly priority: number;
  readonly useCandidate: boolean;
  readonly role: "controlling" | "controlled" | null;
  readonly tieBreaker: bigint;
}

export interface Refusal {
  readonly code: 400 | 401 | 420 | 487;
  /** Types that were not understood; empty unless the code is 420. */
  readonly unknown: readonly number[];
  /** Errors to a peer that has proven who it is are authenticated too. */
  readonly key: Uint8Array | undefined;
}

export type JudgedRequest =
  | { readonly kind: "accepted"; readonly request: CheckRequest }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const reasons: Readonly<Record<Refusal["code"], string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  420: "Unknown Attribute",
  487: "Role Conflict",
};

const decoder = new TextDecoder();

/**
 * Our fragment of USERNAME (`ours:theirs`), read without parsing the message: this decides about every packet of a
 * flood. Undefined when there is none.
 */
export function localFragment(bytes: Uint8Array): string | undefined {
  for (let at = 20; at + 4 <= bytes.length;) {
    const size = bytes[at + 2] << 8 | bytes[at + 3];
    if (bytes[at] === 0 && bytes[at + 1] === attributeType.username) {
      const end = Math.min(at + 4 + size, bytes.length);
      const colon = bytes.indexOf(0x3a, at + 4);
      return colon < 0 || colon >= end ? undefined : decoder.decode(bytes.subarray(at + 4, colon));
    }
    at += 4 + (size + 3 & ~3);
  }
  return undefined;
}

function refused(code: Refusal["code"], key?: Uint8Array, unknown: readonly number[] = []): JudgedRequest {
  return { kind: "refused", refusal: { code, unknown, key } };
}

/** Throws ParseError when an attribute is malformed. */
export function judgeRequest(message: StunMessage, generations: readonly Generation[]): JudgedRequest {
  const fragment = localFragment(message.bytes);
  if (fragment === undefined) return refused(400);
  const generation = generations.find(({ local }) => local.ufrag === fragment);
  if (generation === undefined) return refused(401);
  const integrity = checkIntegrity(message, generation.localKey);
  if (integrity !== "right") return refused(integrity === "missing" ? 400 : 401);
  const unknown = unknownRequired(message);
  if (unknown.length > 0) return refused(420, generation.localKey, unknown);
  const priority = findAttribute(message, attributeType.priority);
  const controlling = findAttribute(message, attributeType.iceControlling);
  const controlled = findAttribute(message, attributeType.iceControlled);
  const tieBreaker = controlling ?? controlled;
  return {
    kind: "accepted",
    request: {
      generation,
      priority: priority === undefined ? 0 : parseNumber(priority, "PRIORITY"),
      useCandidate: findAttribute(message, attributeType.useCandidate) !== undefined,
      role: controlling !== undefined ? "controlling" : controlled !== undefined ? "controlled" : null,
      tieBreaker: tieBreaker === undefined ? 0n : parseTieBreaker(tieBreaker),
    },
  };
}

export function successResponse(message: StunMessage, from: NetAddress, key: Uint8Array): Uint8Array {
  const { transactionId } = message;
  const mapped = addressAttribute(attributeType.xorMappedAddress, from, transactionId);
  return serializeStun(
    { method: stunMethod.binding, class: "success", transactionId, attributes: [mapped] },
    { key, fingerprint: true },
  );
}

export function errorResponse(message: StunMessage, refusal: Refusal): Uint8Array {
  const { code, unknown, key } = refusal;
  const attributes: StunAttribute[] = [errorCodeAttribute({ code, reason: reasons[code] })];
  if (unknown.length > 0) attributes.push(unknownAttributesAttribute(unknown));
  const { transactionId } = message;
  return serializeStun({ method: stunMethod.binding, class: "error", transactionId, attributes }, {
    key,
    fingerprint: true,
  });
}
