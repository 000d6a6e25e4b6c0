/**
 * What happens to one live path: runs its commands and tells of it. Whatever begins gives back the function that ends
 * it; calling that again does nothing. Nothing here throws or waits.
 */
import type { Logger } from "../base/logger.ts";
import { type PathConf, redacted } from "../conf/mod.ts";
import type { HookEnvironment } from "./command/process.ts";
import type { CommandRunner } from "./command/runner.ts";
import { Span, type SpanKeys } from "./command/span.ts";
import { partyEnvironment, pathEnvironment, queryEnvironment } from "./environment.ts";
import type { EventBus, Party, PathData } from "./events.ts";

/** Credentials that clients give in the query. */
const secretParameters: readonly string[] = ["pass", "token", "jwt"];

type PathKey = keyof PathConf;

const initKeys: SpanKeys<PathKey> = { begin: "runOnInit", restart: "runOnInitRestart", end: null };
const demandKeys: SpanKeys<PathKey> = {
  begin: "runOnDemand",
  restart: "runOnDemandRestart",
  end: "runOnUnDemand",
};
const availableKeys: SpanKeys<PathKey> = {
  begin: "runOnAvailable",
  restart: "runOnAvailableRestart",
  end: "runOnUnavailable",
};
const onlineKeys: SpanKeys<PathKey> = {
  begin: "runOnOnline",
  restart: "runOnOnlineRestart",
  end: "runOnOffline",
};
const readKeys: SpanKeys<PathKey> = { begin: "runOnRead", restart: "runOnReadRestart", end: "runOnUnread" };

/** A live path when it begins. */
export interface PathHooksOptions {
  readonly name: string;
  readonly conf: PathConf;
  /** Of the regular expression that has matched the name; the first one is the whole match. */
  readonly groups: readonly string[];
  /** Puts the name of the path in front. */
  readonly logger: Logger;
}

/** What it is made of. */
export interface HookServices {
  readonly runner: CommandRunner;
  readonly bus: EventBus;
  /** As it is now. */
  readonly rtspAddress: () => string;
}

/** Of one live path, from its beginning to `close`. */
export class PathHooks {
  #conf: PathConf;
  readonly #spans = new Set<Span<PathKey>>();
  readonly #init: Span<PathKey>;
  #endDemand: ((reason: string) => void) | null = null;
  /** Paths that exist only on demand are made by mere questions: they are told of when something happens to them. */
  #told: boolean;

  constructor(private readonly options: PathHooksOptions, private readonly services: HookServices) {
    const { conf } = options;
    this.#conf = conf;
    this.#told = false;
    if (conf.regex === undefined) this.#tell();
    this.#init = this.#begin(initKeys, {}, options.logger);
  }

