/** A real server with real paths and real authentication, on a free port of the loopback interface. */
import { AuthManager } from "../../../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../../../src/base/logger.ts";
import type { GlobalValues } from "../../../../src/conf/mod.ts";
import { CertificateStore } from "../../../../src/net/certificates.ts";
import { createSelfSignedCertificate } from "../../../../src/net/self_signed.ts";
import { LivePaths } from "../../../../src/paths/manager.ts";
import type { CreateOnDemandSource } from "../../../../src/paths/path.ts";
import type { RtmpConn } from "../../../../src/protocols/rtmp/conn.ts";
import { RtmpServer } from "../../../../src/protocols/rtmp/mod.ts";
import { match } from "../../../support/assert.ts";
import { confOf, type Entries } from "../../../paths/support.ts";
import { guarded } from "../../../support/guarded.ts";

export interface ServerOptions {
  readonly entries?: Entries;
  readonly globals?: Partial<GlobalValues>;
  readonly secure?: boolean;
  readonly createOnDemandSource?: CreateOnDemandSource;
}

const hour = 3_600_000;

export class TestServer implements AsyncDisposable {
  /** `level text` of each line. */
  readonly log: string[] = [];
  /** PEM; what clients of a secure server trust. */
  readonly certificate: string;
  readonly paths: LivePaths;
  readonly #waiters: { pattern: RegExp; found: (line: string) => void }[] = [];
  readonly #auth: AuthManager;
  readonly #server: RtmpServer;

  constructor(options: ServerOptions = {}) {
    const { entries = { all_others: {} }, globals = {}, secure = false, createOnDemandSource } = options;
    const local = "127.0.0.1:0";
    const conf = confOf(entries, { rtmpAddress: local, rtmpsAddress: local, ...globals });
    const logger = createLogger((level, text) => this.#logged(`${level} ${text}`), () => true);
    this.#auth = new AuthManager(conf, silentLogger, () => 0);
    this.paths = new LivePaths({ conf, auth: this.#auth, logger, createOnDemandSource });
    const now = Date.now();
    const certificate = createSelfSignedCertificate({
      commonName: "localhost",
      hosts: ["127.0.0.1"],
      notBefore: now - hour,
      notAfter: now + hour,
    });
    this.certificate = certificate.certificate;
    const certificates = secure ? new CertificateStore(certificate) : null;
    this.#server = RtmpServer.start({ conf, logger, pathManager: this.paths, certificates });
  }

  get port(): number {
    return this.#server.address.port;
  }

  get conns(): RtmpConn[] {
    return [...this.#server.conns];
  }

  #logged(line: string): void {
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

  /** Waits for what comes with a log line. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<string>((found) => this.#waiters.push({ pattern: /^/, found }));
  }

  lines(pattern: RegExp): string[] {
    return this.log.filter((line) => pattern.test(line));
  }

  /** What the server's timer does, as if it were that much later. */
  checkAfter(ms: number): void {
    const later = performance.now() + ms;
    for (const conn of this.conns) conn.check(later);
  }

  /** Ends the server alone; the paths stay. */
  close(): Promise<void> {
    return this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.paths.close();
    await this.#auth.close();
    for (const line of this.log) match(line, /^(debug|info|warn)/, "the server has met a defect");
  }
}
