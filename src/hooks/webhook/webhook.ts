/**
 * Events that are sent to one URL, one after the other in their order. What cannot be delivered is tried again with
 * growing pauses, while the next ones wait; with too many, some are given up and counted: those that matter least, the oldest
 * of them first.
 */
import { createHmac } from "node:crypto";
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { RateLimitedReport } from "../../base/rate_limited.ts";
import { Scope } from "../../base/scope.ts";
import { type Conf, redactUrl } from "../../conf/mod.ts";
import { HttpClient } from "../../net/http/client.ts";
import { eventId, type EventRecord, importance } from "../events.ts";

/** Events that wait, in numbers and in characters. */
export const maxWaitingEvents = 1000;
const maxWaitingCharacters = 2 * 1024 * 1024;
/** More of an answer is not read. */
const maxAnswerBytes = 16 * 1024;
const firstPauseMs = 500;
const maxPauseMs = 60_000;

/** One entry of the key `webhooks`. */
export type WebhookConf = Conf["webhooks"][number];

/** Owned by `Webhooks`, which closes it. */
export class Webhook {
  readonly #scope = new Scope();
  readonly #client = new HttpClient("");
  readonly #logger: Logger;
  readonly #waiting: EventRecord[] = [];
  readonly #report: RateLimitedReport;
  readonly #again: RateLimitedReport;
  readonly #givenUp: RateLimitedReport;
  #characters = 0;
  /** Given up since the last delivery. */
  #dropped = 0;
  #idle: (() => void) | null = null;
  #delivering = false;

  constructor(public conf: WebhookConf, logger: Logger, private readonly pauseMs = firstPauseMs) {
    this.#logger = logger.child(`[webhook ${redactUrl(conf.url)}]`);
    this.#report = new RateLimitedReport(
      this.#logger,
      (count) =>
        `too many events are waiting, ${count} are dropped: those of connections first, then of readers`,
      10_000,
    );
    this.#again = new RateLimitedReport(
      this.#logger,
      (count, last) => `${count} ${count === 1 ? "delivery is" : "deliveries are"} tried again: ${last}`,
    );
    this.#givenUp = new RateLimitedReport(
      this.#logger,
      (count, last) => `${count} ${count === 1 ? "event is" : "events are"} given up: ${last}`,
    );
    this.#scope.defer(() => this.#client.close());
  }

  /** Only takes note. */
  push(record: EventRecord): void {
    const { events } = this.conf;
    if (this.#scope.closed || (events.length > 0 && !events.includes(record.type))) return;
    this.#waiting.push(record);
    this.#characters += record.json.length;
    while (this.#waiting.length > maxWaitingEvents || this.#characters > maxWaitingCharacters) {
      const at = this.#leastImportant();
      if (at === null) break;
      const [dropped] = this.#waiting.splice(at, 1);
      this.#characters -= dropped.json.length;
      this.#dropped++;
      this.#report.report(Date.now());
    }
    if (this.#delivering) return;
    this.#delivering = true;
    this.#scope.run(() => this.#deliverAll(), (error) => this.#logger.error(errorText(error)));
  }

  /** The oldest one of those that matter least. The first one of all is on its way. */
  #leastImportant(): number | null {
    const waiting = this.#waiting;
    let found: number | null = null;
    for (let at = 1; at < waiting.length; at++) {
      const value = importance[waiting[at].type];
      if (found === null || value < importance[waiting[found].type]) found = at;
      if (value === 0) break;
    }
    return found;
  }

  /** Waits at most `graceMs` for deliveries. */
  async close(graceMs: number): Promise<void> {
    if (this.#delivering) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const timer = setTimeout(resolve, graceMs);
      await promise;
      clearTimeout(timer);
    }
    const lost = this.#waiting.splice(0).length;
    this.#givenUp.flush(Date.now());
    if (lost > 0) this.#logger.warn(`${lost} events were not delivered any more`);
    await this.#scope.close();
  }

  async #deliverAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#scope.closed) {
        const [record] = this.#waiting;
        await this.#deliver(record);
        if (this.#waiting.shift() !== undefined) this.#characters -= record.json.length;
      }
    } finally {
      this.#delivering = false;
      this.#idle?.();
    }
  }

  /** Until it has arrived or was given up. */
  async #deliver(record: EventRecord): Promise<void> {
    for (let tries = 0; !this.#scope.closed; tries++) {
      const failure = await this.#send(record);
      if (failure === null || this.#scope.closed) break;
      if (!failure.again || tries >= this.conf.retries) {
        this.#givenUp.report(Date.now(), failure.text);
        this.#dropped++;
        break;
      }
      if (tries === 0) this.#again.report(Date.now(), failure.text);
      await this.#pause(Math.min(this.pauseMs * 2 ** tries, maxPauseMs));
    }
  }

  /** Null when it has arrived. */
  async #send({ json, type, ...id }: EventRecord): Promise<{ text: string; again: boolean } | null> {
    const { url, secret, timeout } = this.conf;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers: Record<string, string> = {
      "x-livemux-event": type,
      "x-livemux-id": eventId(id),
      "x-livemux-timestamp": timestamp,
    };
    const dropped = this.#dropped;
    if (dropped > 0) headers["x-livemux-dropped"] = String(dropped);
    if (secret !== "") headers["x-livemux-signature"] = signature(secret, timestamp, json);
    try {
      const { status } = await this.#client.send({
        method: "POST",
        url,
        headers,
        body: json,
        timeoutMs: timeout,
        maxBytes: maxAnswerBytes,
      });
      if (status >= 200 && status <= 299) {
        this.#dropped -= dropped;
        return null;
      }
      const again = status >= 500 || status === 408 || status === 425 || status === 429;
      return { text: `the server answers with status ${status}`, again };
    } catch (error) {
      return { text: errorText(error), again: true };
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const cancel = this.#scope.after(ms, wake);
    this.#scope.signal.addEventListener("abort", wake);
    await promise;
    this.#scope.signal.removeEventListener("abort", wake);
    cancel();
  }
}

/** `sha256=` and the HMAC of `timestamp.body` in hexadecimal. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}
