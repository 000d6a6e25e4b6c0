import { type Connection, Connections, nobody } from "../../../src/net/http/connections.ts";
import { equal } from "../../support/assert.ts";

const limits = { headerMs: 10_000, idleMs: 30_000, maxConnections: 3 };

class FakeSockets {
  readonly open = new Map<number, { sending: boolean }>();
  readonly closed: number[] = [];

  list = (): Connection[] =>
    [...this.open].map(([port, { sending }]) => ({
      peer: { ip: "192.0.2.1", port },
      sending,
      shutdown: () => {
        this.closed.push(port);
        this.open.delete(port);
      },
    }));
}

const peer = (port: number) => ({ ip: "192.0.2.1", port });

Deno.test("a connection without a whole header is closed early, one with a request later", () => {
  const sockets = new FakeSockets();
  const connections = new Connections(limits, sockets.list);
  sockets.open.set(1, { sending: false });
  sockets.open.set(2, { sending: false });
  connections.check(0);
  connections.begin(peer(2))(500);
  connections.check(9_999);
  equal(sockets.closed, []);
  connections.check(10_000);
  equal(sockets.closed, [1]);
  connections.check(30_499);
  equal(sockets.closed, [1]);
  connections.check(30_500);
  equal(sockets.closed, [1, 2]);
});

Deno.test("a request that is held and an answer on its way keep a connection", () => {
  const sockets = new FakeSockets();
  const connections = new Connections(limits, sockets.list);
  sockets.open.set(1, { sending: false });
  const first = connections.begin(peer(1));
  const second = connections.begin(peer(1));
  connections.check(100_000);
  first(100_000);
  connections.check(200_000);
  equal([sockets.closed, connections.inFlight], [[], 1]);
  second(200_000);
  sockets.open.get(1)!.sending = true;
  connections.check(300_000);
  sockets.open.get(1)!.sending = false;
  connections.check(329_999);
  equal(sockets.closed, []);
  connections.check(330_000);
  equal(sockets.closed, [1]);
});

Deno.test("a port that comes again is a new connection", () => {
  const sockets = new FakeSockets();
  const connections = new Connections(limits, sockets.list);
  connections.begin(peer(1))(0);
  sockets.open.set(1, { sending: false });
  connections.check(1_000);
  sockets.open.delete(1);
  connections.check(2_000);
  sockets.open.set(1, { sending: false });
  connections.check(3_000);
  connections.check(13_000);
  equal(sockets.closed, [1]);
});

Deno.test("beyond the limit those that have waited longest give way, never those with a request", () => {
  const sockets = new FakeSockets();
  const connections = new Connections(limits, sockets.list);
  for (const port of [1, 2, 3, 4, 5]) {
    sockets.open.set(port, { sending: false });
    const end = connections.begin(peer(port));
    if (port > 1) end(100 - port);
  }
  connections.check(100);
  equal(sockets.closed, [5, 4]);
});

Deno.test("without a list of connections nothing is kept after the last answer", async () => {
  const connections = new Connections(limits, nobody);
  const end = connections.begin(peer(1));
  let drained = false;
  const waiting = connections.drained().then(() => drained = true);
  connections.check(1e9);
  equal([connections.inFlight, drained], [1, false]);
  end(1);
  await waiting;
  await connections.drained();
  equal(connections.inFlight, 0);
});

Deno.test("of too many connections those of the greediest address are closed, unless it is a trusted proxy", () => {
  for (const trusted of [false, true]) {
    const closed: string[] = [];
    const [greedy, other] = ["192.0.2.1", "192.0.2.2"];
    const all: Connection[] = [];
    const open = (ip: string, port: number) =>
      all.push({ peer: { ip, port }, sending: false, shutdown: () => closed.push(`${ip}:${port}`) });
    const connections = new Connections(limits, () => all, (ip) => trusted && ip === greedy);
    open(other, 1);
    connections.check(0);
    for (let port = 1; port <= 4; port++) open(greedy, port);
    connections.check(1000);
    equal(closed.length, 2);
    equal(closed.filter((each) => each.startsWith(other)).length, trusted ? 1 : 0);
  }
});
