/** Clients whose token ends. Times are short and real; what is tested is the order in which things happen. */
import { Expiry } from "../../src/paths/expiry.ts";
import { equal, match } from "../support/assert.ts";
import { guarded } from "../support/guarded.ts";
import { access, medias, start, TestPublisher, TestReader } from "./support.ts";

const soon = () => Date.now() + 200;
const later = () => Date.now() + 3_600_000;
const until = (expiresAt: number | null) => access("cam", { grant: { user: "pat", expiresAt } });

/** Resolves when it is closed. */
function closed(client: TestReader | TestPublisher): Promise<void> {
  if (client.closes.length > 0) return Promise.resolve();
  return guarded("a client to be closed", new Promise((resolve) => client.onClose = resolve));
}

/** What is due after everything that was due before. */
function passed(): Promise<void> {
  return new Promise((resolve) => new Expiry(Date.now() + 250, resolve));
}

Deno.test("expiry: a time that no timer can hold, and an end that is put off", async () => {
  const rung: string[] = [];
  const far = [Date.now() + 40 * 86_400_000, Number.MAX_VALUE, Infinity].map((at) =>
    new Expiry(at, () => rung.push("far"))
  );
  const never = new Expiry(null, () => rung.push("never"));
  const canceled = new Expiry(soon(), () => rung.push("canceled"));
  canceled.cancel();
  canceled.extend(later());
  const extended = new Expiry(soon(), () => rung.push("extended"));
  extended.extend(later());
  extended.extend(Date.now());
  const freed = new Expiry(soon(), () => rung.push("freed"));
  freed.extend(null);
  freed.extend(soon());
  new Expiry(Date.now() - 1000, () => rung.push("past"));
  equal(rung, [], "nothing happens from inside");
  await passed();
  equal(rung, ["past"]);
  for (const expiry of [...far, never, extended, freed]) expiry.cancel();
});

Deno.test("a reader goes when its token ends, the others stay", async () => {
  await using test = start({ cam: {} });
  const publisher = new TestPublisher();
  const seat = await test.publish("cam", publisher);
  const [short, long, open, gone] = ["short", "long", "open", "gone"].map((id) => new TestReader(id));
  const shortSeat = await test.paths.addReader(until(soon()), short, true);
  await test.paths.addReader(until(later()), long, true);
  await test.paths.addReader(access("cam"), open);
  (await test.paths.addReader(until(soon()), gone, true)).leave();
  await closed(short);
  await passed();
  shortSeat.leave();
  equal(short.closes, ["token has expired"]);
  equal([long.closes, open.closes, gone.closes, publisher.closes], [[], [], [], []]);
  equal(test.paths.get("cam")?.readers.map(({ id }) => id), ["long", "open"]);
  seat.leave();
  equal(long.closes, ["stream is closed"]);
});

Deno.test("a reader that has a way of its own to expire is not closed", async () => {
  await using test = start({ cam: {} });
  await test.publish("cam", new TestPublisher());
  const { promise, resolve } = Promise.withResolvers<string>();
  const reader = Object.assign(new TestReader(), { expire: resolve });
  await test.paths.addReader(until(soon()), reader, true);
  equal(await guarded("the end", promise), "token has expired");
  equal(reader.closes, []);
});

Deno.test("a publisher goes when its token ends, and its readers with the stream", async () => {
  await using test = start({ cam: {} });
  const publisher = new TestPublisher();
  const conf = await test.paths.authorize(access("cam"), "publish");
  await test.paths.addPublisher(until(soon()), publisher, medias, conf);
  const reader = new TestReader();
  await test.paths.addReader(until(later()), reader, true);
  await closed(reader);
  equal([publisher.closes, reader.closes], [["token has expired"], ["stream is closed"]]);
  equal(test.paths.get("cam")?.source, null);
});

Deno.test("a token that has ended before the seat was asked for drives nobody out", async () => {
  await using test = start({ cam: {} });
  const publisher = new TestPublisher();
  await test.publish("cam", publisher);
  const conf = await test.paths.authorize(access("cam"), "publish");
  const past = until(Date.now() - 1);
  equal(
    await test.failure(test.paths.addPublisher(past, new TestPublisher(), medias, conf)),
    "UserError: token has expired",
  );
  equal(
    await test.failure(test.paths.addReader(past, new TestReader(), true)),
    "UserError: token has expired",
  );
  equal(publisher.closes, []);
});

Deno.test("a token that has ended while its reader waited for the stream gives no seat", async () => {
  await using test = start({ cam: { runOnDemand: "sleep 600" } });
  const waiting = test.failure(test.paths.addReader(until(soon()), new TestReader(), true));
  await passed();
  await test.publish("cam", new TestPublisher());
  equal(await waiting, "UserError: token has expired");
});

Deno.test("a newer token of a reader that is here puts its end off", async () => {
  await using test = start({ cam: {} });
  await test.publish("cam", new TestPublisher());
  const reader = new TestReader();
  const seat = await test.paths.addReader(until(soon()), reader, true);
  equal(await test.paths.addReader(until(later()), reader, true) === seat, true);
  await passed();
  equal(reader.closes, []);
});

Deno.test("what an access was granted is known for that access only", async () => {
  await using test = start({ cam: {} });
  const asked = access("cam", { credentials: { user: "pat", pass: "x", token: "" } });
  await test.paths.authorize(asked, "publish");
  equal(test.paths.grantOf(asked), { user: "pat", expiresAt: null });
  equal(test.paths.grantOf(until(5)), { user: "pat", expiresAt: 5 });
  match(JSON.stringify(test.paths.grantOf(access("cam"))), /"user":""/);
});
