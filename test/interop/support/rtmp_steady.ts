/** A steady stream of numbered frames over RTMP, and a reader that misses none. */
import { concat } from "../../../src/base/bytes.ts";
import type { MediaMessage } from "../../../src/protocols/rtmp/engine/link.ts";
import { TestClient } from "../../protocols/rtmp/support/client.ts";
import { avcHeader, metadata, video } from "../../protocols/rtmp/support/messages.ts";
import { fromHex } from "../../support/assert.ts";
import { within } from "./raw_rtsp.ts";

const framesPerSecond = 30;
const frameSize = 20_000;
const latestMs = 200;
const answerLimitMs = 60_000;
/** Frame type and codec, AVC NAL units, composition time; the size of the NAL unit; the start of a slice. */
const keyStart = fromHex("1701000000" + "00000000" + "65888421");
const interStart = fromHex("2701000000" + "00000000" + "419a2144");

export const announcement: readonly MediaMessage[] = [metadata({ videocodecid: 7 }), video(0, avcHeader)];

/** A key frame each second; the number in the last four bytes. */
export function numberedFrame(number: number, size = frameSize): MediaMessage {
  const body = new Uint8Array(size).fill(0x55);
  body.set(number % framesPerSecond === 0 ? keyStart : interStart);
  const view = new DataView(body.buffer);
  view.setUint32(5, size - 9);
  view.setUint32(size - 4, number);
  return { kind: "video", timestamp: Math.round(number * 1000 / framesPerSecond), body };
}

export class SteadyRtmpPublisher implements AsyncDisposable {
  readonly #done: Promise<void>;
  #next = 0;
  #stopped = false;

  private constructor(private readonly client: TestClient) {
    this.#done = this.#run();
  }

  static async start(port: number, path: string): Promise<SteadyRtmpPublisher> {
    const client = await TestClient.connect(port, "publish", path);
    await client.ready();
    await client.send(...announcement);
    return new SteadyRtmpPublisher(client);
  }

  /** The number that follows the last frame's. */
  get next(): number {
    return this.#next;
  }

  /** Stops the media; the connection stays. */
  async silence(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.silence();
    await this.client[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    let start = performance.now();
    while (!this.#stopped) {
      const wait = start + this.#next * 1000 / framesPerSecond - performance.now();
      // Steady also after it was held up: nobody is flooded with what it has missed.
      if (wait < -latestMs) start -= wait;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await this.client.send(numberedFrame(this.#next++));
    }
  }
}

export class NumberedReader implements AsyncDisposable {
  /** Of the last frame. */
  number = -1;
  received = 0;
  /** Numbers that were left out or came again. */
  lost = 0;
  readonly #done: Promise<void>;
  #progress = Promise.withResolvers<void>();
  #ended: string | null = null;

  private constructor(private readonly client: TestClient) {
    this.#done = this.#run();
  }

  static async start(port: number, path: string): Promise<NumberedReader> {
    const client = await TestClient.connect(port, "play", path);
    return new NumberedReader(await client.ready());
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const work = async () => {
      while (!condition()) {
        if (this.#ended !== null) throw new Error(`the reader ended (${this.#ended}) waiting for ${what}`);
        await this.#progress.promise;
      }
    };
    await within(work(), answerLimitMs, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.#done;
  }

  async #run(): Promise<void> {
    try {
      for (let action = await this.client.next(); action !== null; action = await this.client.next()) {
        if (action.kind === "end") this.#ended = action.reason;
        if (action.kind === "video" && action.body[1] === 1) this.#take(action.body);
        this.#progress.resolve();
        this.#progress = Promise.withResolvers();
      }
      this.#ended ??= "closed";
    } catch (error) {
      this.#ended ??= String(error);
    }
    this.#progress.resolve();
  }

  #take(body: Uint8Array): void {
    const number = new DataView(body.buffer, body.byteOffset).getUint32(body.length - 4);
    if (this.received++ > 0 && number !== this.number + 1) this.lost++;
    this.number = number;
  }
}

/** C0, C1 and C2: a client need not wait for the answer. */
export const rawHandshake: Uint8Array = concat([Uint8Array.of(3), new Uint8Array(2 * 1536)]);
