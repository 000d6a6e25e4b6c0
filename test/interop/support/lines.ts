/** The lines a process prints, kept for inspection; waiting for one of them needs no polling. */
export class LineLog {
  readonly lines: string[] = [];
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** Reads until the stream ends. */
  async collect(stream: ReadableStream<Uint8Array>, onLine?: (line: string) => void): Promise<void> {
    let rest = "";
    for await (
      const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    ) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) this.#add(line, onLine);
    }
    if (rest !== "") this.#add(rest, onLine);
  }

  /** Nothing more comes: those that wait for a line give up. */
  end(): void {
    this.#ended = true;
    this.#changed.resolve();
  }

  find(pattern: RegExp): string | undefined {
    return this.lines.find((line) => pattern.test(line));
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /** The first line that matches and, with `from`, is not among the first `from` ones. */
  async waitFor(pattern: RegExp, timeoutMs: number, from = 0): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<"timeout">((resolve) =>
      timer = setTimeout(() => resolve("timeout"), timeoutMs)
    );
    try {
      while (true) {
        const line = this.lines.slice(from).find((text) => pattern.test(text));
        if (line !== undefined) return line;
        if (this.#ended) throw new Error(`the process ended without a line like ${pattern}\n${this.#tail()}`);
        if (await Promise.race([this.#changed.promise, timeout]) === "timeout") {
          throw new Error(`no line like ${pattern} within ${timeoutMs} ms\n${this.#tail()}`);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #add(line: string, onLine?: (line: string) => void): void {
    this.lines.push(line);
    onLine?.(line);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #tail(): string {
    return this.lines.slice(-40).join("\n");
  }
}
