/** A client of ours over a real connection: the engine that sources and forwarders use. */
import { concat } from "../../../../src/base/bytes.ts";
import { type ClientAction, ClientEngine } from "../../../../src/protocols/rtmp/engine/client.ts";
import type { MediaMessage } from "../../../../src/protocols/rtmp/engine/link.ts";
import type { Rc4 } from "../../../../src/protocols/rtmp/wire/handshake/rc4.ts";
import { serializeMessages } from "../../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { parseRtmpUrl } from "../../../../src/protocols/rtmp/wire/url.ts";
import { hex } from "../../../support/assert.ts";
import { guarded } from "../../../support/guarded.ts";

const types = { audio: 8, video: 9, data: 18 } as const;

/** On one chunk stream, as publishers and servers send them. */
export function serializeMedia(messages: readonly MediaMessage[], chunkSize: number): Uint8Array {
  return serializeMessages(
    messages.map(({ kind, timestamp, body }) => ({
      chunkStreamId: 4,
      type: types[kind],
      timestamp,
      streamId: 1,
      parts: [body],
    })),
    chunkSize,
  );
}

export interface ClientOptions {
  readonly fourCcs?: readonly string[];
  readonly encrypted?: boolean;
  /** PEM: connect with TLS and trust this. */
  readonly certificate?: string;
  /** Sent before everything else, by a proxy. */
  readonly proxyHeader?: string;
}

export class TestClient implements AsyncDisposable {
  readonly #conn: Deno.Conn;
  readonly #engine: ClientEngine;
  #cipher: Rc4 | null = null;
  #over = false;

  private constructor(conn: Deno.Conn, engine: ClientEngine) {
    this.#conn = conn;
    this.#engine = engine;
  }

  static async connect(
    port: number,
    action: "publish" | "play",
    path: string,
    { fourCcs = [], encrypted = false, certificate, proxyHeader }: ClientOptions = {},
  ): Promise<TestClient> {
    const address = { hostname: "127.0.0.1", port };
    const conn = certificate === undefined
      ? await Deno.connect(address)
      : await Deno.connectTls({ ...address, caCerts: [certificate] });
    if (proxyHeader !== undefined) await conn.write(new TextEncoder().encode(proxyHeader));
    const scheme = certificate === undefined ? "rtmp" : "rtmps";
    const engine = new ClientEngine({
      action,
      url: parseRtmpUrl(`${scheme}://127.0.0.1:${port}/${path}`),
      fourCcs,
      encrypted,
      authQuery: "",
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    });
    return new TestClient(conn, engine);
  }

  /** The next thing that happened, except what the engine sends. Null at the end of the connection. */
  async next(): Promise<Exclude<ClientAction, { kind: "send" | "encrypt" }> | null> {
    for (;;) {
      for (
        let action = this.#engine.next(Date.now());
        action !== null;
        action = this.#engine.next(Date.now())
      ) {
        if (action.kind === "send") await this.#write(action.bytes);
        else if (action.kind === "encrypt") this.#cipher = action.cipher;
        else return action;
      }
      if (this.#over) return null;
      const count = await guarded("bytes of the server", this.#conn.read(this.#engine.space()));
      if (count === null) this.#over = true;
      else this.#engine.filled(count);
    }
  }

  /** Waits for "ready". */
  async ready(): Promise<this> {
    const action = await this.next();
    if (action?.kind !== "ready") throw new Error(`instead of ready: ${JSON.stringify(action)}`);
    return this;
  }

  /** As text: `video 40 2701…`; data only by its kind. */
  async media(count: number): Promise<string[]> {
    const found: string[] = [];
    while (found.length < count) {
      const action = await this.next();
      if (action === null || !("body" in action)) {
        throw new Error(`after ${found}: ${JSON.stringify(action)}`);
      }
      found.push(action.kind === "data" ? "data" : `${action.kind} ${action.timestamp} ${hex(action.body)}`);
    }
    return found;
  }

  async send(...messages: MediaMessage[]): Promise<void> {
    await this.#write(this.#serialize(messages));
  }

  /** The messages and the end of publishing in one piece. */
  finishWith(...messages: MediaMessage[]): Promise<void> {
    return this.#write(concat([this.#serialize(messages), this.#engine.finish()]));
  }

  #serialize(messages: readonly MediaMessage[]): Uint8Array {
    return serializeMedia(messages, this.#engine.chunkSize);
  }

  /** What the server says to the end. */
  async ended(): Promise<string> {
    let reason = "";
    for (let action = await this.next(); action !== null; action = await this.next()) {
      if (action.kind === "end") reason = action.reason;
    }
    return reason;
  }

  finish(): Promise<void> {
    return this.#write(this.#engine.finish());
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const sealed = bytes.slice();
    this.#cipher?.apply(sealed);
    for (let at = 0; at < sealed.length;) at += await this.#conn.write(sealed.subarray(at));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    return Promise.resolve();
  }
}
