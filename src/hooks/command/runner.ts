/**
 * Starts the commands of hooks, one at a turn of the event loop, and follows all of them to their end.
 *
 * Who closes whom: whoever has begun a command stops it (SIGINT to its group) and does not wait. `close` waits for all,
 * one-shots that have not begun yet included, and kills what is left when its time is over.
 */
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { Scope } from "../../base/scope.ts";
import { type HookEnvironment, HookProcess } from "./process.ts";

/** Between the end of a command and its next start. */
const defaultRestartPauseMs = 5000;
/** Commands that run at a time, of all hooks. */
export const maxProcesses = 2048;
/** One-shots that have begun a moment ago. Those that take longer make room for the next ones. */
export const maxFreshOneShots = 16;
const freshMs = 2000;
/** One-shots that wait for their start. */
export const maxWaitingOneShots = 10_000;
/** For what ignores even SIGKILL. */
const killGraceMs = 500;

/** What is to be run. */
export interface HookCommand {
  /** The key of the configuration: `runOnRead`. */
  readonly name: string;
  readonly line: string;
  /** As it is when the command begins. */
  readonly environment: () => HookEnvironment;
  readonly logger: Logger;
}

/** A command that is kept running until it is stopped. */
export interface KeptCommand {
  /** Begin again when it ends by itself. */
  restart: boolean;
  /** `reason` is for the log. */
  stop(reason?: string): void;
}

/** How the runner behaves; tests are less patient. */
export interface RunnerOptions {
  readonly logger: Logger;
  readonly restartPauseMs?: number;
}

/** All commands of the server. */
export class CommandRunner {
  readonly #scope = new Scope();
  readonly #processes = new Set<HookProcess>();
  readonly #kept = new Set<KeptCommand>();
  readonly #waiting: HookCommand[] = [];
  #fresh = 0;
  /** Of the fresh ones, those whose turn has not come. */
  #unstarted = 0;
  #dropped = 0;
  #closed = false;
  /** The time for the end is over: nothing begins any more. */
  #over = false;
  #idle: (() => void) | null = null;
  /** Each start waits for the one before it, and for the end of that turn. */
  #lastStart: Promise<void> = Promise.resolve();

  constructor(private readonly options: RunnerOptions) {}

  /** Processes that run. */
  get size(): number {
    return this.#processes.size;
  }

  /** Runs it until `stop`, or its end. */
  keep(command: HookCommand, restart: boolean): KeptCommand {
    const stopping = new AbortController();
    let process: HookProcess | null = null;
    const kept: KeptCommand = {
      restart,
      stop: (reason) => {
        if (stopping.signal.aborted) return;
        stopping.abort();
        this.#kept.delete(kept);
        process?.interrupt();
        command.logger.info(`${command.name} command stopped${reason === undefined ? "" : `: ${reason}`}`);
      },
    };
    if (this.#closed) {
      stopping.abort();
      return kept;
    }
    command.logger.info(`${command.name} command started`);
    this.#kept.add(kept);
    const { signal } = stopping;
    this.#scope.run(async () => {
      do {
        await this.#turn();
        if (signal.aborted) return;
        process = this.#start(command);
        const status = await process?.ended;
        process = null;
        if (signal.aborted) return;
        if (status !== undefined) this.#tellEnd(command, status, kept.restart);
      } while (kept.restart && await this.#pause(signal) && kept.restart);
    }, (error) => command.logger.error(errorText(error)));
    return kept;
  }

  /** Runs it once. */
  launch(command: HookCommand): void {
    if (this.#over) return;
    if (this.#waiting.length >= maxWaitingOneShots) {
      if (this.#dropped++ === 0) {
        command.logger.error(`${command.name} command not launched: too many commands are waiting`);
      }
      return;
    }
    command.logger.info(`${command.name} command launched`);
    this.#waiting.push(command);
    this.#launchWaiting();
  }

  /** Stops everything. What still runs after `graceMs` is killed. */
  async close(graceMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const kept of [...this.#kept]) kept.stop();
    if (this.#processes.size + this.#waiting.length + this.#fresh > 0) {
      this.options.logger.info("waiting for running hooks");
      await this.#settled(graceMs);
    }
    this.#over = true;
    const lost = this.#waiting.splice(0).length + this.#unstarted;
    if (lost > 0) this.options.logger.warn(`${lost} commands of hooks were not launched any more`);
    if (this.#processes.size > 0) {
      this.options.logger.warn(
        `${this.#processes.size} commands of hooks did not end in time and are killed`,
      );
      for (const process of this.#processes) process.kill();
      await this.#settled(killGraceMs);
    }
    await this.#scope.close();
  }

  /** Nothing runs or waits any more; at most `ms`. */
  async #settled(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    this.#checkIdle();
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#idle = null;
  }

  #checkIdle(): void {
    if (this.#processes.size === 0 && this.#waiting.length === 0 && this.#fresh === 0) this.#idle?.();
  }

  /** Starting a process takes a moment: others have their turn in between. */
  #turn(): Promise<void> {
    return this.#lastStart = this.#lastStart.then(() => new Promise((resolve) => setTimeout(resolve, 0)));
  }

  /** Null when it cannot be started. */
  #start(command: HookCommand): HookProcess | null {
    const { name, line, environment, logger } = command;
    let process: HookProcess;
    try {
      if (this.#processes.size >= maxProcesses) throw new Error("too many commands are running");
      process = new HookProcess(line, environment(), logger.child(`[${name}]`));
    } catch (error) {
      logger.error(`${name} command exited: ${errorText(error)}`);
      return null;
    }
    this.#processes.add(process);
    process.released.then(() => {
      this.#processes.delete(process);
      this.#checkIdle();
    });
    return process;
  }

  #tellEnd({ name, logger }: HookCommand, status: Deno.CommandStatus, always: boolean): void {
    if (status.success && !always) return;
    const how = status.signal === null ? `exited with code ${status.code}` : `ended by ${status.signal}`;
    logger.info(`${name} command exited: command ${how}`);
  }

  /** False when the command was stopped meanwhile. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#scope.after(this.options.restartPauseMs ?? defaultRestartPauseMs, resolve);
    const stop = () => resolve();
    signal.addEventListener("abort", stop);
    await promise;
    signal.removeEventListener("abort", stop);
    cancel();
    return !signal.aborted;
  }

  #launchWaiting(): void {
    while (this.#fresh < maxFreshOneShots && this.#waiting.length > 0) {
      const command = this.#waiting.shift()!;
      this.#fresh++;
      this.#scope.run(() => this.#runOnce(command), (error) => command.logger.error(errorText(error)));
    }
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      this.options.logger.error(
        `${this.#dropped} commands of hooks were not launched: too many were waiting`,
      );
      this.#dropped = 0;
    }
  }

  async #runOnce(command: HookCommand): Promise<void> {
    this.#unstarted++;
    await this.#turn();
    this.#unstarted--;
    const process = this.#over ? null : this.#start(command);
    const { promise: slow, resolve } = Promise.withResolvers<void>();
    const cancel = this.#scope.after(freshMs, resolve);
    const ended = process?.ended.then((status) => this.#tellEnd(command, status, false));
    await Promise.race([ended, slow]);
    cancel();
    this.#fresh--;
    this.#launchWaiting();
    this.#checkIdle();
    await ended;
  }
}
