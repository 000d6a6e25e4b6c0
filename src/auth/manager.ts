import { pause } from "../base/scope.ts";
import type { Logger } from "../base/logger.ts";
import { RateLimitedReport } from "../base/rate_limited.ts";
import { Attempts } from "./attempts.ts";
import { AuthError, type AuthGrant, type AuthRequest } from "./contracts.ts";
import type { Decider } from "./decider.ts";
import { HttpCallback, type HttpCallbackOptions } from "./http_callback.ts";
import { type InternalUser, InternalUsers } from "./internal.ts";
import { type JwtOptions, JwtTokens } from "./jwt.ts";
import { Refused } from "./refused.ts";
import { areEmpty, findToken } from "./token.ts";

/** The longest wait before a refusal is answered, for those who are not known to guess. */
const maxRefusalDelayMs = 4000;
/** Between two lines about refusals that no protocol logs. */
const reportPeriodMs = 10_000;

/** The keys of the configuration that matter here. */
export interface AuthOptions extends HttpCallbackOptions, JwtOptions {
  /** Who decides. */
  readonly authMethod: "internal" | "http" | "jwt";
  /** Users of the method `internal`. */
  readonly authInternalUsers: readonly InternalUser[];
  /** Tokens may be in the query of HTTP requests. */
  readonly authJWTInHTTPQuery: boolean | undefined;
}

/** A change of one of them makes the method anew. */
const keysOf: Readonly<Record<"http" | "jwt", readonly (keyof AuthOptions)[]>> = {
  http: ["authHTTPAddress", "authHTTPFingerprint", "authHTTPExclude", "readTimeout"],
  jwt: [
    "authJWTJWKS",
    "authJWTJWKSFingerprint",
    "authJWTClaimKey",
    "authJWTExclude",
    "authJWTIssuer",
    "authJWTAudience",
    "authJWTInHTTPQuery",
    "readTimeout",
  ],
};

/** Decides about every request that names a path or an administrative server. Owned by the app; `close` ends it. */
export class AuthManager {
  readonly #users: InternalUsers;
  readonly #attempts = new Attempts();
  readonly #closing = new AbortController();
  readonly #unavailable: RateLimitedReport;
  /** The requests of what was replaced are decided anew. */
  #decider: Decider;
  #options: AuthOptions;

  /** `now`: milliseconds since 1970. */
  constructor(
    options: AuthOptions,
    private readonly logger: Logger,
    /** In 0 ≤ x < 1; decides how long refusals wait. */
    private readonly random: () => number = Math.random,
    private readonly now: () => number = Date.now,
  ) {
    this.#options = options;
    this.#users = new InternalUsers(options.authInternalUsers, logger);
    this.#decider = this.#createDecider();
    this.#unavailable = new RateLimitedReport(
      logger,
      (count, last) => `authentication is not possible: ${last}${count > 1 ? ` (${count} times)` : ""}`,
      reportPeriodMs,
    );
  }

  /** Throws `AuthError`. May take a while when there were many failures from the same address. */
  async authenticate(request: AuthRequest): Promise<AuthGrant> {
    const turn = this.#attempts.turn(request, this.#tokenOf(request), this.now());
    if (turn.kind === "refuse") throw this.#error(request, new Refused("denied", turn.reason));
    const end = this.#attempts.begin(request.ip);
    try {
      await pause(turn.waitMs, this.#closing.signal);
      return await this.#decide(request);
    } finally {
      end();
    }
  }

  /** Anew when the method was replaced meanwhile. */
  async #decide(request: AuthRequest): Promise<AuthGrant> {
    for (;;) {
      const decider = this.#decider;
      try {
        const grant = await decider.decide(request, this.#tokenOf(request));
        if (decider !== this.#decider) continue;
        this.#attempts.succeeded(request, this.#tokenOf(request), this.now());
        return grant;
      } catch (error) {
        if (decider !== this.#decider) continue;
        if (error instanceof Refused) throw this.#error(request, error);
        throw error;
      }
    }
  }

  /** 0…4 seconds, drawn anew by each call: neither guessing nor measuring the answer's time pays. */
  refusalDelayMs(): number {
    return this.random() * maxRefusalDelayMs;
  }

  /** Fetches the keys of JWTs anew for the next token. */
  refreshKeys(): void {
    if (this.#decider instanceof JwtTokens) this.#decider.refresh();
  }

  /** Applies to every request from now on, also to those that are being decided. Sessions stay as they are. */
  reload(options: AuthOptions): void {
    const before = this.#options;
    this.#options = options;
    this.#users.reload(options.authInternalUsers);
    this.#attempts.forgetWrong();
    if (isSameMethod(before, options)) return;
    const replaced = this.#decider;
    this.#decider = this.#createDecider();
    void replaced.close();
  }

  /** Ends the thread that checks passwords and the requests to other servers; those that wait for them are refused. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#decider.close();
    await this.#users.close();
  }

  #createDecider(): Decider {
    switch (this.#options.authMethod) {
      case "internal":
        return new ByUsers(this.#users);
      case "http":
        return new HttpCallback(this.#options, this.logger);
      case "jwt":
        return new JwtTokens(this.#options, this.logger, this.now);
    }
  }

  #tokenOf(request: AuthRequest): string {
    const { authMethod, authJWTInHTTPQuery } = this.#options;
    if (authMethod === "internal") return request.credentials.token;
    return findToken(request, authMethod === "jwt" && authJWTInHTTPQuery === true);
  }

  #error(request: AuthRequest, { kind, message }: Refused): AuthError {
    const token = this.#tokenOf(request);
    const now = this.now();
    const challenge = areEmpty(request.credentials, token);
    if (kind === "guess" && !challenge) this.#attempts.failed(request, token, now);
    // Protocols log nothing of a challenge.
    if (kind === "unavailable" && challenge) this.#unavailable.report(now, message);
    const delayMs = challenge ? 0 : this.refusalDelayMs() + this.#attempts.extraDelayMs(request.ip, now);
    return new AuthError(message, challenge, delayMs);
  }
}

/** The method `internal`. Its users live as long as the manager, since checked passwords are remembered. */
class ByUsers implements Decider {
  constructor(private readonly users: InternalUsers) {}

  async decide(request: AuthRequest): Promise<AuthGrant> {
    if (await this.users.accepts(request)) return { user: request.credentials.user, expiresAt: null };
    throw new Refused("guess", "authentication failed");
  }

  close(): void {}
}

function isSameMethod(before: AuthOptions, after: AuthOptions): boolean {
  const { authMethod } = after;
  if (before.authMethod !== authMethod) return false;
  if (authMethod === "internal") return true;
  return keysOf[authMethod].every((key) => JSON.stringify(before[key]) === JSON.stringify(after[key]));
}
