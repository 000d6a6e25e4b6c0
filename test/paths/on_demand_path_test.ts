import type { PublisherSeat } from "../../src/paths/contracts.ts";
import { maxHeldRequests } from "../../src/paths/held.ts";
import type { SourceHost } from "../../src/paths/path.ts";
import { equal, ok } from "../support/assert.ts";
import { access, type Entries, medias, start, TestPublisher, TestReader } from "./support.ts";

/** Long enough never to pass in a test. */
const never = 3_600_000;

/** A server whose on-demand sources write down what is asked of them. */
function startWithSources(entries: Entries, onStart: (host: SourceHost) => void = () => {}) {
  const log: string[] = [];
  const stopped = Promise.withResolvers<void>();
  const create = (host: SourceHost) => ({
    type: "rtspSource" as const,
    status: { state: "idle" as const, lastError: null, lastErrorAt: null, attempts: 0 },
    start(query: string) {
      log.push(`start ${host.name} ${query}`);
      onStart(host);
    },
    stop(reason: string) {
      log.push(`stop ${host.name}: ${reason}`);
      stopped.resolve();
      return Promise.resolve();
    },
  });
  const server = start(entries, { createOnDemandSource: create, createSource: create });
  return { server, log, stopped: stopped.promise };
}

/** The delays of all timers that run, in place of the real ones. */
function recordTimers() {
  const { setTimeout, clearTimeout } = globalThis;
  const pending = new Map<number, number>();
  let lastId = 0;
  Object.assign(globalThis, {
    setTimeout: (_action: unknown, delayMs: number) => {
      pending.set(++lastId, delayMs);
      return lastId;
    },
    clearTimeout: (id: number) => void pending.delete(id),
  });
  return {
    pending: () => [...pending.values()],
    [Symbol.dispose]: () => void Object.assign(globalThis, { setTimeout, clearTimeout }),
  };
}

const command = {
  runOnDemand: "command",
  runOnDemandStartTimeout: never,
  runOnDemandCloseAfter: never,
} as const;

const pulled = {
  source: "rtsp://host/x",
  sourceOnDemand: true,
  sourceOnDemandStartTimeout: never,
  sourceOnDemandCloseAfter: never,
} as const;

Deno.test("on-demand path: without a way to start anything there is no stream", async () => {
  await using server = start({ cam: {}, pull: pulled, back: { ...pulled, fallback: "/other" } });
  for (const name of ["cam", "pull"]) {
    const text = `NoStreamError: no stream is available on path '${name}'`;
    equal(await server.failure(server.paths.addReader(access(name), new TestReader())), text);
    equal(await server.failure(server.paths.describe(access(name))), text);
  }
  equal(await server.paths.describe(access("back")), { kind: "redirect", to: "/other" });
  const seat = await server.publish("cam", new TestPublisher());
  equal((await server.paths.addReader(access("cam"), new TestReader())).stream, seat.stream);
});

Deno.test("on-demand path: requests wait for the publisher", async () => {
  const { server, log } = startWithSources({ cam: { ...command, maxReaders: 1 } });
  await using _ = server;
  const describing = server.paths.describe(access("cam", { query: "a=1" }));
  const reading = server.paths.addReader(access("cam", { query: "b=2" }), new TestReader("r1"));
  const crowded = server.failure(server.paths.addReader(access("cam"), new TestReader("r2")));
  const published = await server.publish("cam", new TestPublisher());
  const described = await describing;
  ok(described.kind === "stream" && described.stream === published.stream);
  equal((await reading).stream, published.stream);
  equal(await crowded, "UserError: maximum reader count reached");
  equal(log, ["start cam a=1"]);
});

Deno.test("on-demand path: a publisher that comes at once", async () => {
  const { server, log } = startWithSources({ all_others: pulled }, (host) => {
    equal([host.conf.name, host.groups], ["all_others", ["cam"]]);
    host.attach(new TestPublisher("", "rtspSource"), medias);
  });
  await using _ = server;
  const described = await server.paths.describe(access("cam"));
  equal(described.kind, "stream");
  equal(server.paths.get("cam")?.source, { type: "rtspSource", id: "" });
  equal(log, ["start cam "]);
});

Deno.test("on-demand path: the source does not come in time", async () => {
  for (
    const entry of [{ ...command, runOnDemandStartTimeout: 1 }, { ...pulled, sourceOnDemandStartTimeout: 1 }]
  ) {
    const { server, log } = startWithSources({ all_others: entry });
    await using _ = server;
    const text = "UserError: source of path 'cam' has timed out";
    const both = [
      server.failure(server.paths.describe(access("cam"))),
      server.failure(server.paths.addReader(access("cam"), new TestReader())),
    ];
    equal(await Promise.all(both), [text, text]);
    equal(log, ["start cam ", "stop cam: timed out"]);
    equal(server.paths.list(), []);
  }
});

Deno.test("on-demand path: a command that nobody needs is stopped, its publisher is not closed", async () => {
  const { server, log, stopped } = startWithSources({ cam: { ...command, runOnDemandCloseAfter: 1 } });
  await using _ = server;
  const reading = server.paths.addReader(access("cam"), new TestReader());
  const publisher = new TestPublisher();
  await server.publish("cam", publisher);
  (await reading).leave();
  await stopped;
  equal(log, ["start cam ", "stop cam: not needed by anyone"]);
  equal(publisher.closes, []);
  equal((await server.paths.describe(access("cam"))).kind, "stream");
});

Deno.test("on-demand path: a source that nobody needs is stopped, and its stream ends", async () => {
  let leave = () => {};
  const { server, log, stopped } = startWithSources(
    { all_others: { ...pulled, sourceOnDemandCloseAfter: 1 } },
    (host) => leave = host.attach(new TestPublisher("", "rtspSource"), medias).leave,
  );
  await using _ = server;
  (await server.paths.addReader(access("cam"), new TestReader())).leave();
  await stopped;
  equal(log, ["start cam ", "stop cam: not needed by anyone"]);
  leave();
  equal(server.paths.list(), []);
  equal(log.length, 2);
});

