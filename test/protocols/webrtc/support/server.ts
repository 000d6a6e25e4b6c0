/** A real WebRTC server on 127.0.0.1 with real paths and real authentication. */
import { AuthManager } from "../../../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../../../src/base/logger.ts";
import type { GlobalValues } from "../../../../src/conf/mod.ts";
import { CertificateStore } from "../../../../src/net/certificates.ts";
import { LivePaths } from "../../../../src/paths/manager.ts";
import { WebrtcServer } from "../../../../src/protocols/webrtc/mod.ts";
import { confOf, type Entries } from "../../../paths/support.ts";
import { equal, match } from "../../../support/assert.ts";
import { guarded } from "../../../support/guarded.ts";

/** Only a failing test gets there. */
const limitMs = 60_000;

export interface Options {
  readonly entries?: Entries;
  readonly globals?: Partial<GlobalValues>;
  readonly certificates?: CertificateStore;
}

export class WebrtcTest implements AsyncDisposable {
  readonly #waiting = new Set<() => void>();

  private constructor(
    readonly server: WebrtcServer,
    readonly paths: LivePaths,
    readonly lines: readonly string[],
    private readonly auth: AuthManager,
    wakes: { wake: () => void },
  ) {
    wakes.wake = () => {
      for (const wake of [...this.#waiting]) wake();
    };
  }

  static async start(
    { entries = { all_others: {} }, globals = {}, certificates }: Options = {},
  ): Promise<WebrtcTest> {
    const conf = confOf(entries, {
      webrtcAddress: "127.0.0.1:0",
      webrtcLocalUDPAddress: "127.0.0.1:0",
      ...globals,
    });
    const lines: string[] = [];
    const wakes = { wake: () => {} };
    const logger = createLogger((level, text) => {
      lines.push(`${level} ${text}`);
      wakes.wake();
    }, (level) => level !== "debug");
    const auth = new AuthManager(conf, silentLogger, () => 0);
    const paths = new LivePaths({ conf, auth, logger });
    const server = await WebrtcServer.start({
      conf,
      logger,
      pathManager: paths,
      certificates: certificates ?? null,
    });
    return new WebrtcTest(server, paths, lines, auth, wakes);
  }

  get port(): number {
    return this.server.port!;
  }

  /** A line that matches, as soon as it is there. */
  line(pattern: RegExp): Promise<string> {
    const found = () => this.lines.find((line) => pattern.test(line));
    const wait = async () => {
      while (found() === undefined) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            this.#waiting.delete(wake);
            resolve();
          };
          this.#waiting.add(wake);
        });
      }
      return found()!;
    };
    return guarded(`a line like ${pattern} in\n${this.lines.join("\n")}`, wait());
  }

  /** The lines of WebRTC, with session ids and ports replaced. */
  get story(): string[] {
    return this.lines.filter((line) => line.includes("[WebRTC] [session")).map((line) =>
      line.replace(/\[WebRTC\] \[session [0-9a-f]{8}\] /, "").replace(/(127\.0\.0\.1[:/])\d+/g, "$1P")
    );
  }

  /** Until all sessions are gone, with everything that belonged to them. */
  async empty(): Promise<void> {
    const limit = Date.now() + limitMs;
    const left = () => {
      const { sessions, routes, connections } = this.server.iceStats;
      return [this.server.sessions.length, sessions, routes, connections];
    };
    while (left().some((count) => count !== 0)) {
      if (Date.now() > limit) equal(left(), [0, 0, 0, 0]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await this.paths.close();
    await this.auth.close();
    for (const line of this.lines) match(line, /^(info|warn) /, "the server has met a defect");
  }
}
