import { type AppConf, type AppHost, runApp } from "../../src/app/app.ts";
import type { Services } from "../../src/app/services.ts";
import type { Component } from "../../src/app/lifecycle.ts";
import { UserError } from "../../src/base/errors.ts";
import { defaultConf, emptyOverlay, type LoadedConf } from "../../src/conf/mod.ts";
import { equal, match } from "../support/assert.ts";

/** An app without a process: everything it writes to standard output and error is gathered, times are cut off. */
class TestHost implements AppHost {
  readonly #stop = new AbortController();
  readonly stop = this.#stop.signal;
  readonly events: string[] = [];
  table: readonly Component<Services>[] = [];
  loaded: LoadedConf | Error = {
    conf: defaultConf(),
    filePath: "/etc/x.yml",
    lookedIn: ["/a.yml", "/b.yml"],
    warnings: [],
    notImplemented: [],
  };
  readonly log: AppHost["log"];
  /** Through which the configuration is changed. */
  readonly connection = Promise.withResolvers<Parameters<AppConf["connect"]>[0]>();
  #out = "";

  constructor() {
    const writeSync = (bytes: Uint8Array) => {
      this.#out += new TextDecoder().decode(bytes);
      return bytes.length;
    };
    const stdout = { write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)), writeSync };
    this.log = { stdout, colors: false, now: () => new Date() };
  }

  get out(): string[] {
    return this.#out.split("\n").map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, ""));
  }

  print(line: string): void {
    this.#out += `${line}\n`;
  }

  printError(line: string): void {
    this.events.push(`stderr: ${line}`);
  }

  loadConf(path: string | undefined): Promise<AppConf> {
    this.events.push(`load ${path}`);
    const { loaded } = this;
    if (loaded instanceof Error) return Promise.reject(loaded);
    const unchangeable = () => Promise.reject(new Error("not in this test"));
    return Promise.resolve({
      loaded,
      conf: loaded.conf,
      overlay: emptyOverlay,
      overlayFile: undefined,
      connect: (connection) => this.connection.resolve(connection),
      edit: unchangeable,
      reload: unchangeable,
    });
  }

  interrupt(): void {
    this.#stop.abort();
  }

  raiseLimits(): void {
    this.events.push("raise limits");
  }

  /** A row that stops the app as soon as it has started, when it is the last. */
  row(name: string, then: "stop" | "fail" | "defect" | "go on" = "go on"): Component<Services> {
    return {
      name,
      start: ({ logger }) => {
        if (then === "fail") throw new UserError(`listen on ${name}: address in use`);
        if (then === "defect") throw new TypeError("x is undefined");
        if (then === "stop") this.#stop.abort();
        logger.info(`${name} started`);
        return { close: () => logger.info(`${name} closing`) };
      },
    };
  }
}

Deno.test("app: starts, waits for the signal, stops in the reverse order, exits with 0", async () => {
  const host = new TestHost();
  host.table = [host.row("a"), host.row("b", "stop")];
  equal(await runApp(["my.yml"], host), 0);
  match(host.out[0], /^INF Livemux v[\d.]+, \w+, \w+$/);
  equal(host.out.slice(1), [
    "INF configuration loaded from /etc/x.yml",
    "INF a started",
    "INF b started",
    "INF shutting down gracefully",
    "INF b closing",
    "INF a closing",
    "",
  ]);
  equal(host.events, ["load my.yml", "raise limits"]);
});

Deno.test("app: a signal in the middle of a change closes what the change starts, too", async () => {
  const host = new TestHost();
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let starts = 0;
  host.table = [{
    name: "a",
    restartOn: ["readTimeout"],
    start: async ({ logger }) => {
      const number = ++starts;
      if (number === 2) {
        begun.resolve();
        await release.promise;
      }
      logger.info(`${number} started`);
      return { close: () => logger.info(`${number} closing`) };
    },
  }];
  const ended = runApp([], host);
  const { activate } = await host.connection.promise;
  const { loaded } = host;
  if (loaded instanceof Error) throw loaded;
  const change = activate({ ...loaded, conf: { ...loaded.conf, readTimeout: 1 } });
  await begun.promise;
  host.interrupt();
  // Whatever does not wait for the change is done by then.
  await new Promise((resolve) => setTimeout(resolve, 30));
  release.resolve();
  await change;
  equal(await ended, 0);
  equal(host.out.filter((line) => /closing$/.test(line)).sort(), ["INF 1 closing", "INF 2 closing"]);
});

