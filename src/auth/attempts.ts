/** Slows down whoever guesses, and nobody else who comes from the same address. */
import { createHmac, randomBytes } from "node:crypto";
import { ownerOf } from "../net/ip.ts";
import type { AuthRequest } from "./contracts.ts";
import { areEmpty } from "./token.ts";

/** Wrong credentials of one address that have no consequence. */
const freeFailures = 10;
/** More are not counted: an address is free again a minute and a half after it has stopped. */
const maxFailures = 25;
/**
 * Checks that run at the same time for one address; each further one counts as a failure meanwhile. All the cameras of a
 * site may come from one address, at once after an outage.
 */
const maxAtOnce = 2000;
/** One failure is forgotten after this time, then the next. */
const forgetMs = 6000;
/** Between two checks of new credentials of an address that guesses; doubled with each failure up to the maximum. */
const minPaceMs = 250;
const maxPaceMs = 2000;
/** Who would have to wait longer for its turn is refused. */
const maxWaitMs = 8000;
/** Refusals are answered that much later for each failure too many. */
const delayPerFailureMs = 500;
/** Credentials that were right go first; those that were wrong are wrong for a while. */
const rightForMs = 10 * 60_000;
const wrongForMs = 30_000;
const maxAddresses = 8192;
const maxRemembered = 4096;

/** What is to be done with a request: it may wait first, or is refused without a look. */
export type Turn = { readonly kind: "check"; readonly waitMs: number } | {
  readonly kind: "refuse";
  readonly reason: string;
};

const atOnce: Turn = { kind: "check", waitMs: 0 };

interface Guesser {
  failures: number;
  /** When `failures` was right. */
  at: number;
  /** When the next new credentials may be checked. */
  nextTurn: number;
}

/**
 * Failures are counted by address (IPv6: by network of 64 bits). Above some, credentials that have been right lately
 * are checked at once, those that have been wrong lately are refused at once, and new ones wait for their turn.
 * Needs no timer; times are in milliseconds.
 */
export class Attempts {
  readonly #key = randomBytes(32);
  readonly #guessers = new Map<string, Guesser>();
  /** By address. */
  readonly #running = new Map<string, number>();
  /** Until when. */
  readonly #right = new Map<string, number>();
  readonly #wrong = new Map<string, number>();

  /** Of a request that is about to be checked. Requests without credentials guess nothing. */
  turn(request: AuthRequest, token: string, now: number): Turn {
    const address = ownerOf(request.ip);
    const guesser = this.#guessers.get(address) ?? { failures: 0, at: now, nextTurn: now };
    const crowd = Math.max(0, (this.#running.get(address) ?? 0) + 1 - maxAtOnce);
    const excess = excessOf(guesser, now) + (crowd === 0 ? 0 : freeFailures + crowd);
    if (excess <= 0 || areEmpty(request.credentials, token)) return atOnce;
    const who = this.#digest(request, token);
    if (who !== null && isFresh(this.#right, who, now)) return atOnce;
    const what = this.#digest(request, token, `${request.action} ${request.path}`);
    if (what !== null && isFresh(this.#wrong, what, now)) {
      return { kind: "refuse", reason: "authentication failed, as a moment ago" };
    }
    const turn = Math.max(now, guesser.nextTurn);
    if (turn - now > maxWaitMs) {
      return { kind: "refuse", reason: "authentication failed too often from this address" };
    }
    guesser.nextTurn = turn + Math.min(maxPaceMs, minPaceMs * 2 ** excess);
    remember(this.#guessers, address, guesser, maxAddresses);
    return { kind: "check", waitMs: turn - now };
  }

  /** A check of credentials from this address begins; the function that is given tells its end. */
  begin(ip: string): () => void {
    const address = ownerOf(ip);
    this.#running.set(address, (this.#running.get(address) ?? 0) + 1);
    return () => {
      const others = this.#running.get(address)! - 1;
      if (others === 0) this.#running.delete(address);
      else this.#running.set(address, others);
    };
  }

  /** The credentials were right. */
  succeeded(request: AuthRequest, token: string, now: number): void {
    if (areEmpty(request.credentials, token)) return;
    const who = this.#digest(request, token);
    if (who !== null) remember(this.#right, who, now + rightForMs, maxRemembered);
  }

  /** They were wrong. */
  failed(request: AuthRequest, token: string, now: number): void {
    const address = ownerOf(request.ip);
    const guesser = this.#guessers.get(address) ?? { failures: 0, at: now, nextTurn: now };
    guesser.failures = Math.min(maxFailures, failuresOf(guesser, now) + 1);
    guesser.at = now;
    remember(this.#guessers, address, guesser, maxAddresses);
    if (excessOf(guesser, now) <= 0) return;
    const what = this.#digest(request, token, `${request.action} ${request.path}`);
    if (what !== null) remember(this.#wrong, what, now + wrongForMs, maxRemembered);
  }

  /** Passwords may be other ones now. */
  forgetWrong(): void {
    this.#wrong.clear();
  }

  /** Milliseconds by which refusals to this address are answered later than others. */
  extraDelayMs(ip: string, now: number): number {
    const guesser = this.#guessers.get(ownerOf(ip));
    return guesser === undefined ? 0 : Math.ceil(Math.max(0, excessOf(guesser, now))) * delayPerFailureMs;
  }

  /** Null for answers to a challenge, which are never the same. Memory holds no password. */
  #digest({ ip, credentials }: AuthRequest, token: string, what = ""): string | null {
    if (credentials.verify !== undefined) return null;
    const text = JSON.stringify([ip, credentials.user, credentials.pass, token, what]);
    return createHmac("sha256", this.#key).update(text).digest("base64");
  }
}

function failuresOf(guesser: Guesser, now: number): number {
  return Math.max(0, guesser.failures - Math.max(0, now - guesser.at) / forgetMs);
}

function excessOf(guesser: Guesser, now: number): number {
  return failuresOf(guesser, now) - freeFailures;
}

function isFresh(map: ReadonlyMap<string, number>, key: string, now: number): boolean {
  return (map.get(key) ?? -Infinity) > now;
}

/** It becomes the newest; the oldest one has to go when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
