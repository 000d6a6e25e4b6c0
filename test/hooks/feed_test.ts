import { silentLogger } from "../../src/base/logger.ts";
import { EventBus, eventId, type EventRecord, maxEventText } from "../../src/hooks/events.ts";
import { EventFeed, maxKeptEvents, maxListeners, maxWaitingEvents } from "../../src/hooks/feed.ts";
import { equal, match, ok } from "../support/assert.ts";
import { TestHooks } from "./support.ts";

const all = { types: new Set<never>(), after: null, expiresAt: null };

function setUp() {
  const bus = new EventBus(silentLogger);
  const feed = new EventFeed(bus);
  const listeners = feed.openListeners();
  const records: EventRecord[] = [];
  bus.listen((record) => records.push(record));
  const tell = (path: string) => bus.emit({ type: "pathCreated", data: { path, confName: path } });
  return { bus, feed, listeners, records, tell };
}

/** Reads until there are that many events. */
async function read(body: ReadableStream<Uint8Array>, count: number) {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let text = "";
  while ((text.match(/^data: /gm) ?? []).length < count) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the end after:\n${text}`);
    text += value;
  }
  await reader.cancel();
  return text;
}

Deno.test("feed: events as they happen, filtered", async () => {
  const { listeners, tell, bus, records, feed } = setUp();
  const everything = listeners.listen(all)!;
  const some = listeners.listen({ ...all, types: new Set(["configurationReloaded"] as const) })!;
  tell("a");
  bus.emit({ type: "configurationReloaded", data: {} });
  const [first, second] = records;
  equal(
    await read(everything, 2),
    `: \n\nid: ${eventId(first)}\nevent: pathCreated\ndata: ${first.json}\n\n` +
      `id: ${eventId(second)}\nevent: configurationReloaded\ndata: ${second.json}\n\n`,
  );
  equal((await read(some, 1)).match(/^event: .*$/gm), ["event: configurationReloaded"]);
  feed.close();
});

Deno.test("feed: a listener that comes back misses nothing, or is told", async () => {
  const { listeners, tell, records } = setUp();
  for (let i = 0; i < 5; i++) tell(String(i));
  const after = (id: string) => listeners.listen({ ...all, after: id })!;
  const paths = (text: string) => [...text.matchAll(/"path":"(\d+)"/g)].map(([, path]) => path);
  const back = await read(after(eventId(records[2])), 2);
  equal(paths(back), ["3", "4"]);
  ok(!back.includes("eventsLost"));
  for (const stranger of ["zzz-1", "nonsense", `${records[0].epoch}-x`]) {
    const text = await read(after(stranger), 6);
    match(text, /^: \n\nevent: eventsLost\ndata: {}\n\nid/);
    equal(paths(text), ["0", "1", "2", "3", "4"]);
  }
  for (let i = 0; i < maxKeptEvents; i++) tell("9");
  match(await read(after(eventId(records[2])), 2), /^: \n\nevent: eventsLost/);
});

Deno.test("feed: clients that come and go do not displace what happens to paths", async () => {
  const { listeners, tell, bus, records, feed } = setUp();
  const connection = { type: "rtspConn", id: "1" };
  tell("first");
  tell("1");
  for (let i = 0; i < 2 * maxKeptEvents; i++) {
    bus.emit({ type: "connectionOpened", data: { connection, remoteAddr: "127.0.0.1:1" } });
  }
  tell("2");
  const after = eventId(records[0]);
  const some = { ...all, after, types: new Set(["pathCreated"] as const) };
  const text = await read(listeners.listen(some)!, 2);
  equal([...text.matchAll(/"path":"(\d+)"/g)].map(([, path]) => path), ["1", "2"]);
  ok(!text.includes("eventsLost"), "nothing that it wants");
  const everything = await read(listeners.listen({ ...all, after })!, 3);
  match(everything, /^: \n\nevent: eventsLost/);
  const order = [...everything.matchAll(/^id: .*-(\d+)$/gm)].map(([, number]) => Number(number));
  equal(order, order.toSorted((a, b) => a - b));
  equal(order[0], 2);
  feed.close();
});

Deno.test("feed: slow listeners are dropped, their number is limited, closing ends them", async () => {
  const { listeners, tell, feed } = setUp();
  const slow = listeners.listen(all)!;
  for (let i = 0; i <= maxWaitingEvents; i++) tell("x");
  equal((await slow.getReader().read()).done, true);
  const open = Array.from({ length: maxListeners }, () => listeners.listen(all)!);
  equal(listeners.listen(all), null);
  await open[0].cancel();
  const other = feed.openListeners();
  const last = other.listen(all)!;
  listeners.close();
  const reader = last.getReader();
  await reader.read();
  tell("still");
  equal((await reader.read()).done, false);
  other.close();
  equal((await reader.read()).done, true);
});

Deno.test("feed: text of clients is cut; guessing of passwords is told in measure", async () => {
  await using test = TestHooks.of({});
  const listeners = test.hooks.feed.openListeners();
  const body = listeners.listen(all)!;
  const refusal = { action: "read", path: "cam", protocol: "rtsp", ip: "1.2.3.4", reason: "no" };
  for (let i = 0; i < 100; i++) test.hooks.refused({ ...refusal, user: "u".repeat(10_000) });
  const text = await read(body, 10);
  const count = text.match(/^data: /gm)!.length;
  ok(count >= 10 && count <= 20, String(count));
  equal(JSON.parse(text.match(/^data: (.*)$/m)![1]).data.user, `${"u".repeat(maxEventText)}…`);
  listeners.close();
});

Deno.test("feed: nothing is told after the end of a token", async () => {
  const { listeners, tell, feed } = setUp();
  const past = listeners.listen({ ...all, expiresAt: Date.now() })!;
  const future = listeners.listen({ ...all, expiresAt: Date.now() + 3_600_000 })!;
  tell("a");
  equal(await new Response(past).text(), "");
  match(await read(future, 1), /"path":"a"/);
  feed.close();
});
