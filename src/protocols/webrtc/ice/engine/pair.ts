/** Candidate pairs of one generation of credentials: RFC 8445 §6.1.2. */
import type { NetAddress } from "../../../../net/address.ts";
import type { IceCredentials } from "../../contracts.ts";
import type { IceBase } from "./base.ts";
import { shortTermKey } from "../wire/stun_integrity.ts";

/** Pairs of one generation; beyond that the worst one is forgotten. */
export const maxPairs = 64;

/** `remote` is the same object for the life of the pair: sockets remember their form of it. */
export interface Pair {
  readonly base: IceBase;
  readonly remote: NetAddress;
  readonly generation: Generation;
  remotePriority: number;
  /** What our own checks have shown; with lite, what the peer's checks have. */
  state: "waiting" | "inProgress" | "succeeded" | "failed";
  /** The peer (or we, when controlling) wants this one. */
  nominated: boolean;
  /** When the peer last nominated it. */
  nominatedAt: number;
  /** When an authenticated message last came this way. */
  heardAt: number;
  /** Made room for another one: no longer checked. */
  gone: boolean;
}

function key(base: IceBase, { ip, port }: NetAddress): string {
  return `${base.name} ${ip} ${port}`;
}

/** Credentials, and the pairs that were checked with them. A restart begins a new one (RFC 8445 §2.4). */
export class Generation {
  readonly localKey: Uint8Array;
  #remote: IceCredentials | null = null;
  #remoteKey: Uint8Array = new Uint8Array(0);
  readonly #pairs = new Map<string, Pair>();

  constructor(readonly local: IceCredentials) {
    this.localKey = shortTermKey(local.password);
  }

  get remote(): IceCredentials | null {
    return this.#remote;
  }

  get remoteKey(): Uint8Array {
    return this.#remoteKey;
  }

  setRemote(remote: IceCredentials): void {
    this.#remote = remote;
    this.#remoteKey = shortTermKey(remote.password);
  }

  get pairs(): Iterable<Pair> {
    return this.#pairs.values();
  }

  find(base: IceBase, remote: NetAddress): Pair | undefined {
    return this.#pairs.get(key(base, remote));
  }

  /** `keep` is never the one that makes room. */
  add(base: IceBase, remote: NetAddress, remotePriority: number, keep: Pair | null): Pair {
    if (this.#pairs.size >= maxPairs) this.#forgetWorst(keep);
    const pair: Pair = {
      base,
      remote,
      generation: this,
      remotePriority,
      state: "waiting",
      nominated: false,
      nominatedAt: -Infinity,
      heardAt: -Infinity,
      gone: false,
    };
    this.#pairs.set(key(base, remote), pair);
    return pair;
  }

  remove(pair: Pair): void {
    pair.gone = true;
    const at = key(pair.base, pair.remote);
    if (this.#pairs.get(at) === pair) this.#pairs.delete(at);
  }

  /** The one that has been silent for longest: those that never worked come first. */
  #forgetWorst(keep: Pair | null): void {
    let worst: Pair | null = null;
    for (const pair of this.#pairs.values()) {
      if (pair !== keep && (worst === null || pair.heardAt < worst.heardAt)) worst = pair;
    }
    if (worst !== null) this.remove(worst);
  }
}

/** RFC 8445 §6.1.2.3. */
export function pairPriority(pair: Pair, controlling: boolean): bigint {
  const ours = BigInt(pair.base.priority);
  const theirs = BigInt(pair.remotePriority);
  const [low, high] = ours < theirs ? [ours, theirs] : [theirs, ours];
  const controllingIsHigher = controlling ? ours > theirs : theirs > ours;
  return (low << 32n) + 2n * high + (controllingIsHigher ? 1n : 0n);
}
