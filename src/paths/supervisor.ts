/**
 * Keeps one connection of ours up: to a source that we pull, or to a place where we push a stream.
 *
 * Who closes whom: `stop` aborts the attempt that runs and settles when it has released everything; an attempt that is
 * silent for too long is aborted too, and tried again after a pause.
 */
import { pause, readFirstMs } from "../base/scope.ts";
import { CredentialsError, errorText, ParseError, UserError } from "../base/errors.ts";
import { BackOff } from "./back_off.ts";

/** What an attempt tells its supervisor. */
export interface Attempt {
  /** Aborted when the attempt shall end: release everything, then settle in any way. */
  readonly signal: AbortSignal;
  /** Media has come in. Cheap enough for every batch of packets. */
  received(): void;
  /** The connection does what it is for. */
  running(): void;
}

/**
 * Connects once and stays until the connection is over. Resolves when the peer has ended it, rejects when something went
 * wrong (expected: UserError, ParseError, errors of the system); in both cases with everything released.
 */
export type Connect = (attempt: Attempt) => Promise<void>;

/** What a supervisor is doing. */
export type SupervisedState = "idle" | "connecting" | "running" | "error";

/** For the API. */
export interface SupervisedStatus {
  /** `error`: pauses before the next attempt. */
  readonly state: SupervisedState;
  /** Of the last attempt that failed; null when none has. One sentence. */
  readonly lastError: string | null;
  /** When that was, in milliseconds since 1970. */
  readonly lastErrorAt: number | null;
  /** Attempts since the supervisor was made. */
  readonly attempts: number;
}

export interface SupervisorOptions {
  readonly connect: Connect;
  /** An attempt may be silent that long; asked anew each time. */
  readonly maxSilenceMs: () => number;
  /** An attempt is over. `failure`: one sentence, or the stack of a defect; null after `stop`. */
  onEnd(failure: string | null): void;
  /** The peer has refused our credentials: the next attempt comes after that long. */
  onRefused?(pauseMs: number): void;
  readonly backOff?: BackOff;
}

/** A connection that lived that long is not held against the next attempt. */
const provenMs = 5000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #backOff: BackOff;
  #state: SupervisedState = "idle";
  #lastError: string | null = null;
  #lastErrorAt: number | null = null;
  #attempts = 0;
  /** The last attempt has failed because of the credentials. */
  #refused = false;
  #stop: AbortController | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#backOff = options.backOff ?? new BackOff();
  }

  get status(): SupervisedStatus {
    return {
      state: this.#state,
      lastError: this.#lastError,
      lastErrorAt: this.#lastErrorAt,
      attempts: this.#attempts,
    };
  }

  /** Begins to connect as soon as what ran before has ended. Does nothing when it runs already. */
  start(): void {
    if (this.#stop !== null) return;
    const stop = this.#stop = new AbortController();
    const before = this.#ended;
    this.#backOff.reset();
    this.#state = "connecting";
    this.#ended = before.then(() => this.#run(stop.signal));
  }

  /** Settles when the last attempt has released everything. */
  stop(): Promise<void> {
    if (this.#stop !== null) {
      this.#stop.abort();
      this.#stop = null;
      this.#state = "idle";
    }
    return this.#ended;
  }

  async #run(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      const started = performance.now();
      const failure = await this.#attempt(stopped);
      if (failure !== null && !stopped.aborted) this.#state = "error";
      this.#options.onEnd(failure);
      if (stopped.aborted) return;
      if (performance.now() - started >= provenMs) this.#backOff.reset();
      await pause(this.#pauseMs(), stopped);
    }
  }

  #pauseMs(): number {
    if (!this.#refused) return this.#backOff.next();
    const pauseMs = this.#backOff.refused();
    this.#options.onRefused?.(pauseMs);
    return pauseMs;
  }

  /** Gives the reason of the end; null when it was stopped. */
  async #attempt(stopped: AbortSignal): Promise<string | null> {
    const abort = new AbortController();
    const onStop = () => abort.abort();
    stopped.addEventListener("abort", onStop);
    const watchdog = new Watchdog(this.#options.maxSilenceMs, onStop);
    this.#attempts++;
    this.#refused = false;
    this.#state = "connecting";
    let failure: string | null = "the peer has ended the connection";
    try {
      await this.#options.connect({
        signal: abort.signal,
        received: () => watchdog.feed(),
        running: () => {
          if (!stopped.aborted) this.#state = "running";
        },
      });
    } catch (error) {
      failure = failureText(error);
      this.#refused = error instanceof CredentialsError;
    } finally {
      watchdog.stop();
      stopped.removeEventListener("abort", onStop);
    }
    if (stopped.aborted) return null;
    if (watchdog.hasBarked) failure = watchdog.text;
    this.#lastError = failure.split("\n", 1)[0];
    this.#lastErrorAt = Date.now();
    return failure;
  }
}

/** Barks when it was not fed for too long. One timer, which is not touched when it is fed. Before it barks, it looks again. */
class Watchdog {
  hasBarked = false;
  #fedAt = performance.now();
  #fed = false;
  #isSure = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly maxSilenceMs: () => number, private readonly bark: () => void) {
    this.#wait();
  }

  get text(): string {
    const seconds = Math.round(this.maxSilenceMs() / 100) / 10;
    return this.#fed ? `nothing received for ${seconds} s` : `nothing received within ${seconds} s`;
  }

  feed(): void {
    this.#fed = true;
    this.#fedAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const left = this.#fedAt + this.maxSilenceMs() - performance.now();
    if (left > 0 || !this.#isSure) {
      this.#isSure = left <= 0;
      this.#timer = setTimeout(() => this.#wait(), Math.max(left, readFirstMs));
      return;
    }
    this.hasBarked = true;
    this.bark();
  }
}

function failureText(error: unknown): string {
  const expected = error instanceof UserError || error instanceof ParseError ||
    Object.values(Deno.errors).some((kind) => error instanceof kind);
  return expected || !(error instanceof Error) ? errorText(error) : `unexpected: ${error.stack}`;
}
