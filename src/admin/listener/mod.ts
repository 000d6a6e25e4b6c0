/** The listener that all servers for operators have in common. */
import type { Logger } from "../../base/logger.ts";
import { productName } from "../../base/product.ts";
import type { Conf } from "../../conf/mod.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import { type HttpHandler, HttpServer, type HttpSettings } from "../../net/http/mod.ts";
import { parseNetwork } from "../../net/networks.ts";

/** Which server; its keys begin with that (`apiAddress`), and so do its lines in the log. */
export type OperatorServerName = "api" | "metrics" | "pprof";

const tags: Readonly<Record<OperatorServerName, string>> = {
  api: "[API]",
  metrics: "[metrics]",
  pprof: "[pprof]",
};

/** What a server is given by the application. */
export interface OperatorServerOptions {
  readonly name: OperatorServerName;
  readonly conf: Conf;
  readonly logger: Logger;
  /** Given: HTTPS. */
  readonly certificates: CertificateStore | null;
  /** Makes the handler; `logger` has the tag, `conf` gives the configuration of the moment. */
  readonly createHandler: (logger: Logger, conf: () => Conf) => HttpHandler;
}

/** One listener, until `close`. */
export class OperatorServer {
  readonly #http: HttpServer;
  readonly #logger: Logger;
  readonly #name: OperatorServerName;
  #conf: Conf;

  /** Listens at once. Throws UserError when the address cannot be used. */
  constructor({ name, conf, logger, certificates, createHandler }: OperatorServerOptions) {
    this.#name = name;
    this.#conf = conf;
    this.#logger = logger.child(tags[name]);
    const isApi = name === "api";
    this.#http = new HttpServer({
      address: conf[`${name}Address`],
      certificates,
      ...httpSettings(conf, name),
      allowMethods: isApi ? "OPTIONS, GET, POST, PATCH, DELETE" : "OPTIONS, GET",
      allowHeaders: isApi ? "Authorization, Content-Type" : "Authorization",
      serverName: productName,
      logger: this.#logger,
      handle: createHandler(this.#logger, () => this.#conf),
    });
    const how = certificates === null ? "TCP/HTTP" : "TCP/HTTPS";
    this.#logger.info(`started with listener on ${this.#http.addressText} (${how})`);
  }

  /** Null on a local socket. */
  get port(): number | null {
    return this.#http.port;
  }

  /** For requests from now on. */
  reload(conf: Conf): void {
    this.#conf = conf;
    this.#http.reload(httpSettings(conf, this.#name));
  }

  /** Ends the listener with its connections. */
  async close(): Promise<void> {
    this.#logger.info("closing");
    await this.#http.close();
  }
}

function httpSettings(conf: Conf, name: OperatorServerName): HttpSettings {
  return {
    allowOrigins: conf[`${name}AllowOrigins`],
    trustedProxies: conf[`${name}TrustedProxies`].map(parseNetwork),
    readTimeoutMs: conf.readTimeout,
    writeTimeoutMs: conf.writeTimeout,
  };
}
