/** What the HTTP side knows of sessions. */
import type { NetAddress } from "../../../net/address.ts";
import type { PathAccess } from "../../../paths/mod.ts";
import type { TrickleFragment } from "../negotiation/mod.ts";

/** Publishing and reading. */
export type Endpoint = "whip" | "whep";

/** A client asks for a session. */
export interface SessionRequest {
  readonly endpoint: Endpoint;
  /** With the name of the path, the query, and the id of the session to be. */
  readonly access: PathAccess & { readonly id: string };
  readonly client: NetAddress;
  /** SDP, as it came. */
  readonly offer: string;
}

/** A session, or where to ask instead. */
export type Created =
  | {
    readonly kind: "session";
    /** Names the session in its URL; whoever has it may end the session. */
    readonly secret: string;
    /** SDP. */
    readonly answer: string;
    /** Of the ICE credentials in use. */
    readonly etag: string;
  }
  /** An absolute URL, or `/path` on this server. */
  | { readonly kind: "redirect"; readonly to: string };

/** A session that exists. */
export interface LiveSession {
  /** Of the ICE credentials in use. */
  readonly etag: string;
  /** The text that answers a restart of ICE; null when only candidates were added. Throws UserError. */
  patch(fragment: TrickleFragment): Promise<string | null>;
  close(reason: string): void;
}

/** Who makes sessions and finds them. */
export interface SessionHost {
  /** Throws what `failureAnswer` knows. */
  create(request: SessionRequest): Promise<Created>;
  find(endpoint: Endpoint, path: string, secret: string): LiveSession | null;
}
