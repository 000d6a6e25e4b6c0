/** What the rows of the table of components share. */
import type { ClientSources } from "../admin/clients/mod.ts";
import type { LiveStatistics } from "../admin/live/mod.ts";
import type { AuthManager } from "../auth/mod.ts";
import type { Logger } from "../base/logger.ts";
import type { Conf, ConfControl } from "../conf/mod.ts";
import type { Hooks } from "../hooks/mod.ts";
import type { LivePaths } from "../paths/mod.ts";

/** The configuration, and what rows leave for those that start later. */
export class Services {
  #hooks: Hooks | undefined;
  #auth: AuthManager | undefined;
  #paths: LivePaths | undefined;

  /** `conf` is what components start with; a change replaces it. */
  constructor(public conf: Conf, readonly logger: Logger, readonly confControl: ConfControl) {}

  /** When the process has started, in milliseconds since 1970. */
  readonly started: number = Date.now();

  /** What the servers that run tell the API and the metrics; each row writes its own fields when it starts. */
  clients: ClientSources = {};

  get hooks(): Hooks {
    return started(this.#hooks, "hooks");
  }

  set hooks(hooks: Hooks) {
    this.#hooks = hooks;
  }

  /** Settles when commands of hooks have ended, which may take longer than everything else. */
  async finish(): Promise<void> {
    await this.#hooks?.close();
  }

  /** Of the servers for operators: made by the first of them, see `rooms/live.ts`. */
  live: LiveStatistics | undefined;

  get auth(): AuthManager {
    return started(this.#auth, "authentication");
  }

  set auth(auth: AuthManager) {
    this.#auth = auth;
  }

  get paths(): LivePaths {
    return started(this.#paths, "paths");
  }

  set paths(paths: LivePaths) {
    this.#paths = paths;
  }

  /** A server that has started, or does not run, says what it has to show. */
  show(clients: ClientSources): void {
    this.clients = { ...this.clients, ...clients };
  }

  /** For a change of the configuration that may fail. */
  remember(): () => void {
    const { clients } = this;
    return () => this.clients = clients;
  }
}

function started<T>(service: T | undefined, name: string): T {
  if (service === undefined) throw new Error(`${name} is used before its row in the table of components`);
  return service;
}
