/**
 * Pulls of `rtmp://` and `rtmps://`.
 *
 * Who closes whom: the pull's signal closes the connection, which ends the loop that reads from it.
 */
import { CredentialsError, ParseError, UserError } from "../../base/errors.ts";
import type { ByteConn } from "../../net/byte_conn.ts";
import { dialTcp, dialTls } from "../../net/tcp/mod.ts";
import type { Pull } from "../../paths/mod.ts";
import { CipherTarget } from "./cipher_conn.ts";
import { type ClientAction, ClientEngine } from "./engine/client.ts";
import { Publishing } from "./publishing.ts";
import { parseRtmpUrl, type RtmpUrl } from "./wire/url.ts";

/** Adobe's way of authentication takes three connections. */
const maxConnections = 3;
/** What we take beyond plain FLV. */
const fourCcs = ["av01", "vp09", "hvc1", "avc1", "Opus", "fLaC", "ac-3", "mp4a", ".mp3"];

/** Characters of what the server says at the end. */
const maxReason = 200;

/** `rtmp://` and `rtmps://`: connects once. */
export async function pullRtmp(pull: Pull): Promise<void> {
  const url = readUrl(pull.url);
  let authQuery: string | null = "";
  for (let i = 0; i < maxConnections; i++) {
    authQuery = await play(pull, url, authQuery);
    if (authQuery === null) return;
  }
  throw new CredentialsError("the server asks for credentials again and again");
}

function readUrl(text: string): RtmpUrl {
  try {
    return parseRtmpUrl(text);
  } catch (error) {
    if (error instanceof ParseError) throw new UserError(`invalid URL: ${error.reason}`);
    throw error;
  }
}

/** One connection. Gives the `authQuery` of the next one, or null when the stream or the pull is over. */
async function play(pull: Pull, url: RtmpUrl, authQuery: string): Promise<string | null> {
  const conn = await dial(pull, url);
  const stop = () => conn.close();
  pull.signal.addEventListener("abort", stop);
  const player = new Player(pull, conn, url, authQuery);
  try {
    if (pull.signal.aborted) return null;
    return await player.run();
  } catch (error) {
    if (!pull.signal.aborted) throw error;
    return null;
  } finally {
    pull.signal.removeEventListener("abort", stop);
    player.close();
    conn.close();
  }
}

function dial({ conf, pathConf, signal }: Pull, url: RtmpUrl): Promise<ByteConn> {
  const target = { hostname: url.host, port: url.port, timeoutMs: conf.readTimeout, signal };
  return url.secure ? dialTls({ ...target, fingerprint: pathConf.sourceFingerprint }) : dialTcp(target);
}

class Player {
  readonly #engine: ClientEngine;
  readonly #target: CipherTarget;
  readonly #publishing: Publishing;
  /** Units are views of what was read. */
  #streaming = false;

  constructor(private readonly pull: Pull, private readonly conn: ByteConn, url: RtmpUrl, authQuery: string) {
    this.#target = new CipherTarget(conn);
    this.#engine = new ClientEngine({
      action: "play",
      url,
      fourCcs,
      encrypted: false,
      authQuery,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    });
    this.#publishing = new Publishing({ logger: pull.logger, attach: (medias) => pull.attach(medias) });
  }

  /** See `play`. */
  async run(): Promise<string | null> {
    for (;;) {
      const now = Date.now();
      for (let action = this.#engine.next(now); action !== null; action = this.#engine.next(now)) {
        if (action.kind === "retry") return action.authQuery;
        if (action.kind === "end") {
          // What came together with it is still of the stream.
          this.#publishing.flush(now);
          const reason = action.reason.slice(0, maxReason);
          throw action.credentials ? new CredentialsError(reason) : new UserError(reason);
        }
        const task = this.#perform(action, now);
        if (task !== undefined) await task;
      }
      this.#publishing.flush(now);
      if (!this.#streaming) this.#engine.rewind();
      const count = await this.conn.read(this.#engine.space());
      if (count === null) return null;
      this.#engine.filled(count);
    }
  }

  #perform(action: Exclude<ClientAction, { kind: "retry" | "end" }>, now: number): Promise<void> | undefined {
    switch (action.kind) {
      case "send":
        return this.#target.write(action.bytes);
      case "encrypt":
        this.#target.encryptWith(action.cipher);
        return undefined;
      case "ready":
        this.#streaming = true;
        return undefined;
      default:
        if (action.kind !== "data") this.pull.received();
        return this.#publishing.receive(action, now);
    }
  }

  close(): void {
    this.#publishing.leave();
  }
}
