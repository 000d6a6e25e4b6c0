/** HTTP by hand: targets as they are written, and clients that take their time. */
import { within } from "./raw_rtsp.ts";

const encoder = new TextEncoder();
const answerLimitMs = 60_000;

export interface RawAnswer {
  /** 0: closed without an answer. */
  readonly status: number;
  /** Header and body. */
  readonly text: string;
}

/**
 * Sends bytes on a connection of its own and reads until the server closes; what it sends has to ask for that. `cut`:
 * nothing more will come, although something is missing.
 */
export async function rawExchange(
  port: number,
  request: string | Uint8Array,
  cut = false,
): Promise<RawAnswer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = typeof request === "string" ? encoder.encode(request) : request;
  const decoder = new TextDecoder();
  let text = "";
  const work = async () => {
    try {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      if (cut) await connection.closeWrite();
      const area = new Uint8Array(65536);
      for (let size = await connection.read(area); size !== null; size = await connection.read(area)) {
        text += decoder.decode(area.subarray(0, size), { stream: true });
      }
    } catch {
      // The server has had enough.
    }
  };
  await within(work(), answerLimitMs, "answer");
  return { status: Number(text.match(/^HTTP\/1\.[01] (\d{3})/)?.[1] ?? 0), text };
}

/** `target` goes out unchanged. */
export function rawGet(port: number, target: string, headers = ""): Promise<RawAnswer> {
  return rawExchange(
    port,
    `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers}\r\n`,
  );
}

/** Asks for a file and takes one byte of the answer each time, until it is disposed of. */
export class SlowReader implements AsyncDisposable {
  readonly #connection: Deno.TcpConn;
  readonly #done: Promise<void>;
  #stopped = false;
  bytes = 0;

  private constructor(connection: Deno.TcpConn, pauseMs: number) {
    this.#connection = connection;
    this.#done = this.#run(pauseMs);
  }

  static async start(url: string, pauseMs: number): Promise<SlowReader> {
    const { hostname, port, pathname, search } = new URL(url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(encoder.encode(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`));
    return new SlowReader(connection, pauseMs);
  }

  async #run(pauseMs: number): Promise<void> {
    const area = new Uint8Array(1);
    try {
      while (!this.#stopped && await this.#connection.read(area) !== null) {
        this.bytes++;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    } catch {
      // Disposed of while it read.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#connection.close();
    await this.#done;
  }
}