Deno.test("on-demand path: a source that fails is stopped, and started by the next reader", async () => {
  const seats: PublisherSeat[] = [];
  const { server, log } = startWithSources(
    { cam: pulled },
    (host) => seats.push(host.attach(new TestPublisher("", "rtspSource"), medias)),
  );
  await using _ = server;
  const reader = new TestReader();
  await server.paths.addReader(access("cam"), reader);
  seats[0].leave();
  equal(reader.closes, ["stream is closed"]);
  equal(log, ["start cam ", "stop cam: an error occurred"]);
  equal((await server.paths.addReader(access("cam"), reader)).stream, seats[1].stream);
  equal(log.at(-1), "start cam ");
});

Deno.test("on-demand path: a command outlives its publisher", async () => {
  const { server, log } = startWithSources({ all_others: command });
  await using _ = server;
  const reader = new TestReader();
  const reading = server.paths.addReader(access("cam", { query: "q" }), reader);
  const published = await server.publish("cam", new TestPublisher());
  await reading;
  published.leave();
  equal(reader.closes, ["stream is closed"]);
  equal(server.paths.list().length, 1, "the path stays while its command runs");
  const again = server.paths.addReader(access("cam"), reader);
  const back = await server.publish("cam", new TestPublisher());
  equal((await again).stream, back.stream);
  equal(log, ["start cam q"]);
});

Deno.test("on-demand path: closing answers those who wait and stops the source", async () => {
  const { server, log } = startWithSources({ cam: command, pull: pulled });
  const waiting = [
    server.failure(server.paths.describe(access("cam"))),
    server.failure(server.paths.addReader(access("pull"), new TestReader())),
  ];
  // Authentication takes its turn first.
  while (log.length < 2) await Promise.resolve();
  await server[Symbol.asyncDispose]();
  equal(await Promise.all(waiting), ["UserError: terminated", "UserError: terminated"]);
  equal(log.slice(2), ["stop cam: path destroyed", "stop pull: path is closing"]);
});

Deno.test("on-demand path: a client that goes away waits no longer", async () => {
  const { server, log } = startWithSources({ cam: command });
  await using _ = server;
  const client = new AbortController();
  const reading = server.paths.addReader(access("cam", { signal: client.signal }), new TestReader("gone"));
  const describing = server.paths.describe(access("cam", { signal: client.signal }));
  const staying = server.paths.addReader(access("cam"), new TestReader("here"));
  const answers = [server.failure(reading), server.failure(describing)];
  while (log.length < 1) await Promise.resolve();
  client.abort();
  equal(await Promise.all(answers), ["UserError: client has gone away", "UserError: client has gone away"]);
  await server.publish("cam", new TestPublisher());
  await staying;
  equal(server.paths.get("cam")?.readers.map((reader) => reader.id), ["here"]);
  client.abort();
});

Deno.test("on-demand path: who has gone before asking starts nothing", async () => {
  const { server, log } = startWithSources({ all_others: command });
  await using _ = server;
  const signal = AbortSignal.abort();
  const text = "UserError: client has gone away";
  equal(await server.failure(server.paths.describe(access("cam", { signal }))), text);
  equal(log, []);
  equal(server.paths.list(), []);
});

Deno.test("on-demand path: the number of waiting requests is limited", async () => {
  const { server } = startWithSources({ cam: command });
  await using _ = server;
  const client = new AbortController();
  const waiting = Array.from(
    { length: maxHeldRequests },
    () => server.failure(server.paths.describe(access("cam", { signal: client.signal }))),
  );
  const text = "UserError: too many requests are waiting for path 'cam'";
  equal(await server.failure(server.paths.addReader(access("cam"), new TestReader())), text);
  client.abort();
  equal(new Set(await Promise.all(waiting)), new Set(["UserError: client has gone away"]));
  const reading = server.paths.addReader(access("cam"), new TestReader());
  await server.publish("cam", new TestPublisher());
  await reading;
});

Deno.test("on-demand path: which timer runs when", async () => {
  using timers = recordTimers();
  const { server } = startWithSources({
    cam: { ...command, runOnDemandStartTimeout: 1111, runOnDemandCloseAfter: 2222 },
  });
  await using _ = server;
  const reader = new TestReader();
  const reading = server.paths.addReader(access("cam"), reader, true);
  equal(timers.pending(), [1111]);
  const publishing = await server.publish("cam", new TestPublisher());
  equal(timers.pending(), [], "the waiting reader has taken its seat");
  const seat = await reading;
  const other = await server.paths.addReader(access("cam"), new TestReader("r2"));
  seat.leave();
  equal(timers.pending(), []);
  other.leave();
  equal(timers.pending(), [2222]);
  (await server.paths.addReader(access("cam"), reader)).leave();
  equal(timers.pending(), [2222]);
  publishing.leave();
  equal(timers.pending(), [2222]);
  const client = new AbortController();
  const again = server.failure(
    server.paths.addReader(access("cam", { signal: client.signal }), reader, true),
  );
  equal(timers.pending(), [], "no new start time-out");
  client.abort();
  equal(timers.pending(), [2222]);
  await again;
});

Deno.test("on-demand path: a client's signal is let go of", async () => {
  const { server } = startWithSources({ cam: command });
  await using _ = server;
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  const reading = server.paths.addReader(access("cam", { signal }), new TestReader(), true);
  equal(listeners, 1);
  await server.publish("cam", new TestPublisher());
  await reading;
  equal(listeners, 0);
});
