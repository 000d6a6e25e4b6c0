/** The control API's server. */
import type { Logger } from "../../base/logger.ts";
import { productName } from "../../base/product.ts";
import type { Conf } from "../../conf/mod.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import { HttpServer, type HttpSettings } from "../../net/http/mod.ts";
import { parseNetwork } from "../../net/networks.ts";
import { createApi } from "./app.ts";
import type { ApiSources } from "./route.ts";

/** What the server is given by the application. */
export interface ApiServerOptions {
  readonly conf: Conf;
  readonly logger: Logger;
  readonly sources: ApiSources;
  /** Given: HTTPS. */
  readonly certificates: CertificateStore | null;
}

/** One listener, until `close`. */
export class ApiServer {
  readonly #http: HttpServer;
  readonly #logger: Logger;
  #readTimeoutMs: number;

  /** Listens at once. Throws UserError when the address cannot be used. */
  constructor({ conf, logger, sources, certificates }: ApiServerOptions) {
    this.#logger = logger.child("[API]");
    this.#readTimeoutMs = conf.readTimeout;
    this.#http = new HttpServer({
      address: conf.apiAddress,
      certificates,
      ...httpSettings(conf),
      allowMethods: "OPTIONS, GET, POST, PATCH, DELETE",
      allowHeaders: "Authorization, Content-Type",
      serverName: productName,
      logger: this.#logger,
      handle: createApi(sources, this.#logger, () => this.#readTimeoutMs),
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
    this.#readTimeoutMs = conf.readTimeout;
    this.#http.reload(httpSettings(conf));
  }

  /** Ends the listener with its connections. */
  async close(): Promise<void> {
    this.#logger.info("closing");
    await this.#http.close();
  }
}

function httpSettings(conf: Conf): HttpSettings {
  return {
    allowOrigins: conf.apiAllowOrigins,
    trustedProxies: conf.apiTrustedProxies.map(parseNetwork),
    readTimeoutMs: conf.readTimeout,
    writeTimeoutMs: conf.writeTimeout,
  };
}
