/** One command that runs: a process group of its own, so that what it has started itself ends with it. */
import { delimiter, join } from "node:path";
import { errorText, UserError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { pause } from "../../base/scope.ts";
import { OutputLines, OutputLog } from "./output.ts";
import { expandVariables, splitWords } from "./words.ts";

/** Values under names; they win over the server's own environment. */
export type HookEnvironment = Readonly<Record<string, string>>;

const isWindows = Deno.build.os === "windows";
/** `cmd` gets its command line as it is: it has rules of its own for quotes. */
const windowsShell = /^(cmd|cmd\.exe) /i;

/** Shells lose a SIGINT that comes while they start a program: a command that has begun a moment ago is told again. */
const youngMs = 2000;
const toldAgainAfterMs = 300;
const maxToldAgain = 5;

/** Owned by whoever has started it; lives until `ended`. */
export class HookProcess {
  /** Settles when the command itself has ended; what it has started may go on. Never rejects. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Settles when nobody can write to the log any more. */
  readonly released: Promise<void>;
  readonly #child: Deno.ChildProcess;
  readonly #output = new AbortController();
  readonly #startedAt = performance.now();
  #again: ReturnType<typeof setInterval> | undefined;

  /** Starts it. Throws UserError when that is impossible. */
  constructor(line: string, environment: HookEnvironment, logger: Logger) {
    this.#child = spawn(line, environment);
    this.ended = this.#child.status;
    const log = new OutputLog(logger);
    const streams = [this.#child.stdout, this.#child.stderr].map((stream) => this.#follow(stream, log));
    this.released = Promise.all([this.ended, ...streams]).then(() => {
      clearInterval(this.#again);
      log.flush();
    });
  }

  /** SIGINT to the whole group; on Windows the tree of processes is ended. */
  interrupt(): void {
    this.#signal("SIGINT");
    if (isWindows || this.#again !== undefined || performance.now() - this.#startedAt > youngMs) return;
    let told = 0;
    this.#again = setInterval(() => {
      if (++told >= maxToldAgain) clearInterval(this.#again);
      this.#signal("SIGINT");
    }, toldAgainAfterMs);
  }

  /** Ends the whole group at once, and stops to listen to it. */
  kill(): void {
    clearInterval(this.#again);
    this.#signal("SIGKILL");
    this.#output.abort();
  }

  #signal(signal: "SIGINT" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (isWindows) return endWindowsTree(pid);
    try {
      Deno.kill(-pid, signal);
    } catch {
      // Nobody is left, or the group does not exist yet.
      try {
        this.#child.kill(signal);
      } catch {
        // It has ended.
      }
    }
  }

  async #follow(stream: ReadableStream<Uint8Array>, log: OutputLog): Promise<void> {
    const lines = new OutputLines((line) => log.write(line));
    const reader = stream.getReader();
    const stop = () => void reader.cancel().catch(() => {});
    this.#output.signal.addEventListener("abort", stop);
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        lines.push(part.value);
        const waitMs = log.spend(part.value.length);
        if (waitMs > 0) await pause(waitMs, this.#output.signal);
      }
    } catch {
      // The pipe is gone.
    }
    lines.end();
  }
}

function spawn(line: string, environment: HookEnvironment): Deno.ChildProcess {
  const valueOf = (name: string) => Object.hasOwn(environment, name) ? environment[name] : Deno.env.get(name);
  const raw = isWindows && windowsShell.test(line);
  const words = raw
    ? ["cmd.exe", expandVariables(line.replace(windowsShell, ""), valueOf)]
    : splitWords(line).map((word) => expandVariables(word, valueOf));
  const [program, ...args] = words;
  const path = isWindows ? program : findProgram(program, valueOf("PATH") ?? "");
  const leader = sessionLeader();
  const options = {
    env: { ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    windowsRawArguments: raw,
  } as const;
  try {
    return leader === null
      ? new Deno.Command(path, { ...options, args, detached: true }).spawn()
      : new Deno.Command(leader, { ...options, args: [path, ...args] }).spawn();
  } catch (error) {
    throw new UserError(`${program}: ${errorText(error)}`);
  }
}

let leaderFound: string | null | undefined;

/**
 * The program that begins a process group and becomes the command, on Linux. A group that Deno begins needs a copy of
 * the whole server first (`fork`), in which media would wait: 5 ms and more, against 0.3 ms.
 */
function sessionLeader(): string | null {
  if (leaderFound === undefined) {
    const places = Deno.build.os === "linux" ? ["/usr/bin/setsid", "/bin/setsid"] : [];
    leaderFound = places.find(isExecutable) ?? null;
  }
  return leaderFound;
}

/** A name without a slash is looked for in `PATH`. Throws UserError. */
function findProgram(program: string, searched: string): string {
  if (program.includes("/")) {
    if (isExecutable(program)) return program;
    throw new UserError(`${program}: no such program`);
  }
  const places = searched.split(delimiter).filter((folder) => folder !== "");
  const found = places.map((folder) => join(folder, program)).find(isExecutable);
  if (found === undefined) throw new UserError(`${program}: not found in PATH`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

function endWindowsTree(pid: number): void {
  try {
    const args = ["/T", "/F", "/PID", String(pid)];
    void new Deno.Command("taskkill", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn().status;
  } catch {
    // It has ended, or there is no such program.
  }
}
