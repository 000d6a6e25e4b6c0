/** Starts rows of a table in order and stops them in the reverse order. */
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { settlesWithin } from "./deadline.ts";

/** Whatever a component gives back once it runs. */
export interface Running {
  /** Ends its listeners, clients and tasks. Errors are logged and do not keep the others from closing. */
  close(): Promise<void> | void;
}

/**
 * One row of the table. `start` reads what earlier rows left in `services`, and may leave something there itself.
 * It gives undefined when the configuration switches the component off. It throws when the component cannot run,
 * having closed whatever it had opened.
 */
export interface Component<Services> {
  readonly name: string;
  start(services: Services): Promise<Running | undefined> | Running | undefined;
}

/** The components that run. Owns them: whoever holds this must close it. */
export class RunningComponents {
  readonly #running: { readonly name: string; readonly component: Running }[] = [];

  constructor(private readonly logger: Logger) {}

  /** Names in the order of their start. */
  get names(): readonly string[] {
    return this.#running.map(({ name }) => name);
  }

  /**
   * Starts the rows one after the other. When one fails, those before it are closed (at most for `deadlineMs`) and
   * the error is thrown. `stop` ends the start between two rows, without an error.
   */
  async start<Services>(
    table: readonly Component<Services>[],
    services: Services,
    stop: AbortSignal,
    deadlineMs: number,
  ): Promise<void> {
    for (const { name, start } of table) {
      if (stop.aborted) return;
      try {
        const component = await start(services);
        if (component !== undefined) this.#running.push({ name, component });
      } catch (error) {
        await this.close(deadlineMs);
        throw error;
      }
    }
  }

  /** Closes in the reverse order of the start. What has not ended after `deadlineMs` is named and left behind. */
  async close(deadlineMs: number): Promise<void> {
    const open = new Set(this.#running.map(({ name }) => name));
    if (await settlesWithin(this.#closeAll(open), deadlineMs)) return;
    this.logger.warn(`not stopped in time: ${[...open].join(", ")}`);
  }

  async #closeAll(open: Set<string>): Promise<void> {
    for (const { name, component } of this.#running.splice(0).reverse()) {
      try {
        await component.close();
      } catch (error) {
        this.logger.error(`${name} did not stop cleanly: ${errorText(error)}`);
      }
      open.delete(name);
    }
  }
}
