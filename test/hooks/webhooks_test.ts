import { createHmac } from "node:crypto";
import { createLogger } from "../../src/base/logger.ts";
import { EventBus } from "../../src/hooks/events.ts";
import { maxWaitingEvents, Webhook, type WebhookConf } from "../../src/hooks/webhook/webhook.ts";
import { Webhooks } from "../../src/hooks/webhook/webhooks.ts";
import { equal, match, ok } from "../support/assert.ts";
import { until } from "./support.ts";

interface Received {
  readonly headers: Headers;
  readonly body: string;
}

/** A receiver of webhooks on a free port, which answers as it is told. */
class Receiver implements AsyncDisposable {
  readonly got: Received[] = [];
  /** Status of the answers; may wait. */
  answer: (index: number) => number | Promise<number> = () => 204;
  #server: Deno.HttpServer<Deno.NetAddr>;
  readonly port: number;

  constructor(port = 0) {
    this.#server = this.#listen(port);
    this.port = this.#server.addr.port;
  }

  #listen(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
      const body = await request.text();
      this.got.push({ headers: request.headers, body });
      return new Response(null, { status: await this.answer(this.got.length - 1) });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook?key=s3cret`;
  }

  /** Paths of the events that have come. */
  get paths(): string[] {
    return this.got.map(({ body }) => JSON.parse(body).data.path);
  }

  async down(): Promise<void> {
    await this.#server.shutdown();
  }

  up(): void {
    this.#server = this.#listen(this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}

function setUp(receiver: Receiver, changes: Partial<WebhookConf> = {}) {
  const lines: string[] = [];
  const logger = createLogger((level, text) => lines.push(`${level} ${text}`), () => true);
  const bus = new EventBus(logger, () => 1_700_000_000_000);
  const conf: WebhookConf = {
    url: receiver.url,
    events: [],
    secret: "",
    retries: 100,
    timeout: 20_000,
    ...changes,
  };
  const webhook = new Webhook(conf, logger, 1);
  bus.listen((record) => webhook.push(record));
  const tell = (path: string) => bus.emit({ type: "pathCreated", data: { path, confName: "all" } });
  const arrived = (count: number) =>
    until(() => receiver.got.length >= count, () => `${count} deliveries, there are ${receiver.got.length}`);
  return { bus, webhook, tell, arrived, lines, conf, logger };
}

Deno.test("webhooks: what is sent, and its signature", async () => {
  await using receiver = new Receiver();
  const { webhook, tell, arrived, bus } = setUp(receiver, { secret: "key", events: ["pathCreated"] });
  bus.emit({ type: "configurationReloaded", data: {} });
  tell("cam/1");
  await arrived(1);
  const { headers, body } = receiver.got[0];
  const { id, ...rest } = JSON.parse(body);
  equal(rest, {
    type: "pathCreated",
    time: "2023-11-14T22:13:20.000Z",
    data: { path: "cam/1", confName: "all" },
  });
  match(id, /^[0-9a-z]+-2$/);
  equal(headers.get("content-type"), "application/json");
  equal(headers.get("x-livemux-event"), "pathCreated");
  equal(headers.get("x-livemux-id"), id);
  const timestamp = headers.get("x-livemux-timestamp")!;
  const hmac = createHmac("sha256", "key").update(`${timestamp}.${body}`).digest("hex");
  equal(headers.get("x-livemux-signature"), `sha256=${hmac}`);
  await webhook.close(0);
});

Deno.test("webhooks: ports that browsers must not use, and credentials of the URL", async () => {
  // `fetch` refuses these ports; one of them is free here.
  const blocked = [10080, 6566, 6667, 6697, 5061, 4190];
  let receiver: Receiver | null = null;
  for (const port of blocked) {
    try {
      receiver = new Receiver(port);
      break;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  await using open = receiver!;
  const { webhook, tell, arrived } = setUp(open, { url: `http://me:s%20t@127.0.0.1:${open.port}/hook` });
  tell("a");
  await arrived(1);
  equal(open.got[0].headers.get("authorization"), `Basic ${btoa("me:s t")}`);
  await webhook.close(1000);
});

Deno.test("webhooks: a receiver that is down or fails gets everything in order when it is back", async () => {
  await using receiver = new Receiver();
  const { webhook, tell, arrived, lines } = setUp(receiver);
  await receiver.down();
  for (const path of ["a", "b", "c"]) tell(path);
  await until(() => lines.some((line) => /tried again/.test(line)), () => "a failure");
  receiver.answer = (index) => index < 3 ? 500 : 200;
  receiver.up();
  await arrived(6);
  equal(receiver.paths, ["a", "a", "a", "a", "b", "c"]);
  ok(!lines.some((line) => line.includes("s3cret")), lines.join("\n"));
  await webhook.close(1000);
});

Deno.test("webhooks: a slow receiver holds up nobody; the oldest events are dropped and counted", async () => {
  await using receiver = new Receiver();
  const gate = Promise.withResolvers<number>();
  receiver.answer = (index) => index === 0 ? gate.promise : 200;
  const { webhook, tell, arrived, lines } = setUp(receiver);
  const extra = 50;
  for (let i = 0; i < maxWaitingEvents + extra; i++) tell(String(i));
  await arrived(1);
  gate.resolve(200);
  await arrived(2);
  equal(receiver.paths.slice(0, 2), ["0", String(extra + 1)]);
  equal(receiver.got[1].headers.get("x-livemux-dropped"), String(extra));
  match(lines.join("\n"), /too many events are waiting/);
  await webhook.close(0);
});

