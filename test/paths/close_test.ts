import { equal, ok } from "../support/assert.ts";
import { access, medias, start, TestPublisher, TestReader } from "./support.ts";

Deno.test("close: a publisher that leaves takes its readers along", async () => {
  await using server = start({ cam: {} });
  const publisher = new TestPublisher();
  const readers = ["a", "b", "c"].map((id) => new TestReader(id));
  const published = await server.publish("cam", publisher);
  const seats = [];
  for (const reader of readers) seats.push(await server.paths.addReader(access("cam"), reader));
  seats[1].leave();
  published.leave();
  published.leave();
  equal(publisher.closes, []);
  equal(readers.map((reader) => reader.closes), [["stream is closed"], [], ["stream is closed"]]);
  for (const seat of seats) seat.leave();
  equal(server.paths.get("cam")?.availableTime, null);
});

Deno.test("close: the manager closes everyone and then answers no one", async () => {
  const server = start({ cam: {}, all_others: {} });
  const publisher = new TestPublisher();
  const reader = new TestReader();
  const conf = await server.paths.authorize(access("cam"), "publish");
  await server.publish("cam", publisher);
  await server.publish("dyn", new TestPublisher());
  await server.paths.addReader(access("cam"), reader);
  await server[Symbol.asyncDispose]();
  equal([publisher.closes, reader.closes], [["terminated"], ["terminated"]]);
  equal(server.lines.slice(-2), [
    "debug [path cam] destroyed: terminated",
    "debug [path dyn] destroyed: terminated",
  ]);
  equal(server.paths.list(), []);
  for (
    const call of [
      server.paths.authorize(access("cam"), "read"),
      server.paths.describe(access("cam")),
      server.paths.addReader(access("cam"), reader),
      server.paths.addReader(access("cam"), reader, true),
      server.paths.addPublisher(access("cam"), publisher, medias, conf),
    ]
  ) equal(await server.failure(call), "UserError: terminated");
});

Deno.test("close: leaving from inside close changes nothing", async () => {
  for (const ending of ["leave", "replace", "manager"] as const) {
    await using server = start({ all_others: {} });
    const publisher = new TestPublisher("p1");
    const published = await server.publish("cam", publisher);
    publisher.onClose = () => published.leave();
    const readers = ["a", "b"].map((id) => new TestReader(id));
    for (const reader of readers) {
      const seat = await server.paths.addReader(access("cam"), reader);
      reader.onClose = () => {
        seat.leave();
        published.leave();
      };
    }
    if (ending === "leave") published.leave();
    else if (ending === "replace") await server.publish("cam", new TestPublisher("p2"));
    else await server.paths.close();
    equal(readers.map((reader) => reader.closes.length), [1, 1], ending);
    equal(publisher.closes.length, ending === "leave" ? 0 : 1, ending);
    equal(server.paths.list().length, ending === "replace" ? 1 : 0, ending);
    const destroyed = server.lines.filter((line) => line.includes("destroyed"));
    equal(destroyed.length, ending === "replace" ? 0 : 1, ending);
  }
});

Deno.test("close: a reader that leaves others' seats from inside close", async () => {
  await using server = start({ cam: {} });
  const published = await server.publish("cam", new TestPublisher());
  const readers = ["a", "b", "c"].map((id) => new TestReader(id));
  const seats = await Promise.all(readers.map((reader) => server.paths.addReader(access("cam"), reader)));
  readers[0].onClose = () => seats.forEach((seat) => seat.leave());
  published.leave();
  equal(readers.map((reader) => reader.closes.length), [1, 1, 1]);
});

Deno.test("close: coming back from inside close is a new request", async () => {
  await using server = start({ cam: {} });
  const first = new TestPublisher("p1");
  const published = await server.publish("cam", first);
  const reader = new TestReader();
  await server.paths.addReader(access("cam"), reader);
  let again: Promise<string> | undefined;
  reader.onClose = () =>
    again = server.failure(server.paths.addReader(access("cam"), new TestReader("new"), true));
  published.leave();
  equal(await again, "NoStreamError: no stream is available on path 'cam'");
  equal(server.paths.get("cam")?.readers, []);
});

Deno.test("close: who publishes from inside the close of a replacement was first", async () => {
  await using server = start({ cam: {} });
  const conf = await server.paths.authorize(access("cam"), "publish");
  const first = new TestPublisher("p1");
  await server.publish("cam", first);
  first.onClose = () => void server.paths.addPublisher(access("cam"), new TestPublisher("p3"), medias, conf);
  equal(
    await server.failure(server.publish("cam", new TestPublisher("p2"))),
    "UserError: someone is already publishing to path 'cam'",
  );
  equal(server.paths.get("cam")?.source?.id, "p3");
});

Deno.test("close: a client that throws does not keep the others open", async () => {
  await using server = start({ cam: {} });
  const published = await server.publish("cam", new TestPublisher());
  const readers = ["a", "b"].map((id) => new TestReader(id));
  for (const reader of readers) await server.paths.addReader(access("cam"), reader);
  readers[0].onClose = () => {
    throw new Error("oops");
  };
  published.leave();
  equal(readers[1].closes, ["stream is closed"]);
  ok(server.lines.includes("error [path cam] closing rtspSession a failed: oops"));
});

Deno.test("close: a request from inside the close of a replacement does not end the path", async () => {
  await using server = start({ all_others: {} });
  const first = new TestPublisher("p1");
  await server.publish("cam", first);
  let inside: Promise<string> | undefined;
  first.onClose = () =>
    inside = server.failure(server.paths.addReader(access("cam"), new TestReader(), true));
  const second = await server.publish("cam", new TestPublisher("p2"));
  equal(await inside, "NoStreamError: no stream is available on path 'cam'");
  equal(server.paths.get("cam")?.source?.id, "p2");
  second.leave();
  equal(server.paths.list(), []);
});

Deno.test("close: an old seat is not the new one of the same reader", async () => {
  await using server = start({ cam: {} });
  const reader = new TestReader();
  const first = await server.publish("cam", new TestPublisher("p1"));
  const old = await server.paths.addReader(access("cam"), reader);
  first.leave();
  await server.publish("cam", new TestPublisher("p2"));
  const seat = await server.paths.addReader(access("cam"), reader);
  old.leave();
  equal(server.paths.get("cam")?.readers.length, 1);
  seat.leave();
  equal(server.paths.get("cam")?.readers.length, 0);
});
