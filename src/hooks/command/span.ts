import type { HookEnvironment } from "./process.ts";
import type { CommandRunner, KeptCommand } from "./runner.ts";
import type { Logger } from "../../base/logger.ts";

/** Keys of the configuration that belong together; `restart` and `end` may be missing. */
export interface SpanKeys<Key extends string> {
  readonly begin: Key;
  readonly restart: Key;
  readonly end: Key | null;
}

/** What is needed to begin a span. */
export interface SpanOptions<Key extends string> {
  readonly runner: CommandRunner;
  readonly keys: SpanKeys<Key>;
  /** Reads the configuration as it is now. */
  readonly valueOf: (key: Key) => unknown;
  /** Asked anew at each start. */
  readonly environment: () => HookEnvironment;
  readonly logger: Logger;
}

/**
 * A time that has a beginning and an end, with the command that runs during it and the one that runs after it. Both
 * have the same environment, but for the server's own address, which is the one of now.
 */
export class Span<Key extends string> {
  #kept: KeptCommand | null = null;
  #line = "";
  #ended = false;

  /** Begins it. */
  constructor(private readonly options: SpanOptions<Key>) {
    this.update();
  }

  /** Takes over the configuration: the command begins anew when it is another one, and only then. */
  update(): void {
    if (this.#ended) return;
    const { runner, keys, environment, logger } = this.options;
    const line = this.#text(keys.begin);
    const restart = this.options.valueOf(keys.restart) === true;
    if (line === this.#line) {
      if (this.#kept !== null) this.#kept.restart = restart;
      return;
    }
    this.#kept?.stop();
    this.#line = line;
    this.#kept = line === "" ? null : runner.keep({ name: keys.begin, line, environment, logger }, restart);
  }

  /** Ends it; `reason` is for the log. May be called any number of times. */
  end(reason?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { runner, keys, environment, logger } = this.options;
    this.#kept?.stop(reason);
    if (keys.end === null) return;
    const line = this.#text(keys.end);
    if (line !== "") runner.launch({ name: keys.end, line, environment, logger });
  }

  #text(key: Key): string {
    const value = this.options.valueOf(key);
    return typeof value === "string" ? value : "";
  }
}
