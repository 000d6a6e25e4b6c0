/** Files that browsers get. */
import type { HttpExchange } from "../../../net/http/mod.ts";

/** Makes the answers to GET and HEAD. */
export interface Pages {
  /** For `/<path>/`. */
  read(exchange: HttpExchange): Promise<Response>;
  /** For `/<path>/publish`. */
  publish(exchange: HttpExchange): Promise<Response>;
  /** `reader.js`. */
  readerModule(exchange: HttpExchange): Promise<Response>;
  /** `publisher.js`. */
  publisherModule(exchange: HttpExchange): Promise<Response>;
}
