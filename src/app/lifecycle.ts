/** Starts rows of a table in order, replaces some of them when the configuration changes, stops them in the reverse order. */
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Conf, GlobalKey } from "../conf/mod.ts";
import { settlesWithin } from "./deadline.ts";

/** Whatever a component gives back once it runs. */
export interface Running {
  /**
   * Takes over a configuration that differs in no key of `restartOn`. What is open goes on; what is opened from now on
   * uses the new values. Must not throw.
   */
  reload?(conf: Conf): void;
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
  /** Keys whose change it cannot take over while it runs: it is started anew. Without, it is never replaced. */
  readonly restartOn?: readonly GlobalKey[];
  /** Those of them that hold addresses (`:8554`) or ports it listens on. */
  readonly listensOn?: readonly GlobalKey[];
  start(services: Services): Promise<Running | undefined> | Running | undefined;
}

/** A row and what runs for it. */
export interface Slot<Services> {
  readonly component: Component<Services>;
  running: Running | undefined;
}

/** The components that run. Owns them: whoever holds this must close it. */
export class RunningComponents<Services> {
  readonly #slots: Slot<Services>[] = [];

  constructor(private readonly logger: Logger) {}

  /** In the order of their start; those that are switched off included. */
  get slots(): readonly Slot<Services>[] {
    return this.#slots;
  }

  /** Names of those that run, in the order of their start. */
  get names(): readonly string[] {
    return this.#slots.filter(({ running }) => running !== undefined).map(({ component }) => component.name);
  }

  /**
   * Starts the rows one after the other. When one fails, those before it are closed (at most for `deadlineMs`) and
   * the error is thrown. `stop` ends the start between two rows, without an error.
   */
  async start(
    table: readonly Component<Services>[],
    services: Services,
    stop: AbortSignal,
    deadlineMs: number,
  ): Promise<void> {
    for (const component of table) {
      if (stop.aborted) return;
      try {
        this.#slots.push({ component, running: await component.start(services) });
      } catch (error) {
        await this.close(deadlineMs);
        throw error;
      }
    }
  }

  /** Closes in the reverse order of the start. What has not ended after `deadlineMs` is named and left behind. */
  async close(deadlineMs: number): Promise<void> {
    const running = this.#slots.splice(0).filter(({ running }) => running !== undefined);
    await closeSlots(running.reverse(), deadlineMs, this.logger);
  }
}

/** Closes one after the other. What has not ended after `deadlineMs` is named and left behind. */
export async function closeSlots<Services>(
  slots: readonly Slot<Services>[],
  deadlineMs: number,
  logger: Logger,
): Promise<void> {
  const open = new Set(slots.map(({ component }) => component.name).reverse());
  const closeAll = async () => {
    for (const { component: { name }, running } of slots) {
      try {
        await running?.close();
      } catch (error) {
        logger.error(`${name} did not stop cleanly: ${errorText(error)}`);
      }
      open.delete(name);
    }
  };
  if (await settlesWithin(closeAll(), deadlineMs)) return;
  logger.warn(`not stopped in time: ${[...open].join(", ")}`);
}
