import type { AuthGrant, AuthRequest } from "./contracts.ts";

/** A method of authentication. */
export interface Decider {
  /** Throws `Refused`. `token`: wherever the request carries it; empty when it has none. */
  decide(request: AuthRequest, token: string): Promise<AuthGrant>;
  /** Requests that are being decided are refused. */
  close(): Promise<void> | void;
}