  /** Takes over a new configuration: commands that are other ones now begin anew, the others go on. */
  update(conf: PathConf): void {
    this.#conf = conf;
    for (const span of [...this.#spans]) span.update();
  }

  /** Starts and stops the command that publishes on demand. They come in turns. */
  readonly demand = {
    start: (query: string): void => {
      this.#tell();
      const data = { ...this.#data, query: shownQuery(query) };
      this.services.bus.emit({ type: "pathDemanded", data });
      const span = this.#begin(demandKeys, queryEnvironment(query), this.options.logger);
      this.#endDemand = (reason) => {
        this.#end(span, reason);
        this.services.bus.emit({ type: "pathUndemanded", data: { ...data, reason } });
      };
    },
    /** `reason` is for the log. */
    stop: (reason: string): void => {
      this.#endDemand?.(reason);
      this.#endDemand = null;
    },
  };

  /** The stream can be read; `source` is null when it is the server's own. */
  available(source: Party | null, query: string): () => void {
    return this.#stream(["pathAvailable", "pathUnavailable"], availableKeys, source, query);
  }

  /** Somebody feeds the stream. */
  online(source: Party, query: string): () => void {
    return this.#stream(["pathOnline", "pathOffline"], onlineKeys, source, query);
  }

  /** A client is sent the stream; `logger` is its own, if it has one. */
  reading(reader: Party, query: string, logger: Logger = this.options.logger): () => void {
    const data = { ...this.#data, query: shownQuery(query), reader: { type: reader.type, id: reader.id } };
    const environment = { ...queryEnvironment(query), ...partyEnvironment("MTX_READER", reader) };
    this.services.bus.emit({ type: "readerStarted", data });
    const span = this.#begin(readKeys, environment, logger);
    return once(() => {
      this.#end(span);
      this.services.bus.emit({ type: "readerStopped", data });
    });
  }

  /** A file is recorded; the returned function says that it is complete, and how many seconds it lasts. */
  segment(segmentPath: string): (duration: number) => void {
    const data = { ...this.#data, segmentPath };
    const environment = { MTX_SEGMENT_PATH: segmentPath };
    this.services.bus.emit({ type: "segmentCreated", data });
    this.#launch("runOnRecordSegmentCreate", environment);
    return (duration) => {
      this.services.bus.emit({ type: "segmentCompleted", data: { ...data, duration } });
      this.#launch("runOnRecordSegmentComplete", { ...environment, MTX_SEGMENT_DURATION: decimal(duration) });
    };
  }

  /** The path is gone. */
  close(): void {
    this.demand.stop("path destroyed");
    this.#end(this.#init);
    if (this.#told) this.services.bus.emit({ type: "pathRemoved", data: this.#data });
    this.#told = false;
  }

  get #environment(): HookEnvironment {
    const { name, groups } = this.options;
    return pathEnvironment(name, groups, this.services.rtspAddress());
  }

  get #data(): PathData {
    return { path: this.options.name, confName: this.#conf.name };
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.services.bus.emit({ type: "pathCreated", data: this.#data });
  }

  #stream(
    [began, ended]: readonly ["pathAvailable", "pathUnavailable"] | readonly ["pathOnline", "pathOffline"],
    keys: SpanKeys<PathKey>,
    source: Party | null,
    query: string,
  ): () => void {
    this.#tell();
    const party = source === null ? null : { type: source.type, id: source.id };
    const data = { ...this.#data, query: shownQuery(query), source: party };
    this.services.bus.emit({ type: began, data });
    const environment = { ...queryEnvironment(query), ...partyEnvironment("MTX_SOURCE", source) };
    const span = this.#begin(keys, environment, this.options.logger);
    return once(() => {
      this.#end(span);
      this.services.bus.emit({ type: ended, data });
    });
  }

  #begin(keys: SpanKeys<PathKey>, environment: HookEnvironment, logger: Logger): Span<PathKey> {
    const span = new Span<PathKey>({
      runner: this.services.runner,
      keys,
      valueOf: (key) => this.#conf[key],
      environment: () => ({ ...this.#environment, ...environment }),
      logger,
    });
    this.#spans.add(span);
    return span;
  }

  #end(span: Span<PathKey>, reason?: string): void {
    this.#spans.delete(span);
    span.end(reason);
  }

  #launch(
    name: "runOnRecordSegmentCreate" | "runOnRecordSegmentComplete",
    environment: HookEnvironment,
  ): void {
    const line = this.#conf[name];
    if (line === "") return;
    const { runner } = this.services;
    runner.launch({
      name,
      line,
      environment: () => ({ ...this.#environment, ...environment }),
      logger: this.options.logger,
    });
  }
}

/** Without exponent. */
function decimal(seconds: number): string {
  return seconds.toFixed(9).replace(/\.?0+$/, "");
}

/** For others than the commands of this machine: without credentials. */
function shownQuery(query: string): string {
  return query.split("&").map((part) => {
    const [name] = new URLSearchParams(part).keys();
    return secretParameters.includes(name) ? `${name}=${redacted}` : part;
  }).join("&");
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
