import type { Logger } from "../base/logger.ts";
import { anyNetworkContains, type Network, parseNetwork } from "../net/networks.ts";
import { Argon2Checker } from "./argon2_checker.ts";
import type { AuthRequest, Credentials } from "./contracts.ts";
import { checkCredential, isHashed } from "./credential.ts";
import { compilePermissions, type Permission, type PermissionTest } from "./permission.ts";

/** An entry of `authInternalUsers`. User `any` needs no credentials, an empty `pass` accepts every password. */
export interface InternalUser {
  /** Plain, `sha256:` or `argon2:`. */
  readonly user: string;
  /** Plain, `sha256:` or `argon2:`. */
  readonly pass: string;
  /** IPs or networks; empty means from anywhere. */
  readonly ips: readonly string[];
  /** Empty grants nothing. */
  readonly permissions: readonly Permission[];
}

interface CompiledUser {
  readonly user: string;
  readonly pass: string;
  readonly networks: readonly Network[];
  readonly allows: PermissionTest;
}

/** The users of the configuration. The first entry that fits by address, permission and credentials lets in. */
export class InternalUsers {
  readonly #argon2 = new Argon2Checker();
  #users: readonly CompiledUser[];

  constructor(users: readonly InternalUser[], private readonly logger: Logger) {
    this.#users = this.#compile(users);
  }

  /** Applies to every request from now on, also to those whose password is being checked. */
  reload(users: readonly InternalUser[]): void {
    this.#users = this.#compile(users);
  }

  async accepts(request: AuthRequest): Promise<boolean> {
    for (;;) {
      const users = this.#users;
      const accepted = await this.#anyAccepts(users, request);
      if (users === this.#users) return accepted;
    }
  }

  close(): Promise<void> {
    return this.#argon2.close();
  }

  #compile(users: readonly InternalUser[]): readonly CompiledUser[] {
    return users.map((user) => ({
      user: user.user,
      pass: user.pass,
      networks: user.ips.map(parseNetwork),
      allows: compilePermissions(user.permissions, this.logger),
    }));
  }

  async #anyAccepts(users: readonly CompiledUser[], request: AuthRequest): Promise<boolean> {
    for (const user of users) {
      if (user.networks.length > 0 && !anyNetworkContains(user.networks, request.ip)) continue;
      if (!user.allows(request.action, request.path)) continue;
      if (user.user === "any" || await this.#knows(user, request.credentials)) return true;
    }
    return false;
  }

  async #knows(user: CompiledUser, credentials: Credentials): Promise<boolean> {
    if (credentials.verify !== undefined) {
      if (isHashed(user.user) || isHashed(user.pass)) return false;
      return credentials.verify(user.user, user.pass);
    }
    return await checkCredential(user.user, credentials.user, this.#argon2) &&
      await checkCredential(user.pass, credentials.pass, this.#argon2);
  }
}
