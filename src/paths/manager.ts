import type { AuthAction, AuthGrant, AuthManager } from "../auth/mod.ts";
import { UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { type Conf, findPathConf, type FoundPathConf, type PathConf } from "../conf/mod.ts";
import { type ConnectionInfo, Hooks } from "../hooks/mod.ts";
import type { RtpMedia } from "../rtp/format.ts";
import { compareConfs, isOnDemandName } from "./conf_change.ts";
import {
  AuthError,
  type Described,
  type PathAccess,
  type PathManager,
  type Publisher,
  type PublisherSeat,
  type Reader,
  type ReaderSeat,
  type StreamWatcher,
} from "./contracts.ts";
import {
  type CreateOnDemandSource,
  type CreateSource,
  expiredText,
  LivePath,
  type PathSnapshot,
} from "./path.ts";
import { fillSourceUrl } from "./source_url.ts";

/** Room for the RTP header inside a UDP packet, and for the authentication tag that SRTP adds. */
const rtpHeaderSize = 12;
const srtpOverhead = 10;

/** What live paths are made of. */
export interface LivePathsOptions {
  /** The configuration to begin with; see `reload`. */
  readonly conf: Conf;
  /** Decides who may read and publish; is not closed by the paths. */
  readonly auth: AuthManager;
  /** Each path puts its name in front of its lines. */
  readonly logger: Logger;
  /** Runs commands and tells of events; is not closed by the paths. Without, the paths have their own. */
  readonly hooks?: Hooks;
  /** In place of the command of `runOnDemand`, when it gives something. */
  readonly createOnDemandSource?: CreateOnDemandSource;
  /** Without it, paths whose source is a URL answer that there is no stream. */
  readonly createSource?: CreateSource;
}

/**
 * The live paths of a configuration. Entries with a plain name live from the start; the others make a path when
 * somebody asks for one, and it goes when nobody uses it. Owned by the app, which closes it.
 */
export class LivePaths implements PathManager {
  readonly #paths = new Map<string, LivePath>();
  readonly #watchers = new Set<StreamWatcher>();
  /** Paths that have not released everything yet. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #hooks: Hooks;
  /** By the very access: gone with it. */
  readonly #grants = new WeakMap<PathAccess, AuthGrant>();
  #conf: Conf;
  #closed = false;

  /** Makes the paths with plain names. */
  constructor(private readonly options: LivePathsOptions) {
    const { conf, logger } = options;
    this.#conf = conf;
    this.#hooks = options.hooks ?? new Hooks({ conf, logger });
    this.#createPlain();
  }

  async authorize(access: PathAccess, action: "publish" | "read"): Promise<PathConf> {
    await this.#authenticate(access, action);
    return findPathConf(this.#conf, access.name).conf;
  }

  async describe(access: PathAccess): Promise<Described> {
    await this.#authenticate(access, "read");
    return this.#act(access, (path) => path.describe(access.query, access.signal));
  }

  async addReader(access: PathAccess, reader: Reader, authorized = false): Promise<ReaderSeat> {
    if (!authorized) await this.#authenticate(access, "read");
    const expiresAt = this.#expiryOf(access);
    return this.#act(access, (path) => path.addReader(reader, access.query, access.signal, expiresAt));
  }

  addPublisher(
    access: PathAccess,
    publisher: Publisher,
    medias: readonly RtpMedia[],
    conf: PathConf,
  ): Promise<PublisherSeat> {
    return this.#act(access, (path) => {
      if (compareConfs(conf, path.conf) !== "same") throw new UserError("configuration has changed");
      return path.addPublisher(publisher, medias, access.query, this.#expiryOf(access));
    });
  }

  grantOf(access: PathAccess): AuthGrant {
    return access.grant ?? this.#grants.get(access) ?? { user: access.credentials.user, expiresAt: null };
  }

  watchStreams(watcher: StreamWatcher): () => void {
    for (const path of this.#paths.values()) {
      if (path.snapshot().availableTime !== null) watcher(path.name, path.conf);
    }
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  connected(conn: ConnectionInfo): () => void {
    return this.#hooks.connected(conn);
  }

  /** Sorted by name. */
  list(): PathSnapshot[] {
    const names = [...this.#paths.keys()].sort();
    return names.flatMap((name) => this.get(name) ?? []);
  }

  /** Null when no such path lives. */
  get(name: string): PathSnapshot | null {
    return this.#paths.get(name)?.snapshot() ?? null;
  }

  /**
   * Paths whose configuration is the same or differs in hot keys only are kept with all their clients, the others are
   * closed; plain names are made anew.
   */
  reload(conf: Conf): void {
    this.#conf = conf;
    for (const path of [...this.#paths.values()]) {
      const found = this.#findConf(path.name);
      if (found === null) this.#close(path, "path is not configured anymore");
      else if (this.#mustRestart(path, found)) this.#close(path, "configuration has changed");
      else path.updateConf(found.conf);
    }
    this.#createPlain();
  }

  /** Closes every path with its clients; requests that wait or come later fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const paths = [...this.#paths.values()];
    this.#paths.clear();
    await Promise.all([...this.#closing.values(), ...paths.map((path) => path.close("terminated"))]);
    if (this.options.hooks === undefined) await this.#hooks.close(0);
  }

  /** An unknown name is told before anybody is asked for credentials. */
  async #authenticate(access: PathAccess, action: AuthAction): Promise<void> {
    this.#checkOpen();
    findPathConf(this.#conf, access.name);
    const { name: path, query, protocol, id, ip, userAgent, credentials } = access;
    const request = { action, path, query, protocol, id, ip, userAgent, credentials };
    try {
      this.#grants.set(access, await this.options.auth.authenticate(request));
    } catch (error) {
      if (error instanceof AuthError && !error.challenge) {
        this.#hooks.refused({ action, path, protocol, ip, user: credentials.user, reason: error.message });
      }
      throw error;
    }
    this.#checkOpen();
  }

  /** Whose token has expired meanwhile must not drive out another publisher. */
  #expiryOf(access: PathAccess): number | null {
    const { expiresAt } = this.grantOf(access);
    if (expiresAt !== null && expiresAt <= Date.now()) throw new UserError(expiredText);
    return expiresAt;
  }

  /** Looks the path up anew: the configuration may have changed while the client was authenticated. */
  async #act<T>(access: PathAccess, action: (path: LivePath) => T | Promise<T>): Promise<T> {
    this.#checkOpen();
    const found = findPathConf(this.#conf, access.name);
    const path = this.#paths.get(access.name) ?? this.#create(access.name, found.conf, found.groups);
    try {
      return await action(path);
    } finally {
      path.settle();
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new UserError("terminated");
  }

  /** The same source may lead elsewhere when another expression has found the path: its groups are other ones. */
  #mustRestart(path: LivePath, { conf, groups }: FoundPathConf): boolean {
    return compareConfs(path.conf, conf) === "restart" ||
      fillSourceUrl(path.conf.source, path.groups, "") !== fillSourceUrl(conf.source, groups, "");
  }

  #findConf(name: string): FoundPathConf | null {
    try {
      return findPathConf(this.#conf, name);
    } catch {
      return null;
    }
  }

  #createPlain(): void {
    for (const conf of this.#conf.paths.values()) {
      if (!isOnDemandName(conf) && !this.#paths.has(conf.name)) this.#create(conf.name, conf, []);
    }
  }

  #create(name: string, conf: PathConf, groups: readonly string[]): LivePath {
    const path = new LivePath({
      name,
      conf,
      groups,
      logger: this.options.logger,
      hooks: this.#hooks,
      maxRtpPayload: () => this.#maxRtpPayload(),
      createOnDemandSource: this.options.createOnDemandSource ?? (() => null),
      createSource: this.options.createSource ?? (() => null),
      predecessor: this.#closing.get(name) ?? Promise.resolve(),
      globalConf: () => this.#conf,
      onUnused: () => {
        if (isOnDemandName(path.conf)) this.#close(path, "not in use");
      },
      onStream: () => {
        for (const watcher of [...this.#watchers]) watcher(name, path.conf);
      },
    });
    this.#paths.set(name, path);
    return path;
  }

  #close(path: LivePath, reason: string): void {
    if (this.#paths.get(path.name) === path) this.#paths.delete(path.name);
    const before = this.#closing.get(path.name) ?? Promise.resolve();
    const closed = Promise.all([before, path.close(reason)]).then(() => {
      if (this.#closing.get(path.name) === closed) this.#closing.delete(path.name);
    });
    this.#closing.set(path.name, closed);
  }

  #maxRtpPayload(): number {
    const { udpMaxPayloadSize, rtspEncryption } = this.#conf;
    return udpMaxPayloadSize - rtpHeaderSize - (rtspEncryption === "no" ? 0 : srtpOverhead);
  }
}
