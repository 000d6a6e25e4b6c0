/**
 * Our own connectivity checks (RFC 8445 §7.2): paced, repeated, matched with their answers. Not used by lite agents.
 */
import type { NetAddress } from "../../../../net/address.ts";
import {
  attributeType,
  serializeStun,
  type StunAttribute,
  type StunMessage,
  stunMethod,
} from "../wire/stun.ts";
import { checkIntegrity } from "../wire/stun_integrity.ts";
import {
  numberAttribute,
  textAttribute,
  tieBreakerAttribute,
  useCandidateAttribute,
} from "../wire/stun_values.ts";
import type { IceBase } from "./base.ts";
import type { Generation, Pair } from "./pair.ts";

/** Between two checks (RFC 8445 §14.2, Ta). */
export const paceMs = 50;
/** First repetition (RFC 8445 §14.3, RTO); doubled each time. */
export const repeatMs = 500;
/** How often a check is sent before its pair has failed. */
export const maxAttempts = 5;
/** Checks without an answer; the oldest is given up for a new one. */
export const maxTransactions = 128;
/** How long the answer to a consent check may take: consent checks are not repeated (RFC 7675 §5.1). */
export const consentWaitMs = 5_000;

export interface Transaction {
  readonly pair: Pair;
  readonly kind: "check" | "consent";
  readonly nominates: boolean;
  readonly controlling: boolean;
  readonly bytes: Uint8Array;
  attempts: number;
  dueAt: number;
}

/** What the sender of checks says about itself. */
export interface CheckRole {
  readonly controlling: boolean;
  readonly tieBreaker: bigint;
}

/** What came of an answer; `foreign` ones are not to be believed. */
export type Answer =
  | { readonly kind: "foreign" }
  | { readonly kind: "success" | "unreachable"; readonly transaction: Transaction }
  | { readonly kind: "error"; readonly transaction: Transaction; readonly code: number };

/** Priority of a peer-reflexive candidate of the same base: what the peer shall take for us (RFC 8445 §7.1.1). */
function reflexivePriority(base: IceBase): number {
  const lower = base.priority % 2 ** 24;
  return base.kind === "relay" ? base.priority : 110 * 2 ** 24 + lower;
}

export class Checks {
  readonly #open = new Map<string, Transaction>();
  sent = 0;
  answered = 0;

  constructor(private readonly newTransactionId: () => Uint8Array) {}

  send(pair: Pair, kind: Transaction["kind"], nominates: boolean, role: CheckRole, now: number): void {
    const { generation, base, remote } = pair;
    if (generation.remote === null) return;
    const transactionId = this.newTransactionId();
    const roleType = role.controlling ? attributeType.iceControlling : attributeType.iceControlled;
    const attributes: StunAttribute[] = [
      textAttribute(attributeType.username, `${generation.remote.ufrag}:${generation.local.ufrag}`),
      tieBreakerAttribute(roleType, role.tieBreaker),
      numberAttribute(attributeType.priority, reflexivePriority(base)),
    ];
    if (nominates) attributes.push(useCandidateAttribute);
    const bytes = serializeStun(
      { method: stunMethod.binding, class: "request", transactionId, attributes },
      { key: generation.remoteKey, fingerprint: true },
    );
    if (this.#open.size >= maxTransactions) this.#open.delete(this.#open.keys().next().value ?? "");
    this.#open.set(transactionId.join(), {
      pair,
      kind,
      nominates,
      controlling: role.controlling,
      bytes,
      attempts: 1,
      dueAt: now + (kind === "check" ? repeatMs : consentWaitMs),
    });
    this.sent++;
    base.send({ bytes, sizes: [bytes.length] }, remote);
  }

  receive(base: IceBase, from: NetAddress, message: StunMessage, errorCode: number): Answer {
    const id = message.transactionId.join();
    const transaction = this.#open.get(id);
    if (transaction === undefined) return { kind: "foreign" };
    const { pair } = transaction;
    if (message.class === "success") {
      if (checkIntegrity(message, pair.generation.remoteKey) !== "right") return { kind: "foreign" };
      this.#open.delete(id);
      this.answered++;
      // RFC 8445 §7.2.5.2.1: answers must come back the way the request went.
      const symmetric = pair.base === base && pair.remote.ip === from.ip && pair.remote.port === from.port;
      return { kind: symmetric ? "success" : "unreachable", transaction };
    }
    // Errors may lack integrity: 400 and 401 do. They count only from where the request went.
    if (pair.remote.ip !== from.ip || pair.remote.port !== from.port) return { kind: "foreign" };
    this.#open.delete(id);
    return { kind: "error", transaction, code: errorCode };
  }

  /** Repeats what is due; gives the pairs whose checks are without an answer for too long. */
  tick(now: number, onGivenUp: (transaction: Transaction) => void): void {
    for (const [id, transaction] of this.#open) {
      if (transaction.pair.gone) this.#open.delete(id);
      if (transaction.pair.gone || now < transaction.dueAt) continue;
      if (transaction.kind === "consent" || transaction.attempts >= maxAttempts) {
        this.#open.delete(id);
        onGivenUp(transaction);
        continue;
      }
      const { bytes, pair } = transaction;
      transaction.dueAt = now + repeatMs * 2 ** transaction.attempts;
      transaction.attempts++;
      this.sent++;
      pair.base.send({ bytes, sizes: [bytes.length] }, pair.remote);
    }
  }

  /** Forgets checks with credentials that are no longer valid. */
  forget(generation: Generation): void {
    for (const [id, { pair }] of this.#open) if (pair.generation === generation) this.#open.delete(id);
  }

  /** When `tick` has something to do; Infinity for never. */
  get dueAt(): number {
    let due = Infinity;
    for (const { dueAt } of this.#open.values()) due = Math.min(due, dueAt);
    return due;
  }
}
