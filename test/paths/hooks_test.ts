/** When live paths tell of what happens, and in which order. */
import { AuthManager } from "../../src/auth/mod.ts";
import { createLogger, silentLogger } from "../../src/base/logger.ts";
import { Hooks } from "../../src/hooks/mod.ts";
import { LivePaths } from "../../src/paths/manager.ts";
import { equal, ok } from "../support/assert.ts";
import { ScriptFolder, until } from "../hooks/support.ts";
import { access, confOf, type Entries, medias, TestPublisher, TestReader } from "./support.ts";

/** Live paths, and the events they tell of. */
class Server implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly paths: LivePaths;
  readonly #hooks: Hooks;
  readonly #auth: AuthManager;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #listeners;

  constructor(entries: Entries, globals: Parameters<typeof confOf>[1] = {}) {
    const conf = confOf(entries, globals);
    const logger = createLogger((_level, text) => this.lines.push(text), () => true);
    this.#hooks = new Hooks({ conf, logger });
    this.#listeners = this.#hooks.feed.openListeners();
    this.#reader = this.#listeners.listen({ types: new Set(), after: null, expiresAt: null })!.getReader();
    this.#auth = new AuthManager(conf, silentLogger, () => 0);
    this.paths = new LivePaths({ conf, auth: this.#auth, logger, hooks: this.#hooks });
  }

  /** `type path party` of what has happened since the last call. */
  async events(): Promise<string[]> {
    const text = await this.json();
    return [...text.matchAll(/^data: (.*)$/gm)].slice(0, -1).map(([, json]) => {
      const { type, data } = JSON.parse(json);
      return [type, data.path, data.source?.id ?? data.reader?.id ?? data.user ?? ""].join(" ").trim();
    });
  }

  async json(): Promise<string> {
    // Something that is always the last.
    this.#hooks.reload(confOf({}));
    let text = "";
    while (!text.includes("configurationReloaded")) {
      text += new TextDecoder().decode((await this.#reader.read()).value);
    }
    return text;
  }

  async publish(name: string, publisher = new TestPublisher(), query = "") {
    const conf = await this.paths.authorize(access(name), "publish");
    return this.paths.addPublisher(access(name, { query }), publisher, medias, conf);
  }

  read(name: string, id = "r1", query = "") {
    return this.paths.addReader(access(name, { query }), new TestReader(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.paths.close();
    this.#listeners.close();
    await this.#hooks.close(20_000);
    await this.#auth.close();
  }
}

Deno.test("paths and hooks: the order of a stream's life", async () => {
  await using server = new Server({ cam: {} });
  equal(await server.events(), ["pathCreated cam"]);
  const seat = await server.publish("cam");
  equal(await server.events(), ["pathAvailable cam p1", "pathOnline cam p1"]);
  const reading = await server.read("cam");
  const idle = await server.read("cam", "r2");
  equal(await server.events(), []);
  const pause = reading.playing();
  reading.playing();
  equal(await server.events(), ["readerStarted cam r1"]);
  pause();
  pause();
  reading.playing();
  equal(await server.events(), ["readerStopped cam r1", "readerStarted cam r1"]);
  idle.leave();
  seat.leave();
  reading.leave();
  pause();
  reading.playing();
  equal(await server.events(), ["pathOffline cam p1", "readerStopped cam r1", "pathUnavailable cam p1"]);
});

Deno.test("paths and hooks: events tell queries without credentials", async () => {
  await using server = new Server({ cam: {} });
  await server.publish("cam", new TestPublisher(), "a=1&pass=s3cret&t%6Fken=s3cret&passed=2&jwt=s3cret");
  const told = await server.json();
  ok(told.includes('"query":"a=1&pass=<redacted>&token=<redacted>&passed=2&jwt=<redacted>"'), told);
  ok(!told.includes("s3cret"));
});

Deno.test("paths and hooks: a publisher that is replaced, a path that closes", async () => {
  await using server = new Server({ cam: {} });
  await server.publish("cam");
  (await server.read("cam")).playing();
  await server.events();
  await server.publish("cam", new TestPublisher("p2"));
  equal(await server.events(), [
    "pathOffline cam p1",
    "readerStopped cam r1",
    "pathUnavailable cam p1",
    "pathAvailable cam p2",
    "pathOnline cam p2",
  ]);
  server.paths.reload(confOf({}));
  equal(await server.events(), ["pathOffline cam p2", "pathUnavailable cam p2", "pathRemoved cam"]);
});

Deno.test("paths and hooks: mere questions for a path of an expression are not told", async () => {
  await using server = new Server({ all_others: {} });
  await server.read("x").catch(() => {});
  equal(await server.events(), []);
  const seat = await server.publish("y");
  seat.leave();
  equal(await server.events(), [
    "pathCreated y",
    "pathAvailable y p1",
    "pathOnline y p1",
    "pathOffline y p1",
    "pathUnavailable y p1",
    "pathRemoved y",
  ]);
});

Deno.test("paths and hooks: who is refused with credentials is told", async () => {
  await using server = new Server({ cam: {} }, { authInternalUsers: [] });
  await server.events();
  await server.read("cam").catch(() => {});
  equal(await server.events(), []);
  const credentials = { user: "eve", pass: "x", token: "" };
  await server.paths.addReader(access("cam", { credentials }), new TestReader()).catch(() => {});
  equal(await server.events(), ["authenticationFailed cam eve"]);
});

Deno.test("paths and hooks: a command publishes on demand, and is stopped when nobody reads", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo "$1 $MTX_QUERY" >> ${folder.log}; exec sleep 600`);
  const append = folder.append();
  const entry = {
    runOnDemand: `${run} demand`,
    runOnUnDemand: `${append} undemand $MTX_QUERY`,
    runOnDemandCloseAfter: 1,
  };
  await using server = new Server({ cam: entry });
  const reading = server.read("cam", "r1", "a=1");
  equal(await folder.has(1), ["demand a%3D1"]);
  const seat = await server.publish("cam");
  (await reading).leave();
  equal(await folder.has(2), ["demand a%3D1", "undemand a%3D1"]);
  await until(
    () => server.lines.includes("[path cam] runOnDemand command stopped: not needed by anyone"),
    () => server.lines.join("\n"),
  );
  seat.leave();
});

Deno.test("paths and hooks: changed commands keep publisher and readers; on demand comes and goes", async () => {
  await using folder = new ScriptFolder();
  const run = folder.script(`echo "$1" >> ${folder.log}; exec sleep 600`);
  await using server = new Server({ cam: { runOnAvailable: `${run} one` } });
  const publisher = new TestPublisher();
  const seat = await server.publish("cam", publisher);
  await server.read("cam");
  await folder.has(1);
  server.paths.reload(confOf({ cam: { runOnAvailable: `${run} two`, runOnDemand: `${run} demand` } }));
  equal(await folder.has(2), ["one", "two"]);
  equal(publisher.closes, []);
  equal(server.paths.get("cam")!.readers.length, 1);
  seat.leave();
  const waiting = server.read("cam").then(() => "", (error: Error) => error.name);
  equal((await folder.has(3))[2], "demand");
  server.paths.reload(confOf({ cam: {} }));
  equal(await waiting, "NoStreamError");
  equal(await server.read("cam").then(() => "", (error: Error) => error.name), "NoStreamError");
  ok(server.lines.includes("[path cam] runOnDemand command stopped: not configured anymore"));
});
