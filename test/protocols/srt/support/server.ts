/** A real server with real paths and real authentication, on a free port of the loopback interface. */
import { AuthManager } from "../../../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../../../src/base/logger.ts";
import type { GlobalValues } from "../../../../src/conf/mod.ts";
import { LivePaths } from "../../../../src/paths/manager.ts";
import {
  dialSrt,
  parseSrtUrl,
  type SrtClient,
  type SrtConn,
  SrtServer,
} from "../../../../src/protocols/srt/mod.ts";
import { confOf, type Entries } from "../../../paths/support.ts";
import { match } from "../../../support/assert.ts";
import { guarded } from "../../../support/guarded.ts";

export interface ServerOptions {
  readonly entries?: Entries;
  readonly globals?: Partial<GlobalValues>;
  readonly maxConnections?: number;
}

/** A client with what it has been given. */
export interface TestClient extends AsyncDisposable {
  readonly client: SrtClient;
  readonly received: Uint8Array[];
  /** Resolves with the next payload. */
  next(): Promise<Uint8Array>;
}

export class TestServer implements AsyncDisposable {
  /** `level text` of each line. */
  readonly log: string[] = [];
  readonly #waiters: { pattern: RegExp; found: (line: string) => void }[] = [];

  private constructor(readonly paths: LivePaths, private readonly auth: AuthManager) {}

  #server!: SrtServer;

  static async start(
    { entries = { all_others: {} }, globals = {}, maxConnections }: ServerOptions = {},
  ): Promise<TestServer> {
    const conf = confOf(entries, { srtAddress: "127.0.0.1:0", ...globals });
    const holder: { server?: TestServer } = {};
    const logger = createLogger((level, text) => holder.server?.logged(`${level} ${text}`), () => true);
    const auth = new AuthManager(conf, silentLogger, () => 0);
    const paths = new LivePaths({ conf, auth, logger });
    const server = holder.server = new TestServer(paths, auth);
    server.#server = await SrtServer.start({ conf, logger, pathManager: paths, maxConnections });
    return server;
  }

  get port(): number {
    return this.#server.address.port;
  }

  get conns(): SrtConn[] {
    return [...this.#server.conns];
  }

  logged(line: string): void {
    this.log.push(line);
    for (const waiter of [...this.#waiters]) {
      if (!waiter.pattern.test(line)) continue;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.found(line);
    }
  }

  /** The first line, past or to come, that matches. */
  line(pattern: RegExp): Promise<string> {
    const past = this.log.find((line) => pattern.test(line));
    if (past !== undefined) return Promise.resolve(past);
    return guarded(
      `a log line like ${pattern}`,
      new Promise((found) => this.#waiters.push({ pattern, found })),
    );
  }

  /** Connects with our own caller; `parameters` in the form of a URL. Rejects when refused. */
  async dial(parameters: string, host = "127.0.0.1"): Promise<TestClient> {
    const received: Uint8Array[] = [];
    const waiting: ((payload: Uint8Array) => void)[] = [];
    const abort = new AbortController();
    const url = `srt://${host}:${this.port}?conntimeo=60000&${parameters}`;
    const client = await dialSrt(parseSrtUrl(url), {
      udp: { readBufferSize: 0, fastPath: "auto" },
      idleTimeout: 60_000,
      signal: abort.signal,
      deliver: (payload) => {
        const first = waiting.shift();
        if (first === undefined) received.push(payload);
        else first(payload);
      },
      warn: (text) => this.logged(`warn client: ${text}`),
    });
    return {
      client,
      received,
      next: () => {
        const payload = received.shift();
        if (payload !== undefined) return Promise.resolve(payload);
        return guarded("a payload", new Promise((resolve) => waiting.push(resolve)));
      },
      async [Symbol.asyncDispose]() {
        client.close();
        await client.closed;
      },
    };
  }

  /** Ends the server alone; the paths stay. */
  close(): Promise<void> {
    return this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.paths.close();
    await this.auth.close();
    for (const line of this.log) match(line, /^(debug|info|warn)/, "the server has met a defect");
  }
}
