import type { Scope } from "../base/scope.ts";

/**
 * What brings a stream when somebody asks for it: a command, or a client of ours. `start` and `stop` come in turns.
 * After `start` the stream is expected to be attached to the path; both may do so (or the opposite) at once.
 */
export interface OnDemandSource {
  /** `query` is that of the request that caused the start. */
  start(query: string): void;
  /** `reason` is for the log: `not needed by anyone`, `timed out`, `an error occurred`, … */
  stop(reason: string): void;
}

export interface OnDemandOptions {
  readonly source: OnDemandSource;
  /** How long a start may take until the stream is there. */
  readonly startTimeoutMs: () => number;
  /** How long the source keeps running while nobody needs it. */
  readonly closeAfterMs: () => number;
  readonly timers: Pick<Scope, "after">;
  /** The stream has not come in time; the source is stopped afterwards. */
  onTimeout(): void;
  /** Nobody has needed the source for `closeAfterMs`; it is stopped afterwards. */
  onUnneeded(): void;
  /** The source has been stopped by one of the timers. */
  onStopped(): void;
}

type State =
  | { readonly kind: "idle" }
  /** Waits for the first stream. */
  | { readonly kind: "starting"; readonly cancel: () => void }
  /** `cancelClose` is there while nobody needs the source. */
  | { readonly kind: "running"; readonly cancelClose: (() => void) | null };

const idle: State = { kind: "idle" };

/**
 * Starts and stops the source of one path. A stream that goes away does not stop it: whoever asks then waits for the
 * stream to come back, without a new time-out, and when nobody waits the source is stopped like any unneeded one.
 */
export class OnDemand {
  #state: State = idle;

  constructor(private readonly options: OnDemandOptions) {}

  get idle(): boolean {
    return this.#state.kind === "idle";
  }

  /** Somebody waits for the stream. */
  want(query: string): void {
    if (this.#state.kind !== "idle") {
      this.needed();
      return;
    }
    const cancel = this.options.timers.after(this.options.startTimeoutMs(), () => this.#timedOut());
    this.#state = { kind: "starting", cancel };
    this.options.source.start(query);
  }

  /** The stream is there. Until a reader joins, the source counts as unneeded. */
  arrived(): void {
    if (this.#state.kind === "idle") return;
    if (this.#state.kind === "starting") this.#state.cancel();
    else this.#state.cancelClose?.();
    this.#state = { kind: "running", cancelClose: null };
    this.unneeded();
  }

  /** A reader has joined, or waits for the stream to come back. */
  needed(): void {
    if (this.#state.kind !== "running") return;
    this.#state.cancelClose?.();
    this.#state = { kind: "running", cancelClose: null };
  }

  /** No reader is left and nobody waits. Does nothing when the close timer runs already. */
  unneeded(): void {
    if (this.#state.kind !== "running" || this.#state.cancelClose !== null) return;
    const cancelClose = this.options.timers.after(this.options.closeAfterMs(), () => this.#expired());
    this.#state = { kind: "running", cancelClose };
  }

  /** Stops the source for a reason of the path. */
  stop(reason: string): void {
    const state = this.#state;
    if (state.kind === "idle") return;
    if (state.kind === "starting") state.cancel();
    else state.cancelClose?.();
    this.#state = idle;
    this.options.source.stop(reason);
  }

  #timedOut(): void {
    this.options.onTimeout();
    this.stop("timed out");
    this.options.onStopped();
  }

  #expired(): void {
    this.options.onUnneeded();
    this.stop("not needed by anyone");
    this.options.onStopped();
  }
}
