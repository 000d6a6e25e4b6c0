/** What the API and the metrics tell of sessions. */
import type { IceDiagnosis } from "./contracts.ts";
import type { SideStats } from "./side.ts";

/** A session that found no way to its client. */
export interface WebrtcFailure {
  /** UUID of the session. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `ip:port` of the request that had created it. */
  readonly remoteAddr: string;
  readonly state: "read" | "publish";
  /** Name of the path. */
  readonly path: string;
  readonly diagnosis: IceDiagnosis;
}

/** One session. */
export interface WebrtcSessionSnapshot extends SideStats {
  /** UUID. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** `ip:port` of the request that has created it. */
  readonly remoteAddr: string;
  /** Media can flow. */
  readonly peerConnectionEstablished: boolean;
  /** `type/protocol/address/port`; empty before the connection is there. */
  readonly localCandidate: string;
  /** As `localCandidate`. */
  readonly remoteCandidate: string;
  readonly state: "read" | "publish";
  /** Name of the path. */
  readonly path: string;
  /** Of the request that has created it. */
  readonly query: string;
  /** Empty when nobody asked for a name. */
  readonly user: string;
  /** As the client calls itself. */
  readonly userAgent: string;
  /** What ICE has tried, in plain words; empty when all is well. */
  readonly iceAdvice: readonly string[];
}
