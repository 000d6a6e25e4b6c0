/**
 * Connectivity of one session: RFC 8445, lite and full, with consent (RFC 7675) and restarts. Messages and `now` (ms) come
 * in; what goes out goes through the bases. The owner calls `tick` when it is due.
 */
import { ParseError } from "../../../../base/errors.ts";
import type { NetAddress } from "../../../../net/address.ts";
import { ipText, tryParseIp } from "../../../../net/ip.ts";
import type { IceCandidate, IceCredentials, IceState } from "../../contracts.ts";
import { attributeType, findAttribute, type StunMessage, stunMethod } from "../wire/stun.ts";
import { parseErrorCode } from "../wire/stun_values.ts";
import type { IceBase } from "./base.ts";
import { type CheckRole, Checks, paceMs, type Transaction } from "./checks.ts";
import { Generation, maxPairs, type Pair, pairPriority } from "./pair.ts";
import { type CheckRequest, errorResponse, judgeRequest, successResponse } from "./requests.ts";

/** Silence of the peer's checks (lite) or of its answers after which the session is `disconnected`. */
export const disconnectedAfterMs = 8_000;
/** The same for `failed` (RFC 7675 §5.1), also without any pair from the beginning. */
export const failedAfterMs = 30_000;
/** Mean time between consent checks; each is between 0.8 and 1.2 times that (RFC 7675 §5.1). */
export const consentPeriodMs = 5_000;
/** Remote candidates of one generation; more are ignored. */
export const maxRemoteCandidates = 64;
/** How long a controlling agent waits for a better pair once it has one. */
export const nominationWaitMs = 300;
/** A peer that has stopped nominating the pair in use for this long means what it nominates now. */
const renominationMs = 1_000;
/** While something is open. */
const restingMs = 1_000;
/** Addresses that are remembered for the diagnosis. */
export const maxRequestSources = 16;

export interface AgentEvents {
  onState(state: IceState): void;
  /** An authenticated message came: what else comes this way belongs to the session. */
  onHeard(pair: Pair): void;
  /** Credentials of before a restart are no longer valid. */
  onForgotten(credentials: IceCredentials): void;
}

export interface AgentOptions {
  readonly lite: boolean;
  readonly controlling: boolean;
  readonly local: IceCredentials;
  readonly tieBreaker: bigint;
  /** 12 random bytes. */
  readonly newTransactionId: () => Uint8Array;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly events: AgentEvents;
}

/** Counted for the diagnosis. */
export interface AgentFacts {
  readonly requests: number;
  readonly refused: number;
  readonly checksSent: number;
  readonly checksAnswered: number;
  readonly requestsFrom: readonly string[];
}

export class IceAgent {
  #state: IceState = "new";
  #generation: Generation;
  #previous: Generation | null = null;
  #selected: Pair | null = null;
  #controlling: boolean;
  readonly #bases = new Set<IceBase>();
  #remoteCandidates: IceCandidate[] = [];
  readonly #checks: Checks;
  #triggered: Pair[] = [];
  #nextCheckAt = -Infinity;
  #firstValidAt: number | null = null;
  #nominating: Pair | null = null;
  #consentAt = Infinity;
  #aliveAt = Infinity;
  #requests = 0;
  #refused = 0;
  readonly #requestsFrom = new Set<string>();

  constructor(private readonly options: AgentOptions) {
    this.#generation = new Generation(options.local);
    this.#controlling = options.controlling;
    this.#checks = new Checks(options.newTransactionId);
  }

  get state(): IceState {
    return this.#state;
  }

  get selected(): Pair | null {
    return this.#selected;
  }

  get local(): IceCredentials {
    return this.#generation.local;
  }

  /** All that requests may name: two during a restart. */
  get credentials(): readonly IceCredentials[] {
    return this.#generations().map(({ local }) => local);
  }

  get controlling(): boolean {
    return this.#controlling;
  }

  get facts(): AgentFacts {
    return {
      requests: this.#requests,
      refused: this.#refused,
      checksSent: this.#checks.sent,
      checksAnswered: this.#checks.answered,
      requestsFrom: [...this.#requestsFrom],
    };
  }

  get remoteCandidates(): readonly IceCandidate[] {
    return this.#remoteCandidates;
  }

  get #role(): CheckRole {
    return { controlling: this.#controlling, tieBreaker: this.options.tieBreaker };
  }

  get #over(): boolean {
    return this.#state === "failed" || this.#state === "closed";
  }

