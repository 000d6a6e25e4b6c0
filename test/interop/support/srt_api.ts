/** What the API says of the SRT connections of a test server. */
import type { SrtConnSnapshot } from "../../../src/protocols/srt/mod.ts";
import { freeTcpPort } from "../../support/ports.ts";
import type { Config } from "./server.ts";

const startLimitMs = 60_000;

export class SrtApi {
  readonly #port = freeTcpPort();

  /** For the configuration of the server. */
  get config(): Config {
    return { api: true, apiAddress: `127.0.0.1:${this.#port}` };
  }

  async conns(): Promise<SrtConnSnapshot[]> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/v3/srtconns/list`);
    const { items } = await response.json() as { readonly items: SrtConnSnapshot[] };
    return items;
  }

  /** The connection of a path that reads, or publishes; waits until it is there. */
  async conn(path: string, state: SrtConnSnapshot["state"]): Promise<SrtConnSnapshot> {
    for (const end = performance.now() + startLimitMs;;) {
      const found = (await this.conns()).find((conn) => conn.path === path && conn.state === state);
      if (found !== undefined) return found;
      if (performance.now() > end) throw new Error(`nobody has state '${state}' on path '${path}'`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