Deno.test("webhooks: clients that come and go do not displace what happens to paths", async () => {
  await using receiver = new Receiver();
  const gate = Promise.withResolvers<number>();
  receiver.answer = (index) => index === 0 ? gate.promise : 200;
  const { bus, webhook, tell, arrived, lines } = setUp(receiver);
  const visit = (id: number) => {
    const connection = { type: "rtspConn", id: String(id) };
    bus.emit({ type: "connectionOpened", data: { connection, remoteAddr: "127.0.0.1:1" } });
    const data = { path: "cam", confName: "all", query: "", reader: connection };
    bus.emit({ type: "readerStarted", data });
    bus.emit({ type: "connectionClosed", data: { connection, remoteAddr: "127.0.0.1:1" } });
  };
  tell("first");
  for (let i = 0; i < maxWaitingEvents; i++) {
    visit(i);
    if (i % 10 === 0) tell(`path ${i}`);
  }
  await arrived(1);
  gate.resolve(200);
  await arrived(maxWaitingEvents);
  const types = receiver.got.map(({ headers }) => headers.get("x-livemux-event"));
  equal(types.filter((type) => type === "pathCreated").length, 1 + maxWaitingEvents / 10);
  equal(types.filter((type) => type?.startsWith("connection")).length, 0);
  equal(
    receiver.got.at(-1)!.body.includes(`"id":"${maxWaitingEvents - 1}"`),
    true,
    "the latest readers are told",
  );
  const dropped = 1 + maxWaitingEvents * 3.1 - maxWaitingEvents;
  equal(receiver.got[1].headers.get("x-livemux-dropped"), String(dropped));
  match(lines.join("\n"), /too many events are waiting/);
  await webhook.close(0);
});

Deno.test("webhooks: what is refused or fails too often is given up, and the next delivery says so", async () => {
  await using receiver = new Receiver();
  receiver.answer = (index) => [404, 500, 500, 500, 200, 200][index];
  const { webhook, tell, arrived, lines } = setUp(receiver, { retries: 2 });
  for (const path of ["a", "b", "c", "d"]) tell(path);
  await arrived(6);
  equal(receiver.paths, ["a", "b", "b", "b", "c", "d"]);
  const dropped = receiver.got.map(({ headers }) => headers.get("x-livemux-dropped"));
  equal(dropped, [null, "1", "1", "1", "2", null]);
  await webhook.close(1000);
  equal(lines.filter((line) => /1 event is given up: /.test(line)).length, 2);
});

Deno.test("webhooks: no answer in time is a failure; redirects are not followed", async () => {
  await using receiver = new Receiver();
  const gate = Promise.withResolvers<number>();
  receiver.answer = (index) => index === 0 ? gate.promise : index === 1 ? 307 : 200;
  const { webhook, tell, arrived, lines } = setUp(receiver, { timeout: 30 });
  tell("a");
  await arrived(2);
  tell("b");
  await arrived(3);
  gate.resolve(200);
  equal(receiver.paths.slice(0, 2), ["a", "a"]);
  match(lines.join("\n"), /no answer within 0\.03 seconds/);
  await webhook.close(1000);
});

Deno.test("webhooks: at the end, what waits is delivered for a while", async () => {
  await using receiver = new Receiver();
  const { webhook, tell } = setUp(receiver);
  for (const path of ["a", "b", "c"]) tell(path);
  await webhook.close(20_000);
  equal(receiver.paths, ["a", "b", "c"]);
  tell("d");
  equal(receiver.got.length, 3);

  const gate = Promise.withResolvers<number>();
  receiver.answer = () => gate.promise;
  const stuck = setUp(receiver);
  stuck.tell("e");
  stuck.tell("f");
  await stuck.webhook.close(20);
  match(stuck.lines.join("\n"), /2 events were not delivered any more/);
  gate.resolve(200);
});

Deno.test("webhooks: a reload keeps what waits for the same URL", async () => {
  await using first = new Receiver();
  await using second = new Receiver();
  const { bus, tell, conf, logger, webhook } = setUp(first);
  await webhook.close(0);
  const gate = Promise.withResolvers<number>();
  first.answer = (index) => index === 0 ? gate.promise : 200;
  const hooks = new Webhooks(bus, [conf], logger);
  const before = first.got.length;
  tell("a");
  tell("b");
  await until(() => first.got.length > before, () => "the first delivery");
  hooks.reload([{ ...conf, url: second.url }, { ...conf, secret: "new" }]);
  tell("c");
  gate.resolve(200);
  await until(() => first.paths.includes("c") && second.got.length === 1, () => "deliveries to both");
  equal(first.paths, ["a", "b", "c"]);
  ok(first.got[2].headers.has("x-livemux-signature"));
  equal(second.paths, ["c"]);
  await hooks.close(1000);
});