  start(remote: IceCredentials, candidates: readonly IceCandidate[], now: number): void {
    if (this.#over) return;
    this.#generation.setRemote(remote);
    if (this.#state === "new") {
      this.#aliveAt = now;
      this.#setState("checking");
    }
    for (const candidate of candidates) this.addRemoteCandidate(candidate);
  }

  addBase(base: IceBase): void {
    if (this.#over || this.#bases.has(base)) return;
    this.#bases.add(base);
    for (const candidate of this.#remoteCandidates) this.#pairUp(base, candidate);
  }

  /** Its pairs are gone; another one that works takes over. */
  removeBase(base: IceBase): void {
    if (!this.#bases.delete(base)) return;
    for (const generation of this.#generations()) {
      for (const pair of [...generation.pairs]) if (pair.base === base) generation.remove(pair);
    }
    if (this.#nominating?.gone) this.#nominating = null;
    if (this.#selected?.base !== base) return;
    this.#selected = null;
    if (this.#state === "connected") this.#setState("disconnected");
  }

  /** Candidates that cannot be tried (names, TCP, a second component) are kept for the diagnosis only. */
  addRemoteCandidate(candidate: IceCandidate): void {
    if (this.#over || this.#remoteCandidates.length >= maxRemoteCandidates) return;
    this.#remoteCandidates.push(candidate);
    for (const base of this.#bases) this.#pairUp(base, candidate);
  }

  #pairUp(base: IceBase, { transport, host, port, component, priority }: IceCandidate): void {
    if (transport !== "udp" || base.kind === "tcp" || component !== 1 || port === 0) return;
    const ip = tryParseIp(host);
    if (ip === undefined) return;
    // As sockets write it, or answers would seem to come from somebody else.
    const remote = { ip: ipText(ip), port };
    const known = this.#generation.find(base, remote);
    if (known !== undefined) known.remotePriority = priority;
    else if (!this.options.lite && base.canReach(remote)) {
      this.#generation.add(base, remote, priority, this.#selected);
    }
  }

  /** The old credentials and pairs stay until a pair with the new ones works. */
  restart(local: IceCredentials, remote: IceCredentials, now: number): void {
    if (this.#over) return;
    if (this.#previous === null) this.#previous = this.#generation;
    else if (this.#selected?.generation === this.#generation) {
      this.#forget(this.#previous);
      this.#previous = this.#generation;
    } else this.#forget(this.#generation);
    this.#generation = new Generation(local);
    this.#generation.setRemote(remote);
    this.#remoteCandidates = [];
    this.#triggered = [];
    this.#firstValidAt = null;
    this.#nominating = null;
    if (this.#selected !== null) return;
    this.#aliveAt = now;
    this.#setState("checking");
  }

  #forget(generation: Generation): void {
    this.#checks.forget(generation);
    this.options.events.onForgotten(generation.local);
  }

  #generations(): readonly Generation[] {
    return this.#previous === null ? [this.#generation] : [this.#generation, this.#previous];
  }

  /** True when the message was proven to be the peer's. */
  receive(base: IceBase, from: NetAddress, message: StunMessage, now: number): boolean {
    if (this.#over || message.method !== stunMethod.binding) return false;
    try {
      if (message.class === "request") return this.#receiveRequest(base, from, message, now);
      if (message.class === "indication" || this.options.lite) return false;
      return this.#receiveAnswer(base, from, message, now);
    } catch (error) {
      if (error instanceof ParseError) return false;
      throw error;
    }
  }

  #receiveRequest(base: IceBase, from: NetAddress, message: StunMessage, now: number): boolean {
    const send = (bytes: Uint8Array) => base.send({ bytes, sizes: [bytes.length] }, from);
    this.#rememberSource(from);
    const judged = judgeRequest(message, this.#generations());
    if (judged.kind === "refused") {
      this.#refused++;
      send(errorResponse(message, judged.refusal));
      return false;
    }
    const { request } = judged;
    const key = request.generation.localKey;
    this.#requests++;
    if (!this.#settleRole(request)) {
      send(errorResponse(message, { code: 487, unknown: [], key }));
      return true;
    }
    send(successResponse(message, from, key));
    this.#bases.add(base);
    const pair = request.generation.find(base, from) ??
      request.generation.add(base, from, this.#priorityOf(base, from, request), this.#selected);
    pair.heardAt = now;
    this.options.events.onHeard(pair);
    const nominates = request.useCandidate && !this.#controlling;
    if (nominates) {
      pair.nominated = true;
      pair.nominatedAt = now;
    }
    if (this.options.lite) {
      pair.state = "succeeded";
      // Until the peer has decided, its first working pair carries: DTLS need not wait for the nomination.
      if (nominates || this.#selected === null) this.#consider(pair, now);
    } else if (pair.state !== "succeeded") this.#trigger(pair);
    else if (nominates) this.#consider(pair, now);
    if (pair === this.#selected) this.#alive(now);
    return true;
  }

  #rememberSource({ ip, port }: NetAddress): void {
    if (this.#requestsFrom.size < maxRequestSources) this.#requestsFrom.add(`${ip} ${port}`);
  }

  #priorityOf(base: IceBase, from: NetAddress, request: CheckRequest): number {
    const known = base.kind === "tcp"
      ? undefined
      : this.#remoteCandidates.find(({ host, port, transport }) =>
        transport === "udp" && host === from.ip && port === from.port
      );
    return known?.priority ?? request.priority;
  }

  /** RFC 8445 §7.3.1.1. False when it is the peer who must change its role. */
  #settleRole({ role, tieBreaker }: CheckRequest): boolean {
    const own = this.#controlling ? "controlling" : "controlled";
    if (role !== own) return true;
    if (this.options.lite) return false;
    const wins = this.options.tieBreaker >= tieBreaker;
    if (wins === this.#controlling) return false;
    this.#switchRole(!this.#controlling);
    return true;
  }

  #switchRole(controlling: boolean): void {
    this.#controlling = controlling;
    this.#nominating = null;
    if (!controlling) return;
    for (const pair of this.#generation.pairs) if (pair !== this.#selected) pair.nominated = false;
  }

  #trigger(pair: Pair): void {
    if (this.#triggered.includes(pair)) return;
    if (this.#triggered.length >= maxPairs) this.#triggered = this.#triggered.filter(({ gone }) => !gone);
    this.#triggered.push(pair);
  }

  #receiveAnswer(base: IceBase, from: NetAddress, message: StunMessage, now: number): boolean {
    const error = findAttribute(message, attributeType.errorCode);
    const code = error === undefined ? 0 : parseErrorCode(error).code;
    const answer = this.#checks.receive(base, from, message, code);
    if (answer.kind === "foreign") return false;
    const { pair, kind, nominates, controlling } = answer.transaction;
    if (nominates) this.#nominating = null;
    if (answer.kind === "success") {
      pair.state = "succeeded";
      pair.heardAt = now;
      this.options.events.onHeard(pair);
      if (pair === this.#selected) this.#alive(now);
      if (kind === "check") this.#afterSuccess(pair, nominates, now);
      return true;
    }
    if (answer.kind === "error" && answer.code === 487) {
      if (controlling === this.#controlling) this.#switchRole(!controlling);
      this.#trigger(pair);
    } else if (kind === "check") pair.state = "failed";
    return false;
  }

  #afterSuccess(pair: Pair, nominates: boolean, now: number): void {
    if (this.#controlling) {
      this.#firstValidAt ??= now;
      if (!nominates) return;
      pair.nominated = true;
      pair.nominatedAt = now;
    }
    if (pair.nominated) this.#consider(pair, now);
  }

  /** Whether a pair that works and is wanted takes over from the one in use. */
  #consider(pair: Pair, now: number): void {
    const current = this.#selected;
    if (pair === current) return;
    if (current !== null) {
      const newer = pair.generation === this.#generation;
      if (current.generation !== pair.generation && !newer) return;
      const better = pairPriority(pair, this.#controlling) > pairPriority(current, this.#controlling);
      const abandoned = now - current.nominatedAt > renominationMs;
      if (current.generation === pair.generation && current.nominated && !better && !abandoned) return;
    }
    this.#select(pair, now);
  }

  #select(pair: Pair, now: number): void {
    this.#selected = pair;
    if (pair.generation === this.#generation && this.#previous !== null) {
      this.#forget(this.#previous);
      this.#previous = null;
    }
    this.#consentAt = now + this.#consentDelay();
    this.#alive(now);
  }

  #consentDelay(): number {
    return consentPeriodMs * (0.8 + 0.4 * this.options.random());
  }

  #alive(now: number): void {
    this.#aliveAt = now;
    this.#setState("connected");
  }

  #setState(state: IceState): void {
    if (this.#state === state || this.#over) return;
    this.#state = state;
    this.options.events.onState(state);
  }

  /** Does what time asks for; gives the time of the next call. */
  tick(now: number): number {
    if (this.#over || this.#state === "new") return Infinity;
    this.#judgeConsent(now);
    if (this.#over) return Infinity;
    // Whole seconds: the lite sessions of a server share their wake-ups.
    if (this.options.lite) return (Math.floor(now / restingMs) + 1) * restingMs;
    this.#checks.tick(now, (transaction) => this.#giveUp(transaction));
    if (this.#controlling) this.#nominate(now);
    if (now >= this.#nextCheckAt && this.#checkNext(now)) this.#nextCheckAt = now + paceMs;
    if (this.#selected !== null && now >= this.#consentAt) {
      this.#consentAt = now + this.#consentDelay();
      this.#checks.send(this.#selected, "consent", false, this.#role, now);
    }
    const open = this.#triggered.length > 0 || this.#selected?.generation !== this.#generation ||
      this.#hasWaiting();
    const next = Math.min(open ? now + paceMs : now + restingMs, this.#checks.dueAt, this.#consentAt);
    return Math.max(next, now + 1);
  }

  #giveUp({ pair, kind, nominates }: Transaction): void {
    if (nominates) this.#nominating = null;
    if (kind === "check" && pair.state !== "succeeded") pair.state = "failed";
    // A pair that no longer answers is not nominated again before it does.
    else if (nominates) pair.state = "failed";
  }

  #hasWaiting(): boolean {
    for (const { state } of this.#generation.pairs) if (state === "waiting") return true;
    return false;
  }

  #checkNext(now: number): boolean {
    if (this.#generation.remote === null) return false;
    let pair = this.#triggered.shift();
    while (pair?.gone) pair = this.#triggered.shift();
    pair ??= this.#bestPair("waiting");
    if (pair === undefined) return false;
    if (pair.state !== "succeeded") pair.state = "inProgress";
    this.#checks.send(pair, "check", false, this.#role, now);
    return true;
  }

  #bestPair(state: Pair["state"]): Pair | undefined {
    let best: Pair | undefined;
    for (const pair of this.#generation.pairs) {
      if (pair.state !== state) continue;
      if (
        best === undefined || pairPriority(pair, this.#controlling) > pairPriority(best, this.#controlling)
      ) {
        best = pair;
      }
    }
    return best;
  }

  /** Regular nomination (RFC 8445 §8.1.1): the best pair that works, once better ones have had their time. */
  #nominate(now: number): void {
    if (this.#nominating !== null || this.#firstValidAt === null) return;
    if (this.#selected?.generation === this.#generation && this.#state === "connected") return;
    const best = this.#bestPair("succeeded");
    if (best === undefined) return;
    if (now - this.#firstValidAt < nominationWaitMs) {
      const priority = pairPriority(best, this.#controlling);
      for (const pair of this.#generation.pairs) {
        const open = pair.state === "waiting" || pair.state === "inProgress";
        if (open && pairPriority(pair, this.#controlling) > priority) return;
      }
    }
    this.#nominating = best;
    this.#checks.send(best, "check", true, this.#role, now);
  }

  #judgeConsent(now: number): void {
    const silence = now - this.#aliveAt;
    if (silence >= failedAfterMs) {
      this.#selected = null;
      this.#setState("failed");
      return;
    }
    if (this.#state !== "connected" && this.#state !== "disconnected") return;
    if (this.#selected !== null && silence < disconnectedAfterMs) return;
    const spare = this.#spare(now);
    if (spare !== null) return this.#select(spare, now);
    if (this.#state !== "connected") return;
    this.#setState("disconnected");
    for (const pair of this.#generation.pairs) {
      // The controlling side has to find out again what works.
      if (pair.state === "failed" || this.#controlling) pair.state = "waiting";
    }
  }

  /** A pair over which the peer was heard lately, although it has not nominated it. */
  #spare(now: number): Pair | null {
    let best: Pair | null = null;
    for (const pair of this.#generation.pairs) {
      if (pair.state !== "succeeded" || pair === this.#selected) continue;
      if (now - pair.heardAt < disconnectedAfterMs && pair.heardAt > (best?.heardAt ?? -Infinity)) {
        best = pair;
      }
    }
    // Without checks of its own, a full agent would keep believing in a pair that nobody has tried for long.
    return best;
  }

  /** Tells nobody. */
  close(): void {
    this.#selected = null;
    this.#state = "closed";
  }
}
