/** One endpoint: what it is called, what it takes and gives, and what it does. The OpenAPI document comes from the same rows. */
import type { ConfControl, JsonSchema } from "../../conf/mod.ts";
import type { AuthManager } from "../../auth/mod.ts";
import type { EventListeners } from "../../hooks/mod.ts";
import type { PathSnapshot } from "../../paths/mod.ts";
import type { z } from "zod";
import type { ClientSources } from "../clients/mod.ts";
import type { LiveReader } from "../live/mod.ts";

/** What the API reads and acts on. */
export interface ApiSources {
  readonly conf: ConfControl;
  readonly auth: AuthManager;
  readonly paths: { list(): readonly PathSnapshot[]; get(name: string): PathSnapshot | null };
  /** Asked at each request: servers come and go. */
  readonly clients: () => ClientSources;
  /** Absent: there is no event stream. */
  readonly events?: EventListeners;
  readonly live: LiveReader;
  /** Milliseconds since 1970. */
  readonly started: number;
}

/** A request that has passed all checks. */
export interface ApiCall {
  readonly sources: ApiSources;
  /** What stands for `{name}` or `{id}` in the path; empty when there is none. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** End of the client's right to the answer, in milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
  /** The body of PATCH and POST; throws ApiError. */
  readonly body: () => Promise<import("../../conf/mod.ts").RawMap>;
}

/** A shape with the name it has in the document. */
export type NamedSchema =
  | { readonly name: string; readonly zod: z.ZodType }
  | { readonly name: string; readonly json: JsonSchema };

/** A parameter of the query. */
export interface QueryParameter {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly description: string;
}

/** One row. */
export interface ApiRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** `{name}` stands for the rest of the path, slashes included; `{id}` for a UUID. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly query?: readonly QueryParameter[];
  readonly body?: NamedSchema;
  readonly answer: NamedSchema;
  /** Of the answer, when it is not JSON. */
  readonly contentType?: string;
  /** Statuses besides 200, 401 and 500. */
  readonly failures: readonly (400 | 404 | 503)[];
  /** Gives the answer's body, or a whole answer when it is not JSON. Throws ApiError, UserError. */
  readonly handle: (call: ApiCall) => unknown;
}
