/** A change of the configuration for components that run: all of it, or nothing. */
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { changedGlobals, type Conf, type GlobalKey } from "../conf/mod.ts";
import { AddressInUseError } from "../net/listen_address.ts";
import { closeSlots, type Running, type Slot } from "./lifecycle.ts";

/** What components share; `conf` is what they are started with. */
export interface WithConf {
  conf: Conf;
  /** Remembers what components have left here; the function that is given takes back what they leave from now on. */
  remember?(): () => void;
}

/** What a change has done. */
export interface Replaced {
  /** Names of what was started anew. */
  readonly names: readonly string[];
  /** Settles when what was replaced has ended. One of those may be the API, which still has to answer. */
  readonly closed: Promise<void>;
}

/** What a change needs. */
export interface ReplaceOptions<Services extends WithConf> {
  readonly slots: readonly Slot<Services>[];
  readonly services: Services;
  readonly logger: Logger;
  /** For what is stopped. */
  readonly deadlineMs: number;
}

/**
 * Starts anew what must be, from the first row to the last, tells the others, and stops what was replaced. A
 * replacement is started before its predecessor is stopped, unless it needs the predecessor's address.
 * When something cannot start, everything is as before and the error is thrown.
 */
export async function replaceComponents<Services extends WithConf>(
  options: ReplaceOptions<Services>,
  after: Conf,
): Promise<Replaced> {
  const { slots, services } = options;
  const changed = changedGlobals(services.conf, after);
  const affected = slots.filter(({ component }) => component.restartOn?.some((key) => changed.has(key)));
  const close = await new Replacement(options, affected, services.conf, after).run();
  for (const { component, running } of slots.filter((slot) => !affected.includes(slot))) {
    try {
      running?.reload?.(after);
    } catch (error) {
      // There is no way back any more.
      options.logger.error(`${component.name} has not taken over the configuration: ${errorText(error)}`);
    }
  }
  return { names: affected.map(({ component }) => component.name), closed: close() };
}

/**
 * For so long an address that was just given up is tried again: on a busy system it may take a moment to be free, or
 * somebody may have been faster and need it for a moment.
 */
const releaseMs = 1000;
const retryMs = 20;

class Replacement<Services extends WithConf> {
  readonly #fresh: Slot<Services>[] = [];
  /** Predecessors that had to stop before. */
  readonly #stopped = new Set<Slot<Services>>();

  constructor(
    private readonly options: ReplaceOptions<Services>,
    private readonly affected: readonly Slot<Services>[],
    private readonly before: Conf,
    private readonly after: Conf,
  ) {}

  /** The function that is given ends what was replaced. */
  async run(): Promise<() => Promise<void>> {
    const { services, logger, deadlineMs } = this.options;
    const takeBack = services.remember?.();
    services.conf = this.after;
    try {
      for (const { component } of this.affected) {
        this.#fresh.push({ component, running: await this.#start({ component, running: undefined }, true) });
      }
    } catch (error) {
      services.conf = this.before;
      await closeSlots(this.#fresh.reverse(), deadlineMs, logger);
      takeBack?.();
      await this.#startAgain();
      throw error;
    }
    const replaced = this.affected.filter((slot) => !this.#stopped.has(slot)).map((slot) => ({ ...slot }));
    this.affected.forEach((slot, i) => slot.running = this.#fresh[i].running);
    return () => closeSlots(replaced.reverse(), deadlineMs, logger);
  }

  /** `mayStop`: those that are to be replaced, when they have its address. */
  async #start({ component }: Slot<Services>, mayStop: boolean): Promise<Running | undefined> {
    let giveUpAt = Infinity;
    while (true) {
      try {
        return await component.start(this.options.services);
      } catch (error) {
        if (!(error instanceof AddressInUseError)) throw error;
        const holders = this.affected.filter((slot) => slot.running && this.#listens(slot, error.port));
        const running = holders.filter((slot) => !this.#stopped.has(slot));
        if (mayStop && running.length > 0) {
          for (const holder of running) this.#stopped.add(holder);
          await closeSlots(running, this.options.deadlineMs, this.options.logger);
          giveUpAt = Infinity;
          continue;
        }
        const now = performance.now();
        if (giveUpAt === Infinity) giveUpAt = now + releaseMs;
        if (holders.length === 0 || now >= giveUpAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  /** Listens on this port, or did until it was stopped. */
  #listens(slot: Slot<Services>, port: number): boolean {
    return (slot.component.listensOn ?? []).some((key) => portOf(this.before, key) === port);
  }

  async #startAgain(): Promise<void> {
    const { logger } = this.options;
    for (const slot of this.affected) {
      if (!this.#stopped.has(slot)) continue;
      try {
        slot.running = await this.#start(slot, false);
      } catch (error) {
        slot.running = undefined;
        logger.error(`${slot.component.name} could not be started again: ${errorText(error)}`);
      }
    }
  }
}

function portOf(conf: Conf, key: GlobalKey): number {
  const value = String(conf[key]);
  return Number(value.slice(value.lastIndexOf(":") + 1));
}
