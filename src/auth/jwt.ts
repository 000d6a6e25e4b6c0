import type { JWTPayload } from "jose";
import type { Logger } from "../base/logger.ts";
import { permissionsOf } from "./claims.ts";
import type { AuthGrant, AuthRequest } from "./contracts.ts";
import type { Decider } from "./decider.ts";
import { type Keys, KeySet } from "./key_set.ts";
import { compilePermissions, type Permission, type PermissionTest } from "./permission.ts";
import { Refused } from "./refused.ts";
import { UnknownKey, verifyToken } from "./verify_token.ts";

/** Characters; what is longer is not even looked at. */
const maxTokenLength = 64 * 1024;
/** Clocks of issuers may be ahead. */
const maxIssuedAheadMs = 60_000;

/** The keys of the configuration that matter here. */
export interface JwtOptions {
  /** Where the keys are. */
  readonly authJWTJWKS: string;
  /** SHA-256 of that server's certificate; may be empty. */
  readonly authJWTJWKSFingerprint: string;
  /** Claim with the permissions. */
  readonly authJWTClaimKey: string;
  /** What needs no token. */
  readonly authJWTExclude: readonly Permission[];
  /** Empty for any. */
  readonly authJWTIssuer: string;
  /** Empty for any. */
  readonly authJWTAudience: string;
  /** Milliseconds for fetching the keys. */
  readonly readTimeout: number;
}

/** Signed tokens (RFC 7519) say who their holder is and what he may do. */
export class JwtTokens implements Decider {
  readonly #keys: KeySet;
  readonly #isExcluded: PermissionTest;

  constructor(
    private readonly options: JwtOptions,
    private readonly logger: Logger,
    private readonly now: () => number,
  ) {
    this.#keys = new KeySet({
      url: options.authJWTJWKS,
      fingerprint: options.authJWTJWKSFingerprint,
      timeoutMs: options.readTimeout,
      now,
    });
    this.#isExcluded = compilePermissions(options.authJWTExclude, logger);
  }

  async decide(request: AuthRequest, token: string): Promise<AuthGrant> {
    const { action, path } = request;
    if (this.#isExcluded(action, path)) return { user: "", expiresAt: null };
    if (token === "") throw new Refused("denied", "JWT not provided");
    if (token.length > maxTokenLength) throw new Refused("guess", "JWT is too long");
    const payload = await this.#payload(token);
    const { iat, exp, sub } = payload;
    if (iat !== undefined && iat * 1000 > this.now() + maxIssuedAheadMs) {
      throw new Refused("denied", "token is issued in the future");
    }
    const granted = permissionsOf(payload, this.options.authJWTClaimKey).filter((one) =>
      one.action === action
    );
    if (!compilePermissions(granted, this.logger)(action, path)) {
      throw new Refused("denied", "user doesn't have permission to perform action");
    }
    return { user: typeof sub === "string" ? sub : "", expiresAt: exp === undefined ? null : exp * 1000 };
  }

  /** The keys are fetched anew for the next token. */
  refresh(): void {
    this.#keys.refresh();
  }

  close(): void {
    this.#keys.close();
  }

  async #payload(token: string): Promise<JWTPayload> {
    const keys = await this.#keys.current();
    try {
      return await this.#verify(token, keys);
    } catch (error) {
      if (!(error instanceof UnknownKey)) throw error;
      const newer = await this.#keys.newerThan(keys);
      if (newer === null) throw error;
      return await this.#verify(token, newer);
    }
  }

  #verify(token: string, keys: Keys): Promise<JWTPayload> {
    const { authJWTIssuer, authJWTAudience } = this.options;
    return verifyToken(token, keys, {
      currentDate: new Date(this.now()),
      ...(authJWTIssuer !== "" && { issuer: authJWTIssuer }),
      ...(authJWTAudience !== "" && { audience: authJWTAudience }),
    });
  }
}
