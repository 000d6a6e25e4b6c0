/** A real server with real paths and real authentication, on free ports of the loopback interface. */
import { AuthManager } from "../../../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../../../src/base/logger.ts";
import type { GlobalValues } from "../../../../src/conf/mod.ts";
import { CertificateStore } from "../../../../src/net/certificates.ts";
import { createSelfSignedCertificate } from "../../../../src/net/self_signed.ts";
import { LivePaths } from "../../../../src/paths/manager.ts";
import type { CreateOnDemandSource } from "../../../../src/paths/path.ts";
import { RtspServer } from "../../../../src/protocols/rtsp/mod.ts";
import type { RtspSession } from "../../../../src/protocols/rtsp/session.ts";
import { match } from "../../../support/assert.ts";
import { confOf, type Entries } from "../../../paths/support.ts";
import { guarded } from "../../../support/guarded.ts";
import { Inbox } from "./waiting.ts";

export interface ServerOptions {
  readonly entries?: Entries;
  readonly globals?: Partial<GlobalValues>;
  readonly secure?: boolean;
  readonly createOnDemandSource?: CreateOnDemandSource;
}

const local = "127.0.0.1:0";
const hour = 3_600_000;

export class TestServer implements AsyncDisposable {
  /** `level text` of each line. */
  readonly log = new Inbox<string>();
  /** PEM; what clients of a secure server trust. */
  certificate = "";
  #server!: RtspServer;
  #paths!: LivePaths;
  #auth!: AuthManager;
  #port = 0;

  private constructor(readonly secure: boolean) {}

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const { entries = { all_others: {} }, globals = {}, secure = false, createOnDemandSource } = options;
    const test = new TestServer(secure);
    const conf = confOf(entries, {
      rtspAddress: local,
      rtspsAddress: local,
      rtpAddress: local,
      rtcpAddress: local,
      srtpAddress: local,
      srtcpAddress: local,
      ...(secure ? { rtspEncryption: "optional" } : {}),
      ...globals,
    });
    const logger = createLogger((level, text) => test.log.push(`${level} ${text}`), () => true);
    test.#auth = new AuthManager(conf, silentLogger, () => 0);
    test.#paths = new LivePaths({ conf, auth: test.#auth, logger, createOnDemandSource });
    const now = Date.now();
    const certificate = createSelfSignedCertificate({
      commonName: "localhost",
      hosts: ["127.0.0.1"],
      notBefore: now - hour,
      notAfter: now + hour,
    });
    test.certificate = certificate.certificate;
    const certificates = secure ? new CertificateStore(certificate) : null;
    test.#server = await RtspServer.start({ conf, logger, pathManager: test.#paths, certificates });
    const found = /on 127\.0\.0\.1:(\d+) \(TCP/.exec(await test.line(/started with listeners/));
    test.#port = Number(found![1]);
    return test;
  }

  get port(): number {
    return this.#port;
  }

  get paths(): LivePaths {
    return this.#paths;
  }

  get sessions(): RtspSession[] {
    return [...this.#server.sessions];
  }

  get snapshots() {
    const { sessionSnapshots: sessions, connSnapshots: conns } = this.#server;
    return { sessions, conns };
  }

  kick(id: string): boolean {
    return this.#server.kickSession(id);
  }

  url(path: string): string {
    return `${this.secure ? "rtsps" : "rtsp"}://127.0.0.1:${this.port}/${path}`;
  }

  /** The first line that matches, as soon as it is there. */
  async line(pattern: RegExp): Promise<string> {
    const find = () => this.log.all.find((line) => pattern.test(line));
    await this.log.until(`a log line like ${pattern}`, () => find() !== undefined);
    return find()!;
  }

  /** Waits for something that comes with a log line. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.log.until(what, condition);
  }

  lines(pattern: RegExp): string[] {
    return this.log.all.filter((line) => pattern.test(line));
  }

  /** What the server's timer does, as if it were that much later. */
  checkAfter(ms: number): void {
    const later = Date.now() + ms;
    for (const conn of [...this.#server.conns]) conn.check(performance.now() + ms);
    for (const session of this.sessions) session.check(later);
  }

  /** Ends the server alone; the paths stay. */
  async closeServer(): Promise<void> {
    await guarded("the server to close", this.#server.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeServer();
    await this.#paths.close();
    await this.#auth.close();
    for (const line of this.log.all) match(line, /^(debug|info|warn)/, "the server has met a defect");
  }
}
