/** All webhooks of the configuration. */
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { EventBus } from "../events.ts";
import { Webhook, type WebhookConf } from "./webhook.ts";

/** For the last deliveries of one that the configuration does not have any more. */
const removedGraceMs = 2000;

/** Listens to the bus until `close`. */
export class Webhooks {
  #hooks: Webhook[] = [];
  readonly #closing = new Set<Promise<void>>();
  readonly #unlisten: () => void;

  constructor(bus: EventBus, confs: readonly WebhookConf[], private readonly logger: Logger) {
    this.reload(confs);
    this.#unlisten = bus.listen((record) => {
      for (const hook of this.#hooks) hook.push(record);
    });
  }

  /** Those with the same URL go on, with what waits for them. */
  reload(confs: readonly WebhookConf[]): void {
    const before = [...this.#hooks];
    this.#hooks = confs.map((conf) => {
      const at = before.findIndex((hook) => hook.conf.url === conf.url);
      if (at < 0) return new Webhook(conf, this.logger);
      const [hook] = before.splice(at, 1);
      hook.conf = conf;
      return hook;
    });
    for (const hook of before) this.#close(hook, removedGraceMs);
  }

  /** Waits at most `graceMs` for deliveries. */
  async close(graceMs: number): Promise<void> {
    this.#unlisten();
    for (const hook of this.#hooks.splice(0)) this.#close(hook, graceMs);
    await Promise.all(this.#closing);
  }

  #close(hook: Webhook, graceMs: number): void {
    const closed: Promise<void> = hook.close(graceMs)
      .catch((error) => this.logger.error(errorText(error)))
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
