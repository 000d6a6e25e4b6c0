/** RTSP by hand: what hostile clients send, and a publisher and a reader that count packets. */
import { Continuity } from "../../bench/continuity.ts";
import { frameShape, H264Frames } from "../../bench/publisher/h264_frames.ts";
import { RtspPublisher } from "../../bench/publisher/rtsp_publisher.ts";
import { InterleavedParser } from "../../bench/readers/interleaved.ts";
import { type RtspAnswer, takeAnswer } from "../../bench/readers/rtsp_dialog.ts";
import { createColumns, mapColumns } from "../../bench/shared.ts";
import { resolveTarget } from "../../bench/target.ts";

const encoder = new TextEncoder();
const framesPerSecond = 30;
const latestMs = 200;
const answerLimitMs = 60_000;
const keepAliveMs = 20_000;

/** Rejects when `work` takes longer; the caller's connection is closed by `onTimeout`. */
export async function within<T>(
  work: Promise<T>,
  limitMs: number,
  what: string,
  onTimeout?: () => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onTimeout?.();
      reject(new Error(`${what}: nothing within ${limitMs} ms`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One TCP connection to the server. Errors of a connection that the server has closed are not errors here. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn;
  #pending = new Uint8Array(0);
  #sequence = 0;
  #closed = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<RawConnection> {
    return new RawConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Bytes that came after the last answer. */
  get rest(): Uint8Array {
    return this.#pending;
  }

  /** False when the server has closed the connection. */
  async write(data: string | Uint8Array): Promise<boolean> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
      return true;
    } catch {
      return false;
    }
  }

  /** null: the end, or an error, which for these tests is the same. */
  async read(area: Uint8Array): Promise<number | null> {
    try {
      return await this.#connection.read(area);
    } catch {
      return null;
    }
  }

  request(method: string, url: string, headers: Record<string, string> = {}): string {
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${++this.#sequence}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    return lines.join("\r\n") + "\r\n\r\n";
  }

  /** null: closed without an answer. */
  async answer(): Promise<RtspAnswer | null> {
    const area = new Uint8Array(65536);
    while (true) {
      const taken = takeAnswer(this.#pending, []);
      if (taken !== null) {
        this.#pending = this.#pending.slice(taken.size);
        return taken.answer;
      }
      const size = await within(this.read(area), answerLimitMs, "answer", () => this.close());
      if (size === null) return null;
      const joined = new Uint8Array(this.#pending.length + size);
      joined.set(this.#pending);
      joined.set(area.subarray(0, size), this.#pending.length);
      this.#pending = joined;
    }
  }

  async ask(method: string, url: string, headers: Record<string, string> = {}): Promise<RtspAnswer | null> {
    if (!await this.write(this.request(method, url, headers))) return null;
    return await this.answer();
  }

  /** Reads until the server closes; the first line it sent, if any. */
  async untilClosed(limitMs: number): Promise<string> {
    const area = new Uint8Array(65536);
    let text = "";
    const work = async () => {
      for (let size = await this.read(area); size !== null; size = await this.read(area)) {
        if (text.length < 1000) text += new TextDecoder().decode(area.subarray(0, size));
      }
    };
    await within(work(), limitMs, "close", () => this.close());
    return text.split("\r\n")[0];
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A steady stream of numbered packets. */
export class SteadyPublisher implements AsyncDisposable {
  readonly #frames: H264Frames;
  readonly #done: Promise<void>;
  #stopped = false;

  private constructor(private readonly publisher: RtspPublisher, frames: H264Frames) {
    this.#frames = frames;
    this.#done = this.#run();
  }

  static async start(url: string, bitsPerSecond = 2e6): Promise<SteadyPublisher> {
    const shape = { bitsPerSecond, framesPerSecond, payloadSize: 1200, packetsPerFrame: 0 };
    const frames = new H264Frames(frameShape(shape));
    return new SteadyPublisher(await RtspPublisher.connect(await resolveTarget(url), "tcp", frames), frames);
  }

  /** The number that follows the last packet's. */
  get nextSequence(): number {
    return this.#frames.nextSequence;
  }

  /** Stops the media; the session stays. */
  async silence(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.silence();
    this.publisher.close();
  }

  async #run(): Promise<void> {
    void this.publisher.drain();
    let start = performance.now();
    while (!this.#stopped) {
      const wait = start + this.#frames.frames * 1000 / framesPerSecond - performance.now();
      // Steady also after it was held up: nobody is flooded with what it has missed.
      if (wait < -latestMs) start -= wait;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await this.publisher.send(this.#frames.next(0));
    }
  }
}

/** A well-behaved reader that checks every sequence number. */
export class CountingReader implements AsyncDisposable {
  readonly #columns = mapColumns(createColumns(1));
  readonly #done: Promise<void>;
  #progress = Promise.withResolvers<void>();
  #ended = false;

  readonly #keepAlive: ReturnType<typeof setInterval>;

  private constructor(private readonly connection: RawConnection, url: string, session: string) {
    const request = () => connection.write(connection.request("GET_PARAMETER", url, { Session: session }));
    this.#keepAlive = setInterval(request, keepAliveMs);
    this.#done = this.#run();
  }

  static async start(port: number, url: string): Promise<CountingReader> {
    const connection = await RawConnection.open(port);
    const setup = await connection.ask("SETUP", `${url}/trackID=0`, {
      Transport: "RTP/AVP/TCP;unicast;interleaved=0-1",
    });
    const session = (setup?.headers.get("session") ?? "").split(";")[0];
    const play = await connection.ask("PLAY", url, { Session: session });
    if (play?.status !== 200) {
      connection.close();
      throw new Error(`PLAY was answered with ${play?.status}`);
    }
    return new CountingReader(connection, url, session);
  }

  get lost(): number {
    return this.#columns.lost[0] + this.#columns.reordered[0] + this.#columns.duplicate[0];
  }

  get received(): number {
    return this.#columns.received[0];
  }

  get nextSequence(): number {
    return this.#columns.nextSequence[0];
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const work = async () => {
      while (!condition()) {
        if (this.#ended) throw new Error(`the reader's connection was closed while waiting for ${what}`);
        await this.#progress.promise;
      }
    };
    await within(work(), answerLimitMs, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#keepAlive);
    this.connection.close();
    await this.#done;
  }

  async #run(): Promise<void> {
    const continuity = new Continuity(this.#columns);
    const parser = new InterleavedParser(1, {
      packet: (reader, bytes, at) => continuity.packet(reader, bytes[at + 2] << 8 | bytes[at + 3]),
    });
    const early = this.connection.rest;
    parser.area.set(early);
    let size: number | null = early.length;
    while (size !== null) {
      parser.parse(0, size);
      this.#progress.resolve();
      this.#progress = Promise.withResolvers();
      size = await this.connection.read(parser.area);
    }
    this.#ended = true;
    this.#progress.resolve();
  }
}
