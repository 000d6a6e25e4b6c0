/** FFmpeg that reads without end, and what it has noticed so far. */
import { Client } from "./client.ts";
import { parseFrameList } from "./ffmpeg.ts";

const limitMs = 900_000;
const waitMs = 60_000;
/** Two frames of the test source: one that is missing shows. */
const largestStepMs = 79;
/** The first sender reports move an RTSP reader's clock. */
const settlingFrames = 50;

/** A client that reads without end. */
export interface Player extends AsyncDisposable {
  readonly name: string;
  readonly ended: boolean;
  /** Until it has got more than it has now; throws when it ends instead. */
  goesOn(why: string): Promise<void>;
  /** Until it ends by itself. */
  notices(why: string): Promise<void>;
  /** Throws when something is missing in what it got. */
  expectNoGap(): void;
}

export class PlayingReader implements Player {
  readonly #client: Client;
  #ended = false;

  /** `input`: arguments of FFmpeg up to the URL. The stream has one video track of 25 frames a second. */
  constructor(readonly name: string, input: readonly string[]) {
    const args = ["-v", "error", ...input, "-map", "0:v", "-c", "copy", "-flush_packets", "1"];
    this.#client = new Client(name, "ffmpeg", [...args, "-f", "framecrc", "-"], { timeLimitMs: limitMs });
    this.#client.ended.then(() => this.#ended = true);
  }

  get frames(): number {
    return this.#client.out.lines.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async goesOn(why: string): Promise<void> {
    try {
      await this.#client.out.waitFor(/^\d/, waitMs, this.frames);
    } catch (error) {
      throw new Error(`${why}: ${this.name} has noticed\n${this.#client.tail()}`, { cause: error });
    }
    if (this.#ended) throw new Error(`${why}: ${this.name} has ended`);
  }

  async notices(why: string): Promise<void> {
    const timer = setTimeout(() => this.#client.signal("SIGKILL"), waitMs);
    const { code } = await this.#client.ended;
    clearTimeout(timer);
    if (code === 137 || this.#client.errors.lines.length === 0 && code > 128) {
      throw new Error(`${why}: ${this.name} has not noticed`);
    }
  }

  expectNoGap(): void {
    const [track] = parseFrameList(this.#client.out.lines);
    const frames = track?.frames.slice(settlingFrames) ?? [];
    const at = frames.findIndex((frame, i) => i > 0 && frame.at - frames[i - 1].at > largestStepMs);
    if (at > 0) throw new Error(`${this.name}: a gap of ${frames[at].at - frames[at - 1].at} ms`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}
