/** Requests to a TURN server: repeated over UDP, authenticated with what the server asks for (RFC 8489 §9.2). */
import {
  attributeType,
  findAttribute,
  serializeStun,
  type StunAttribute,
  type StunMessage,
} from "../wire/stun.ts";
import { checkIntegrity, longTermKey } from "../wire/stun_integrity.ts";
import { parseErrorCode, parseText, type StunErrorCode, textAttribute } from "../wire/stun_values.ts";

/** First repetition over UDP; doubled each time. */
const repeatMs = 500;
const maxAttempts = 5;
/** How long an answer over TCP may take. */
const streamWaitMs = 10_000;
/** Challenges that one request answers. */
const maxChallenges = 3;
/** Requests without an answer. */
export const maxOpenRequests = 1024;

/** `error` is null when no answer came. */
export type TurnResult =
  | { readonly ok: true; readonly message: StunMessage }
  | { readonly ok: false; readonly error: StunErrorCode | null };

interface OpenRequest {
  readonly method: number;
  readonly attributes: (transactionId: Uint8Array) => readonly StunAttribute[];
  readonly onResult: (result: TurnResult, now: number) => void;
  readonly challenges: number;
  readonly bytes: Uint8Array;
  readonly key: Uint8Array | undefined;
  attempts: number;
  dueAt: number;
}

export interface TurnRequestOptions {
  readonly username: string;
  readonly password: string;
  /** Over TCP or TLS nothing is repeated. */
  readonly stream: boolean;
  readonly newTransactionId: () => Uint8Array;
  readonly send: (bytes: Uint8Array) => void;
}

export class TurnRequests {
  readonly #open = new Map<string, OpenRequest>();
  #realm = "";
  #nonce: Uint8Array = new Uint8Array(0);
  #key: Uint8Array | undefined;

  constructor(private readonly options: TurnRequestOptions) {}

  /** False when too many wait already. */
  request(
    method: number,
    attributes: OpenRequest["attributes"],
    now: number,
    onResult: OpenRequest["onResult"],
    challenges = 0,
  ): boolean {
    if (this.#open.size >= maxOpenRequests) return false;
    const { stream, newTransactionId, send } = this.options;
    const transactionId = newTransactionId();
    const bytes = this.#serialize(method, transactionId, attributes(transactionId));
    this.#open.set(transactionId.join(), {
      method,
      attributes,
      onResult,
      challenges,
      bytes,
      key: this.#key,
      attempts: 1,
      dueAt: now + (stream ? streamWaitMs : repeatMs),
    });
    send(bytes);
    return true;
  }

  #serialize(method: number, transactionId: Uint8Array, attributes: readonly StunAttribute[]): Uint8Array {
    const key = this.#key;
    const credentials: StunAttribute[] = key === undefined ? [] : [
      textAttribute(attributeType.username, this.options.username),
      textAttribute(attributeType.realm, this.#realm),
      { type: attributeType.nonce, value: this.#nonce },
    ];
    return serializeStun(
      { method, class: "request", transactionId, attributes: [...attributes, ...credentials] },
      { key, fingerprint: true },
    );
  }

  /** An answer of the server. Throws ParseError. */
  receive(message: StunMessage, now: number): void {
    const id = message.transactionId.join();
    const open = this.#open.get(id);
    if (open === undefined || open.method !== message.method) return;
    if (message.class === "success") {
      if (open.key !== undefined && checkIntegrity(message, open.key) !== "right") return;
      this.#open.delete(id);
      return open.onResult({ ok: true, message }, now);
    }
    const value = findAttribute(message, attributeType.errorCode);
    if (message.class !== "error" || value === undefined) return;
    const error = parseErrorCode(value);
    this.#open.delete(id);
    const challenged = error.code === 401 && open.key === undefined || error.code === 438;
    if (challenged && open.challenges < maxChallenges && this.#takeChallenge(message)) {
      this.request(open.method, open.attributes, now, open.onResult, open.challenges + 1);
    } else open.onResult({ ok: false, error }, now);
  }

  #takeChallenge(message: StunMessage): boolean {
    const realm = findAttribute(message, attributeType.realm);
    const nonce = findAttribute(message, attributeType.nonce);
    if (nonce === undefined) return false;
    parseText(nonce, "NONCE");
    if (realm !== undefined) this.#realm = parseText(realm, "REALM");
    this.#nonce = nonce.slice();
    this.#key = longTermKey(this.options.username, this.#realm, this.options.password);
    return true;
  }

  tick(now: number): void {
    for (const [id, open] of this.#open) {
      if (now < open.dueAt) continue;
      if (this.options.stream || open.attempts >= maxAttempts) {
        this.#open.delete(id);
        open.onResult({ ok: false, error: null }, now);
        continue;
      }
      open.dueAt = now + repeatMs * 2 ** open.attempts;
      open.attempts++;
      this.options.send(open.bytes);
    }
  }

  get dueAt(): number {
    let due = Infinity;
    for (const { dueAt } of this.#open.values()) due = Math.min(due, dueAt);
    return due;
  }
}