Deno.test("app: a component that fails closes the others and exits with 1", async () => {
  const host = new TestHost();
  host.table = [host.row("a"), host.row("b", "fail"), host.row("c")];
  equal(await runApp([], host), 1);
  equal(host.out.slice(2), ["INF a started", "INF a closing", "ERR listen on b: address in use", ""]);
});

Deno.test("app: a defect at the start is logged with its stack", async () => {
  const host = new TestHost();
  host.table = [host.row("a", "defect")];
  equal(await runApp([], host), 1);
  match(host.out[2], /^ERR TypeError: x is undefined$/);
  match(host.out[3], /^ +at .*app_test/);
});

Deno.test("app: no file, deprecated keys and keys without effect are warnings", async () => {
  const host = new TestHost();
  host.loaded = {
    conf: defaultConf(),
    lookedIn: ["/a.yml", "/b.yml"],
    warnings: ["parameter 'old' is deprecated"],
    notImplemented: ["hls", "paths.cam.record"],
  };
  host.table = [host.row("a", "stop")];
  equal(await runApp([], host), 0);
  equal(host.out.slice(1, 4), [
    "WAR configuration file not found (looked in /a.yml, /b.yml), using an empty configuration",
    "WAR parameter 'old' is deprecated",
    "WAR not available yet and without effect: hls, paths.cam.record",
  ]);
});

Deno.test("app: a bad configuration is one ERR line and exits with 1, running or checking", async () => {
  for (const args of [[], ["--check"]]) {
    const host = new TestHost();
    host.loaded = new UserError("x.yml:3:5: unknown key 'pathz', did you mean 'paths'?");
    host.table = [host.row("a", "stop")];
    equal(await runApp(args, host), 1);
    equal(host.out, ["ERR: x.yml:3:5: unknown key 'pathz', did you mean 'paths'?", ""]);
  }
});

Deno.test("app: --check starts nothing", async () => {
  const host = new TestHost();
  host.table = [host.row("a")];
  equal(await runApp(["--check", "x.yml"], host), 0);
  equal(host.out, ["INF: configuration loaded from /etc/x.yml", "the configuration is valid", ""]);
  equal(host.events, ["load x.yml"]);
});

Deno.test("app: a log file that cannot be opened exits with 1", async () => {
  const host = new TestHost();
  const conf = { ...defaultConf(), logDestinations: ["file" as const], logFile: "/nowhere/x.log" };
  host.loaded = { conf, lookedIn: [], warnings: [], notImplemented: [] };
  equal(await runApp([], host), 1);
  match(host.out[0], /^ERR: logFile '\/nowhere\/x.log' cannot be opened/);
});

Deno.test("app: version, help, release flags and usage errors load nothing", async () => {
  const table: readonly (readonly [args: string[], code: number, out: RegExp])[] = [
    [["--version"], 0, /^v\d+\.\d+\.\d+\n$/],
    [["--help"], 0, /^Usage: livemux .*\n$/s],
    [["--check-version"], 1, /^ERR: current version \(v[\d.]+\) is not official and cannot be checked.*\n$/],
    [["--upgrade"], 1, /^ERR: current version \(v[\d.]+\) is not official and cannot be upgraded.*\n$/],
    [["--nonsense"], 80, /^Usage: livemux .*\n$/s],
  ];
  for (const [args, code, out] of table) {
    const host = new TestHost();
    equal(await runApp(args, host), code);
    match(host.out.join("\n"), out);
    equal(host.events, code === 80 ? ["stderr: livemux: error: unknown flag --nonsense"] : []);
  }
});
