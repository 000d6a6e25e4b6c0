/** V8's inspector inside the process: no port is opened. */
import { Session } from "node:inspector";

/** What is asked of V8; https://chromedevtools.github.io/devtools-protocol/v8/ */
interface Calls {
  "Profiler.enable": { readonly takes: undefined; readonly gives: unknown };
  "Profiler.disable": { readonly takes: undefined; readonly gives: unknown };
  "Profiler.start": { readonly takes: undefined; readonly gives: unknown };
  "Profiler.stop": { readonly takes: undefined; readonly gives: { readonly profile: object } };
  "HeapProfiler.enable": { readonly takes: undefined; readonly gives: unknown };
  "HeapProfiler.disable": { readonly takes: undefined; readonly gives: unknown };
  "HeapProfiler.startSampling": {
    readonly takes: { readonly samplingInterval: number };
    readonly gives: unknown;
  };
  "HeapProfiler.stopSampling": { readonly takes: undefined; readonly gives: { readonly profile: object } };
}

/** One session, until `close`. */
export class Inspector implements Disposable {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
  }

  /** Rejects when V8 refuses. */
  call<Name extends keyof Calls>(
    name: Name,
    parameters?: Calls[Name]["takes"],
  ): Promise<Calls[Name]["gives"]> {
    return new Promise((resolve, reject) => {
      this.#session.post(name, { ...parameters }, (error: Error | null, result?: object) => {
        if (error === null) resolve(result as Calls[Name]["gives"]);
        else reject(error);
      });
    });
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}
