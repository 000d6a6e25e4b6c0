import { createLogger, type Logger } from "../../src/base/logger.ts";
import type { Conf } from "../../src/conf/mod.ts";
import { Hooks, type HooksOptions } from "../../src/hooks/mod.ts";
import { confOf, type Entries } from "../paths/support.ts";

const waitMs = 180_000;
const pollMs = 10;

/** A folder with scripts and what they write; goes with the test. */
export class ScriptFolder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "hooks-" });

  /** The command line that runs this text as a script; its output is the file that `lines` reads. */
  script(text: string): string {
    const file = `${this.path}/${crypto.randomUUID()}.sh`;
    Deno.writeTextFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  }

  /** A script that appends its arguments to the log. */
  append(): string {
    return this.script(`echo "$@" >> ${this.log}`);
  }

  get log(): string {
    return `${this.path}/log`;
  }

  get lines(): string[] {
    try {
      return Deno.readTextFileSync(this.log).split("\n").slice(0, -1);
    } catch {
      return [];
    }
  }

  /** Waits until the log has that many lines. */
  async has(count: number): Promise<string[]> {
    await until(
      () => this.lines.length >= count,
      () => `${count} lines, there are:\n${this.lines.join("\n")}`,
    );
    return this.lines;
  }

  /** Waits until the log has a line that starts so. */
  async says(start: string): Promise<void> {
    await until(
      () => this.lines.some((line) => line.startsWith(start)),
      () => `'${start}', there are:\n${this.lines.join("\n")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Looks again and again: what is waited for happens in other processes. */
export async function until(check: () => boolean, what: () => string): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`not seen in time: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Hooks with what they write to the log. */
export class TestHooks implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly logger: Logger;
  readonly hooks: Hooks;
  graceMs = 0;
  /** Called with each line, at once. */
  onLine: (line: string) => void = () => {};

  constructor(readonly conf: Conf, options: Partial<HooksOptions> = {}) {
    this.logger = createLogger((level, text) => {
      this.lines.push(`${level} ${text}`);
      this.onLine(text);
    }, () => true);
    this.hooks = new Hooks({ conf, logger: this.logger, ...options });
  }

  static of(
    entries: Entries,
    globals: Parameters<typeof confOf>[1] = {},
    options: Partial<HooksOptions> = {},
  ) {
    return new TestHooks(confOf(entries, globals), options);
  }

  path(name: string, groups: readonly string[] = [], entry = name) {
    return this.hooks.path({
      name,
      conf: this.conf.paths.get(entry)!,
      groups,
      logger: this.logger.child(`[path ${name}]`),
    });
  }

  logged(pattern: RegExp): Promise<void> {
    return until(
      () => this.lines.some((line) => pattern.test(line)),
      () => `${pattern} in:\n${this.lines.join("\n")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hooks.close(this.graceMs);
  }
}

/** True while a process with this id lives. */
export function lives(pid: number): boolean {
  try {
    const state = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "")[0];
    return state !== "Z";
  } catch {
    return false;
  }
}
