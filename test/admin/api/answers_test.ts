import { pathAnswer } from "../../../src/admin/api/answers.ts";
import type { PublisherSeat } from "../../../src/paths/contracts.ts";
import type { SourceHost } from "../../../src/paths/path.ts";
import { medias, start, TestPublisher } from "../../paths/support.ts";
import { equal, match, ok } from "../../support/assert.ts";

const noLive = { path: () => null, client: () => null };
const never = "0001-01-01T00:00:00Z";

/** Paths whose sources are idle until the test attaches them. */
function startAll() {
  const hosts = new Map<string, SourceHost>();
  const server = start({
    publisher: {},
    static: { source: "rtsp://host/x" },
    onDemand: { source: "rtsp://host/x", sourceOnDemand: true },
    command: { runOnDemand: "command" },
    redirect: { source: "redirect", sourceRedirect: "rtsp://host/y" },
  }, {
    createSource: (host) => {
      hosts.set(host.name, host);
      return {
        type: "rtspSource",
        status: { state: "idle", lastError: null, lastErrorAt: null, attempts: 0 },
        start: () => {},
        stop: () => Promise.resolve(),
      };
    },
  });
  const answer = (name: string) => pathAnswer(server.paths.get(name)!, noLive);
  return { server, hosts, answer };
}

function state({ available, availableTime, ready, readyTime, online, onlineTime, source }: Answered) {
  equal([ready, readyTime], [available, availableTime]);
  return { available, availableTime, online, onlineTime, source };
}

type Answered = Readonly<Record<string, unknown>>;

Deno.test("a path's answer: who is online without a stream, and since when", async () => {
  const { server, answer } = startAll();
  await using _server = server;
  const idle = { available: false, availableTime: null };
  const absent = { ...idle, online: false, onlineTime: null, source: null };
  const pulled = { ...idle, online: true, onlineTime: never, source: { type: "rtspSource", id: "" } };
  equal(state(answer("publisher")), absent);
  equal(state(answer("command")), absent);
  equal(state(answer("static")), pulled);
  equal(state(answer("onDemand")), pulled);
  equal(state(answer("redirect")), { ...pulled, source: { type: "redirect", id: "" } });
});

Deno.test("a path's answer: online with its stream, and after it", async () => {
  const { server, hosts, answer } = startAll();
  await using _server = server;
  const expectStream = (name: string, source: object) => {
    const { availableTime, onlineTime, ...others } = state(answer(name));
    equal(others, { available: true, online: true, source });
    equal(onlineTime, availableTime);
    match(String(onlineTime), /^20\d\d-/);
    return onlineTime;
  };
  const published = await server.publish("publisher", new TestPublisher("p"));
  expectStream("publisher", { type: "rtspSession", id: "p" });
  published.leave();
  equal([answer("publisher").online, answer("publisher").onlineTime], [false, null]);
  for (const name of ["static", "onDemand"]) {
    const host = hosts.get(name);
    ok(host !== undefined);
    const seat: PublisherSeat = host.attach(new TestPublisher("", "rtspSource"), medias);
    const since = expectStream(name, { type: "rtspSource", id: "" });
    seat.leave();
    const { available, availableTime, online, onlineTime } = answer(name);
    equal([available, availableTime, online, onlineTime], [false, null, true, since], "as MediaMTX does");
  }
});
