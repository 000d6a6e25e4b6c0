import { match, ok } from "../../support/assert.ts";
import { LineLog } from "./lines.ts";

const killAfterMs = 10_000;

export interface ClientEnd {
  readonly code: number;
  /** Ended by a signal of ours because its time was over. */
  readonly timedOut: boolean;
}

/** One process of a client: its lines, its time limit, its certain end. */
export class Client implements AsyncDisposable {
  readonly out = new LineLog();
  readonly errors = new LineLog();
  readonly ended: Promise<ClientEnd>;
  readonly #process: Deno.ChildProcess;
  #timedOut = false;
  #running = true;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: {
      readonly timeLimitMs: number;
      readonly env?: Readonly<Record<string, string>>;
      readonly onLine?: (line: string) => void;
    },
  ) {
    this.#process = new Deno.Command(command, {
      args: [...args],
      env: { ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.signal("SIGKILL");
    }, options.timeLimitMs);
    this.ended = this.#end(options.onLine).finally(() => clearTimeout(timer));
  }

  signal(signal: Deno.Signal): void {
    if (!this.#running) return;
    try {
      this.#process.kill(signal);
    } catch {
      // has ended just now
    }
  }

  /** Asks it to end as a user would, insists later. */
  async interrupt(): Promise<ClientEnd> {
    this.signal("SIGINT");
    const timer = setTimeout(() => this.signal("SIGKILL"), killAfterMs);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  /** All that it printed. */
  get text(): string {
    return [...this.out.lines, ...this.errors.lines].join("\n");
  }

  /** What it printed last, for failure messages. */
  tail(): string {
    return [...this.out.lines.slice(-5), ...this.errors.lines.slice(-15)].join("\n");
  }

  async #end(onLine?: (line: string) => void): Promise<ClientEnd> {
    const [status] = await Promise.all([
      this.#process.status,
      this.out.collect(this.#process.stdout, onLine),
      this.errors.collect(this.#process.stderr, onLine),
    ]);
    this.#running = false;
    this.out.end();
    this.errors.end();
    return { code: status.code, timedOut: this.#timedOut };
  }
}

/** Runs to its end; throws unless the client says that it was refused. */
export async function expectRefusal(client: Client, words: RegExp): Promise<void> {
  await using running = client;
  const { code, timedOut } = await running.ended;
  ok(!timedOut, `${client.name} was neither accepted nor refused`);
  ok(code !== 0, `${client.name} was accepted`);
  match(client.text, words);
}
