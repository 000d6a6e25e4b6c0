/** From the command line to the exit code: load the configuration, start the components, wait for a signal, stop. */
import { errorText, UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { productVersion } from "../base/product.ts";
import type { Conf, ConfControl, LoadedConf } from "../conf/mod.ts";
import { commandGraceMs } from "../hooks/mod.ts";
import { FileWatch } from "../net/file_watch.ts";
import { bannerText, type Command, parseArguments, programName, usageExitCode, usageText } from "./cli.ts";
import { Services } from "./services.ts";
import type { ConfConnection } from "./conf_control.ts";
import { settlesWithin } from "./deadline.ts";
import { DefectReporter, defectText } from "./defects.ts";
import { type Component, RunningComponents } from "./lifecycle.ts";
import { replaceComponents } from "./replace.ts";
import { Log, type LogHost, type LogSettings } from "./log/log.ts";

/** A configuration that was loaded, and may be changed from now on; `LiveConf` in the real process. */
export interface AppConf extends ConfControl {
  readonly loaded: LoadedConf;
  connect(connection: ConfConnection): void;
}

/** What the application needs of the process; tests bring their own. */
export interface AppHost {
  readonly log: LogHost;
  readonly table: readonly Component<Services>[];
  /** Writes a line to standard output, at once. */
  print(line: string): void;
  /** Writes a line to standard error, at once. */
  printError(line: string): void;
  loadConf(path: string | undefined): Promise<AppConf>;
  /** Called once, before the components start. */
  raiseLimits(): void;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
}

/** Components get this long to stop; what has not stopped then ends with the process. */
export const stopDeadlineMs = 1500;

/** Commands of hooks get longer: they are killed before this is over. */
const hooksDeadlineMs = commandGraceMs + 2000;

/** The log gets this long to write its last lines. */
export const logDeadlineMs = 300;

/** Does what the command line says and gives the exit code. */
export function runApp(args: readonly string[], host: AppHost): Promise<number> | number {
  const command = parseArguments(args);
  switch (command.kind) {
    case "help":
      host.print(usageText());
      return 0;
    case "version":
      host.print(productVersion);
      return 0;
    case "checkVersion":
      return fail(host, `${notOfficial} and cannot be checked: there are no releases to compare with yet`);
    case "upgrade":
      return fail(host, `${notOfficial} and cannot be upgraded: there are no releases to take it from yet`);
    case "usageError":
      host.print(`${usageText()}\n`);
      host.printError(`${programName}: error: ${command.reason}`);
      return usageExitCode;
    case "check":
    case "run":
      return withConf(command, host);
  }
}

const notOfficial = `current version (${productVersion}) is not official`;

function fail(host: AppHost, text: string): number {
  host.print(`ERR: ${text}`);
  return 1;
}

async function withConf(command: Command & { kind: "check" | "run" }, host: AppHost): Promise<number> {
  let live: AppConf;
  try {
    live = await host.loadConf(command.confPath);
  } catch (error) {
    return fail(host, error instanceof UserError ? error.message : defectText(error));
  }
  if (command.kind === "run") return await serve(live, host);
  for (const line of loadReport(live.loaded)) host.print(`${line.level}: ${line.text}`);
  host.print("the configuration is valid");
  return 0;
}

interface ReportLine {
  readonly level: "INF" | "WAR";
  readonly text: string;
}

/** What there is to say about a configuration that is valid. */
function loadReport(loaded: LoadedConf): ReportLine[] {
  const lines: ReportLine[] = [];
  if (loaded.filePath === undefined) {
    const looked = loaded.lookedIn.join(", ");
    const text = `configuration file not found (looked in ${looked}), using an empty configuration`;
    lines.push({ level: "WAR", text });
  } else {
    lines.push({ level: "INF", text: `configuration loaded from ${loaded.filePath}` });
  }
  lines.push(...warnings(loaded));
  return lines;
}

function warnings(loaded: LoadedConf): ReportLine[] {
  const lines: ReportLine[] = loaded.warnings.map((text) => ({ level: "WAR", text }));
  if (loaded.notImplemented.length > 0) {
    const text = `not available yet and without effect: ${loaded.notImplemented.join(", ")}`;
    lines.push({ level: "WAR", text });
  }
  return lines;
}

function report(lines: readonly ReportLine[], logger: Logger): void {
  for (const { level, text } of lines) {
    if (level === "WAR") logger.warn(text);
    else logger.info(text);
  }
}

async function serve(live: AppConf, host: AppHost): Promise<number> {
  let log: Log;
  try {
    log = new Log(logSettings(live.conf), host.log);
  } catch (error) {
    return fail(host, errorText(error));
  }
  // A process that ends in a way nobody foresaw still says its last words.
  const flush = () => log.flushSync();
  globalThis.addEventListener("unload", flush);
  try {
    using _defects = new DefectReporter(log.logger, () => host.log.now().getTime());
    log.logger.info(bannerText());
    report(loadReport(live.loaded), log.logger);
    host.raiseLimits();
    return await runComponents(live, log, host);
  } finally {
    await log.close(logDeadlineMs);
    globalThis.removeEventListener("unload", flush);
  }
}

/** Owns the components and the watching of the file: both are closed when this returns. */
async function runComponents(live: AppConf, log: Log, host: AppHost): Promise<number> {
  const { logger } = log;
  const services = new Services(live.conf, logger, live);
  const running = new RunningComponents<Services>(logger);
  const stopped = aborted(host.stop);
  const started = running.start(host.table, services, host.stop, stopDeadlineMs);
  /** Of what the last change has replaced. */
  let closing = Promise.resolve();
  /** The last change: what it starts must be closed as well. */
  let changing: Promise<unknown> = Promise.resolve();
  const activate = async (loaded: LoadedConf) => {
    await started;
    await closing;
    if (host.stop.aborted) throw new UserError("terminated");
    const prepared = log.prepare(logSettings(loaded.conf));
    try {
      const { slots } = running;
      const change = { slots, services, logger, deadlineMs: stopDeadlineMs };
      closing = (await replaceComponents(change, loaded.conf)).closed;
    } catch (error) {
      prepared.cancel();
      throw error;
    }
    prepared.commit();
    report(warnings(loaded), logger);
  };
  live.connect({
    logger,
    activate: (loaded) => {
      const change = activate(loaded);
      changing = change.catch(() => {});
      return change;
    },
  });
  const { filePath } = live.loaded;
  const watch = filePath === undefined ? null : new FileWatch([filePath], logger, () => {
    logger.info("reloading configuration (file changed)");
    live.reload().catch((error) => {
      logger.error(`the configuration stays as it was: ${errorText(error)}`);
    });
  });
  try {
    // A signal need not wait for a start that takes long.
    await Promise.race([started, stopped]);
  } catch (error) {
    await watch?.close();
    await services.finish();
    reportFatal(logger, error);
    return 1;
  }
  await stopped;
  logger.info("shutting down gracefully");
  await watch?.close();
  const ended = started.then(() => changing)
    .then(() => Promise.all([running.close(stopDeadlineMs), closing]));
  await settlesWithin(ended, stopDeadlineMs);
  await settlesWithin(services.finish(), hooksDeadlineMs);
  return 0;
}

/** What the user or the system caused in one sentence, defects with their stack. */
function reportFatal(logger: Logger, error: unknown): void {
  const systemError = Object.values(Deno.errors).some((kind) => error instanceof kind);
  logger.error(systemError || error instanceof UserError ? errorText(error) : defectText(error));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function logSettings(conf: Conf): LogSettings {
  return {
    level: conf.logLevel,
    destinations: conf.logDestinations,
    structured: conf.logStructured,
    file: conf.logFile,
    syslogPrefix: conf.sysLogPrefix,
  };
}
