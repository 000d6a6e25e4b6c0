/** SIGINT and, where the system has it, SIGTERM. Windows knows SIGINT (and SIGBREAK) only. */
const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** `signal` is aborted by the first stop signal; further ones are swallowed until this is disposed. */
export class StopSignals implements Disposable {
  readonly #abort = new AbortController();
  readonly signal: AbortSignal = this.#abort.signal;

  constructor() {
    for (const name of stopSignals) Deno.addSignalListener(name, this.#onSignal);
  }

  #onSignal = () => this.#abort.abort();

  [Symbol.dispose](): void {
    for (const name of stopSignals) Deno.removeSignalListener(name, this.#onSignal);
  }
}
