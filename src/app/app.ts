/** From the command line to the exit code: load the configuration, start the components, wait for a signal, stop. */
import { errorText, UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { productVersion } from "../base/product.ts";
import type { Conf, LoadedConf } from "../conf/mod.ts";
import { bannerText, type Command, parseArguments, programName, usageExitCode, usageText } from "./cli.ts";
import { Services } from "./components.ts";
import { settlesWithin } from "./deadline.ts";
import { DefectReporter, defectText } from "./defects.ts";
import { type Component, RunningComponents } from "./lifecycle.ts";
import { Log, type LogHost, type LogSettings } from "./log/log.ts";

/** What the application needs of the process; tests bring their own. */
export interface AppHost {
  readonly log: LogHost;
  readonly table: readonly Component<Services>[];
  /** Writes a line to standard output, at once. */
  print(line: string): void;
  /** Writes a line to standard error, at once. */
  printError(line: string): void;
  loadConf(path: string | undefined): Promise<LoadedConf>;
  /** Called once, before the components start. */
  raiseLimits(): void;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
}

/** Components get this long to stop; what has not stopped then ends with the process. */
export const stopDeadlineMs = 1500;

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
  let loaded: LoadedConf;
  try {
    loaded = await host.loadConf(command.confPath);
  } catch (error) {
    return fail(host, error instanceof UserError ? error.message : defectText(error));
  }
  if (command.kind === "run") return await serve(loaded, host);
  for (const line of loadReport(loaded)) host.print(`${line.level}: ${line.text}`);
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
  for (const text of loaded.warnings) lines.push({ level: "WAR", text });
  if (loaded.notImplemented.length > 0) {
    const text = `not available yet and without effect: ${loaded.notImplemented.join(", ")}`;
    lines.push({ level: "WAR", text });
  }
  return lines;
}

async function serve(loaded: LoadedConf, host: AppHost): Promise<number> {
  let log: Log;
  try {
    log = new Log(logSettings(loaded.conf), host.log);
  } catch (error) {
    return fail(host, errorText(error));
  }
  // A process that ends in a way nobody foresaw still says its last words.
  const flush = () => log.flushSync();
  globalThis.addEventListener("unload", flush);
  try {
    using _defects = new DefectReporter(log.logger, () => host.log.now().getTime());
    log.logger.info(bannerText());
    for (const { level, text } of loadReport(loaded)) {
      if (level === "WAR") log.logger.warn(text);
      else log.logger.info(text);
    }
    host.raiseLimits();
    return await runComponents(new Services(loaded.conf, log.logger), host);
  } finally {
    await log.close(logDeadlineMs);
    globalThis.removeEventListener("unload", flush);
  }
}

/** Owns the components: they are closed when this returns. */
async function runComponents(services: Services, host: AppHost): Promise<number> {
  const running = new RunningComponents(services.logger);
  const stopped = aborted(host.stop);
  const started = running.start(host.table, services, host.stop, stopDeadlineMs);
  try {
    // A signal need not wait for a start that takes long.
    await Promise.race([started, stopped]);
  } catch (error) {
    reportFatal(services.logger, error);
    return 1;
  }
  await stopped;
  services.logger.info("shutting down gracefully");
  await settlesWithin(started.then(() => running.close(stopDeadlineMs)), stopDeadlineMs);
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
