import { AuthManager } from "../../../src/auth/mod.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { ByteConn } from "../../../src/net/byte_conn.ts";
import { LivePaths } from "../../../src/paths/manager.ts";
import { RtmpConn } from "../../../src/protocols/rtmp/conn.ts";
import { ClientEngine } from "../../../src/protocols/rtmp/engine/client.ts";
import { parseRtmpUrl } from "../../../src/protocols/rtmp/wire/url.ts";
import { confOf } from "../../paths/support.ts";
import { equal } from "../../support/assert.ts";

const address = { ip: "127.0.0.1", port: 1 };

/** A connection whose client asks for a stream; the request is there when `ask` is called. */
class AskingConn implements ByteConn {
  readonly local = address;
  readonly remote = address;
  readonly #client: ClientEngine;
  readonly #asked = Promise.withResolvers<void>();
  readonly #request = Promise.withResolvers<void>();
  #sent: Uint8Array[] = [];
  /** The server waits for the request. */
  readonly waits: Promise<void> = this.#request.promise;

  constructor(private readonly action: "publish" | "play") {
    this.#client = new ClientEngine({
      action,
      url: parseRtmpUrl("rtmp://127.0.0.1/cam"),
      fourCcs: [],
      encrypted: false,
      authQuery: "",
      random: (size) => new Uint8Array(size),
    });
    this.#run();
  }

  #run(): void {
    for (let action = this.#client.next(0); action !== null; action = this.#client.next(0)) {
      if (action.kind === "send") this.#sent.push(action.bytes);
    }
  }

  ask(): void {
    this.#asked.resolve();
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = this.#sent.shift();
    if (bytes === undefined) return null;
    // Commands have their name behind the header of the chunk and three bytes of the text's.
    if (new TextDecoder("latin1").decode(bytes.subarray(15, 15 + this.action.length)) === this.action) {
      this.#request.resolve();
      await this.#asked.promise;
    }
    into.set(bytes);
    return bytes.length;
  }

  tryWrite(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length;) {
      const space = this.#client.space();
      const part = bytes.subarray(at, at + space.length);
      space.set(part);
      this.#client.filled(part.length);
      at += part.length;
      this.#run();
    }
    return bytes.length;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.tryWrite(bytes);
    return Promise.resolve();
  }

  close(): void {}
}

for (const action of ["publish", "play"] as const) {
  Deno.test(`RTMP: what is read in the moment in which its connection is closed is not served: ${action}`, async () => {
    const conf = confOf({ cam: { runOnDemand: "command" } });
    const auth = new AuthManager(conf, silentLogger, () => 0);
    const log: string[] = [];
    const paths = new LivePaths({
      conf,
      auth,
      logger: silentLogger,
      createOnDemandSource: () => ({
        start: () => void log.push("started"),
        stop: () => void log.push("stopped"),
      }),
    });
    const asked: string[] = [];
    const pathManager = new Proxy(paths, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          asked.push(String(key));
          const result: unknown = value.apply(target, args);
          return result;
        };
      },
    });
    const stream = new AskingConn(action);
    const conn = new RtmpConn({ secure: false, conf, logger: silentLogger, pathManager }, stream);
    const running = conn.run();
    await stream.waits;
    stream.ask();
    conn.close("kicked");
    await running;
    equal(conn.state, "idle");
    equal(log, []);
    equal(asked, ["connected"]);
    equal(paths.list().map(({ source, readers }) => ({ source, readers })), [{ source: null, readers: [] }]);
    await paths.close();
    await auth.close();
  });
}
