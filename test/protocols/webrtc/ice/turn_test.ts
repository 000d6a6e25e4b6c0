/** STUN and TURN servers of a mux, against a server of the tests. */
import { createHmac } from "node:crypto";
import { createLogger } from "../../../../src/base/logger.ts";
import { equal, match, ok, rejects } from "../../../support/assert.ts";
import { openMux, Peer } from "./support/muxes.ts";
import { relayScenario } from "./support/relay_scenario.ts";
import { waitFor } from "./support/wait.ts";
import { TestTurnServer, type TurnServerOptions } from "./support/turn_server.ts";

function startServer(options: Partial<TurnServerOptions> = {}): Promise<TestTurnServer> {
  return TestTurnServer.start({ passwordOf: () => "secret", requestsPerNonce: 1000, deaf: 0, ...options });
}

for (const transport of ["udp", "tcp"] as const) {
  Deno.test(`TURN: sessions connect and carry media through a relay over ${transport}`, async () => {
    const turn = await startServer();
    const port = transport === "udp" ? turn.port : turn.tcpPort;
    const url = `turn:127.0.0.1:${port}?transport=${transport}`;
    await relayScenario({ url, username: "user", password: "secret", clientOnly: false });
    ok((turn.counts.get("channelData") ?? 0) >= 18, "the media goes over a channel");
    ok((turn.counts.get("channelDataOut") ?? 0) >= 10);
    // The mux has given the address back when it closed.
    await waitFor(turn, () => turn.allocations === 0);
    await turn.close();
  });
}

Deno.test("TURN: a nonce that has become stale, and packets that get lost", async () => {
  const turn = await startServer({ requestsPerNonce: 2, deaf: 1 });
  await relayScenario({
    url: `turn:127.0.0.1:${turn.port}`,
    username: "user",
    password: "secret",
    clientOnly: false,
  });
  await turn.close();
});

Deno.test("TURN: credentials made from a secret", async () => {
  const turn = await startServer({
    passwordOf: (username) => {
      match(username, /^\d{10}:[0-9a-f]+$/);
      return createHmac("sha1", "the secret").update(username).digest("base64");
    },
  });
  await relayScenario({
    url: `turn:127.0.0.1:${turn.port}`,
    username: "AUTH_SECRET",
    password: "the secret",
    clientOnly: false,
  });
  await turn.close();
});

Deno.test("ICE servers: what they say becomes candidates; sessions share it", async () => {
  const turn = await startServer();
  const url = `127.0.0.1:${turn.port}`;
  const mux = await openMux({
    iceServers: [
      { url: `stun:${url}`, username: "", password: "", clientOnly: false },
      { url: `turn:${url}`, username: "user", password: "secret", clientOnly: false },
      { url: "turn:not.asked.invalid", username: "user", password: "secret", clientOnly: true },
    ],
  });
  const sessions = Array.from({ length: 20 }, () => mux.createSession(new Peer()));
  const gathered = await Promise.all(sessions.map((session) => session.gather()));
  for (const candidates of gathered) {
    const found = candidates.filter(({ type }) => type !== "host");
    equal(found.map(({ type, host }) => [type, host]), [["srflx", "127.0.0.1"], ["relay", "127.0.0.1"]]);
    equal(found[0].port, mux.udpAddress?.port);
    equal(found[1].relatedAddress, mux.udpAddress);
  }
  equal([turn.counts.get("binding"), turn.counts.get("allocate"), turn.allocations], [1, 2, 1]);
  await mux.close();
  await turn.close();
});

Deno.test("ICE servers: the failing ones are named, and do not hold up the session", async () => {
  const turn = await startServer();
  const lines: string[] = [];
  const mux = await openMux({
    iceServers: [
      { url: `turn:127.0.0.1:${turn.port}`, username: "user", password: "wrong", clientOnly: false },
      { url: "turn:127.0.0.1:1?transport=tcp", username: "user", password: "x", clientOnly: false },
      { url: "stun:127.0.0.1:1", username: "", password: "", clientOnly: false },
    ],
    gatherTimeoutMs: 3000,
    logger: createLogger((_, line) => lines.push(line), () => true),
  });
  const candidates = await mux.createSession(new Peer()).gather();
  ok(candidates.length > 0 && candidates.every(({ type }) => type === "host"));
  equal(lines.sort(), [
    "ICE server turn:127.0.0.1:1?transport=tcp dial tcp 127.0.0.1:1: connection refused",
    `ICE server turn:127.0.0.1:${turn.port} refuses: 401 no`,
  ]);
  await mux.close();
  await turn.close();
  await rejects(
    openMux({ iceServers: [{ url: "turn:", username: "", password: "", clientOnly: false }] }),
    /ICE server/,
  );
});
