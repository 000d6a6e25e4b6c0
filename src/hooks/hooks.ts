/**
 * One source of events, three consumers: the commands of hooks, webhooks and the event stream of the API. Whoever tells
 * of something never waits for any of them.
 *
 * Who closes whom: the application closes `Hooks` last; it waits a while for commands and deliveries.
 */
import type { Logger } from "../base/logger.ts";
import type { Conf } from "../conf/mod.ts";
import { addressText, type NetAddress } from "../net/address.ts";
import { CommandRunner, type RunnerOptions } from "./command/runner.ts";
import { Span, type SpanKeys } from "./command/span.ts";
import { partyEnvironment, portOf } from "./environment.ts";
import { EventBus, type RefusalData } from "./events.ts";
import { EventFeed } from "./feed.ts";
import { PathHooks, type PathHooksOptions } from "./path_hooks.ts";
import { Webhooks } from "./webhook/webhooks.ts";

/** For commands that were told to stop at the end; afterwards they are killed. */
export const commandGraceMs = 5000;
/** For deliveries that wait at the end. */
const deliveryGraceMs = 1500;
/** Whoever guesses passwords must not drown everything else. */
const maxRefusalsPerSecond = 10;

type ConnectionKey = "runOnConnect" | "runOnConnectRestart" | "runOnDisconnect";

const connectionKeys: SpanKeys<ConnectionKey> = {
  begin: "runOnConnect",
  restart: "runOnConnectRestart",
  end: "runOnDisconnect",
};

/** A client that has connected. */
export interface ConnectionInfo {
  /** As the API calls it. */
  readonly type: "rtspConn" | "rtspsConn" | "rtmpConn" | "rtmpsConn" | "srtConn";
  /** UUID. */
  readonly id: string;
  readonly remote: NetAddress;
  readonly logger: Logger;
}

/** What hooks are made of. */
export interface HooksOptions extends Omit<RunnerOptions, "logger"> {
  readonly conf: Conf;
  readonly logger: Logger;
}

/** All hooks of the server. */
export class Hooks {
  readonly feed: EventFeed;
  readonly #bus: EventBus;
  readonly #runner: CommandRunner;
  readonly #webhooks: Webhooks;
  readonly #connections = new Set<Span<ConnectionKey>>();
  readonly #refusals = { since: 0, told: 0, untold: 0 };
  #conf: Conf;

  constructor(options: HooksOptions) {
    const { conf, logger } = options;
    this.#conf = conf;
    this.#bus = new EventBus(logger);
    this.#runner = new CommandRunner(options);
    this.#webhooks = new Webhooks(this.#bus, conf.webhooks, logger);
    this.feed = new EventFeed(this.#bus);
  }

  /** A live path begins. */
  path(options: PathHooksOptions): PathHooks {
    const rtspAddress = () => this.#conf.rtspAddress;
    return new PathHooks(options, { runner: this.#runner, bus: this.#bus, rtspAddress });
  }

  /** A client has connected; the returned function says that it has gone. */
  connected({ type, id, remote, logger }: ConnectionInfo): () => void {
    const connection = { type, id };
    const remoteAddr = addressText(remote);
    this.#bus.emit({ type: "connectionOpened", data: { connection, remoteAddr } });
    const span = new Span<ConnectionKey>({
      runner: this.#runner,
      keys: connectionKeys,
      valueOf: (key) => this.#conf[key],
      environment: () => ({
        ...partyEnvironment("MTX_CONN", connection),
        RTSP_PORT: portOf(this.#conf.rtspAddress),
      }),
      logger,
    });
    this.#connections.add(span);
    return () => {
      if (!this.#connections.delete(span)) return;
      span.end();
      this.#bus.emit({ type: "connectionClosed", data: { connection, remoteAddr } });
    };
  }

  /** Somebody was refused who had given credentials. */
  refused(refusal: Omit<RefusalData, "untold">): void {
    const now = Date.now();
    const refusals = this.#refusals;
    if (now - refusals.since >= 1000) {
      refusals.since = now;
      refusals.told = 0;
    }
    if (refusals.told++ >= maxRefusalsPerSecond) {
      refusals.untold++;
      return;
    }
    this.#bus.emit({ type: "authenticationFailed", data: { ...refusal, untold: refusals.untold } });
    refusals.untold = 0;
  }

  /** Takes over a new configuration; paths are told by `PathHooks.update`. */
  reload(conf: Conf): void {
    this.#conf = conf;
    this.#webhooks.reload(conf.webhooks);
    for (const span of this.#connections) span.update();
    this.#bus.emit({ type: "configurationReloaded", data: {} });
  }

  /** Stops commands and waits for them, and for deliveries; kills what does not end. */
  async close(graceMs: number = commandGraceMs): Promise<void> {
    await Promise.all([
      this.#runner.close(graceMs),
      this.#webhooks.close(Math.min(graceMs, deliveryGraceMs)),
    ]);
    this.feed.close();
  }
}
