/** A bounded queue of lines in front of something that takes bytes, slowly or not at all. */
import { settlesWithin } from "../deadline.ts";

/** What a pipe, terminal or file offers. */
export interface ByteSink {
  /** Resolves to the number of bytes taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** The same, blocking. */
  writeSync(bytes: Uint8Array): number;
}

/** Characters that may wait while the sink is slow. What comes on top is dropped and counted. */
export const maxPendingChars = 1 << 20;

/** Characters written at once. Small enough that little is in flight when the process is told to end. */
export const maxBatchChars = 64 << 10;

/**
 * Lines go out in order, those of one turn of the event loop together. A slow sink never holds up the caller and
 * never costs more memory than `maxPendingChars`: further lines are dropped, and one line tells how many.
 * The owner calls `close` before the process ends, or `flushSync` where nothing can be awaited any more.
 */
export class LineWriter {
  readonly #encoder = new TextEncoder();
  #lines: string[] = [];
  #chars = 0;
  #dropped = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(
    private readonly sink: ByteSink,
    /** Makes the line that tells of dropped ones, with its newline. */
    private readonly droppedLine: (count: number) => string,
    private readonly maxChars: number = maxPendingChars,
  ) {}

  /** `line` ends with a newline. */
  write(line: string): void {
    if (this.#closed || this.#chars + line.length > this.maxChars) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // Lets the other lines of this turn join.
    await undefined;
    while (this.#lines.length > 0) {
      const { text, lines, told } = this.#take();
      try {
        await this.#writeAll(this.#encoder.encode(text));
      } catch {
        // A full disk or a closed pipe: the next line tries again, and tells what was lost.
        this.#dropped += lines + told;
      }
    }
    this.#running = undefined;
  }

  /** A batch of `lines` lines, in front of them the one that tells of `told` dropped ones. */
  #take(): { text: string; lines: number; told: number } {
    const told = this.#dropped;
    let text = told > 0 ? this.droppedLine(told) : "";
    let lines = 0;
    this.#dropped = 0;
    while (lines < this.#lines.length && text.length < maxBatchChars) text += this.#lines[lines++];
    for (const line of this.#lines.splice(0, lines)) this.#chars -= line.length;
    return { text, lines, told };
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.sink.write(bytes.subarray(at));
  }

  /** Writes what waits, blocking. What is being written at this moment is left to the system. */
  flushSync(): void {
    while (this.#lines.length > 0) {
      const bytes = this.#encoder.encode(this.#take().text);
      try {
        for (let at = 0; at < bytes.length;) at += this.sink.writeSync(bytes.subarray(at));
      } catch {
        return;
      }
    }
  }

  /** Waits until everything is written, at most `deadlineMs`; what is left then is thrown away. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    if (this.#running === undefined) return;
    await settlesWithin(this.#running, deadlineMs);
    this.#lines = [];
    this.#chars = 0;
  }
}
