import type { Logger } from "../base/logger.ts";
import { AuthError, type AuthRequest, type Credentials } from "./contracts.ts";
import { type InternalUser, InternalUsers } from "./internal.ts";

/** The longest wait before a refusal is answered. */
const maxRefusalDelayMs = 4000;

/** The keys of the configuration that matter here. */
export interface AuthOptions {
  /** Who decides. */
  readonly authMethod: "internal" | "http" | "jwt";
  /** Users of the method `internal`. */
  readonly authInternalUsers: readonly InternalUser[];
}

/** Decides about every request that names a path or an administrative server. Owned by the app; `close` ends it. */
export class AuthManager {
  readonly #users: InternalUsers;
  #method: AuthOptions["authMethod"];

  /** Logs an error when the method is one that is not built. */
  constructor(
    options: AuthOptions,
    private readonly logger: Logger,
    /** In 0 ≤ x < 1; decides how long refusals wait. */
    private readonly random: () => number = Math.random,
  ) {
    this.#method = options.authMethod;
    this.#users = new InternalUsers(options.authInternalUsers, logger);
    this.#reportMethod();
  }

  /** Throws `AuthError`. `user` is the name the client gave; it is empty when nobody asked for one. */
  async authenticate(request: AuthRequest): Promise<{ user: string }> {
    if (this.#method !== "internal") {
      throw new AuthError(
        `authentication method '${this.#method}' is not available`,
        false,
        this.refusalDelayMs(),
      );
    }
    if (await this.#users.accepts(request)) return { user: request.credentials.user };
    const challenge = areEmpty(request.credentials);
    throw new AuthError("authentication failed", challenge, challenge ? 0 : this.refusalDelayMs());
  }

  /** 0…4 seconds, drawn anew by each call: neither guessing nor measuring the answer's time pays. */
  refusalDelayMs(): number {
    return this.random() * maxRefusalDelayMs;
  }

  /** Applies to every request from now on, also to those that are being decided. */
  reload(options: AuthOptions): void {
    this.#users.reload(options.authInternalUsers);
    const changed = options.authMethod !== this.#method;
    this.#method = options.authMethod;
    if (changed) this.#reportMethod();
  }

  /** Ends the thread that checks passwords; those that wait for it are refused. */
  close(): Promise<void> {
    return this.#users.close();
  }

  #reportMethod(): void {
    if (this.#method === "internal") return;
    this.logger.error(
      `authentication method '${this.#method}' is not available yet: every request is refused`,
    );
  }
}

function areEmpty(credentials: Credentials): boolean {
  return credentials.user === "" && credentials.pass === "" && credentials.token === "" &&
    credentials.verify === undefined;
}
