/** Every method in every state of a session, and what is wrong with single requests. */
import { equal, match } from "../../support/assert.ts";
import { type Headers, RtspClient } from "./support/client.ts";
import { prepare, publish, read, sdpType, settled, twoTracks } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const tcp = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };

/** Brings a new session on a new connection into a state. */
const states: Readonly<Record<string, (client: RtspClient) => Promise<void>>> = {
  none: async () => {},
  initial: async (client) => {
    equal(
      (await client.request("SETUP", client.server.url("cam/trackID=0"), { Transport: "x" })).status,
      461,
    );
  },
  prePlay: async (client) => {
    await client.expect("SETUP", client.server.url("cam/trackID=0"), tcp);
  },
  play: async (client) => {
    await states.prePlay(client);
    await client.expect("PLAY", client.server.url("cam"));
  },
  preRecord: async (client) => {
    const url = client.server.url("new");
    await client.expect("ANNOUNCE", url, sdpType, twoTracks);
    await client.expect("SETUP", `${url}/streamid=0`, tcp);
    await client.expect("SETUP", `${url}/streamid=1`, { Transport: "RTP/AVP/TCP;unicast" });
  },
  record: async (client) => {
    await states.preRecord(client);
    await client.expect("RECORD", client.server.url("new"));
  },
};

interface Request {
  readonly path: string;
  readonly headers?: Headers;
  readonly body?: string;
  /** By state, in the order of `states`. */
  readonly status: readonly number[];
}

const requests: Readonly<Record<string, Request>> = {
  OPTIONS: { path: "cam", status: [200, 200, 200, 200, 200, 200] },
  DESCRIBE: { path: "cam", status: [200, 200, 200, 200, 200, 200] },
  GET_PARAMETER: { path: "cam", status: [200, 200, 200, 200, 200, 200] },
  SET_PARAMETER: { path: "cam", status: [200, 200, 200, 200, 200, 200] },
  ANNOUNCE: { path: "new", headers: sdpType, body: twoTracks, status: [200, 200, 400, 400, 400, 400] },
  SETUP: {
    path: "cam/trackID=1",
    headers: { Transport: "RTP/AVP/TCP;unicast" },
    status: [200, 200, 200, 400, 404, 400],
  },
  PLAY: { path: "cam", status: [454, 400, 200, 200, 400, 400] },
  RECORD: { path: "new", status: [454, 400, 400, 400, 200, 400] },
  PAUSE: { path: "cam", status: [454, 400, 200, 200, 200, 200] },
  TEARDOWN: { path: "cam", status: [454, 200, 200, 200, 200, 200] },
  REDIRECT: { path: "cam", status: [501, 501, 501, 501, 501, 501] },
};

const stateAfter: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ANNOUNCE: { none: "preRecord", initial: "preRecord" },
  SETUP: { none: "prePlay", initial: "prePlay" },
  PLAY: { prePlay: "play" },
  RECORD: { preRecord: "record" },
  PAUSE: { play: "prePlay", record: "preRecord" },
};

for (const [method, request] of Object.entries(requests)) {
  Deno.test(`${method} in every state`, async () => {
    await using server = await TestServer.start();
    await using _publisher = await publish(server, "cam");
    for (const [at, state] of Object.keys(states).entries()) {
      await using client = await RtspClient.connect(server);
      await states[state](client);
      const others = 1;
      const { path, headers, body } = request;
      const response = await client.request(method, server.url(path), headers, body);
      equal(response.status, request.status[at], `${method} in state ${state}`);
      if (response.status !== 200 && response.status !== 501) {
        await client.closed();
        await server.until("the end of the session", () => server.sessions.length === others);
        continue;
      }
      const ended = method === "TEARDOWN" || (state === "none" && !(method in stateAfter));
      equal(server.sessions.length - others, ended ? 0 : 1, `sessions after ${method} in state ${state}`);
      if (method === "TEARDOWN") client.session = null;
      if (!ended) equal(server.sessions.at(-1)!.state, stateAfter[method]?.[state] ?? state);
      await settled(client, server.url("cam"));
      await client.close();
      await server.until("the end of the session", () => server.sessions.length === others);
    }
  });
}

Deno.test("OPTIONS tells the methods, and a request without CSeq is answered without one", async () => {
  await using server = await TestServer.start();
  await using client = await RtspClient.connect(server);
  const response = await client.expect("OPTIONS", "*");
  equal(
    response.headers.get("Public"),
    "DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN",
  );
  await client.stream.write(new TextEncoder().encode("OPTIONS * RTSP/1.0\r\n\r\n"));
  const bare = await client.answer();
  equal([bare.status, bare.headers.get("CSeq")], [200, undefined]);
});

interface Refused {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string;
  readonly status: number;
  /** In the line that tells why the connection was closed; absent: it stays open. */
  readonly reason?: RegExp;
  readonly server?: Parameters<typeof TestServer.start>[0];
}

const refused: readonly Refused[] = [
  {
    name: "a track that does not exist",
    path: "cam/trackID=7",
    status: 404,
    reason: /track 7 does not exist/,
  },
  { name: "no track of several", path: "cam", status: 400, reason: /does not say which track/ },
  { name: "no transport", path: "cam/trackID=0", headers: {}, status: 461 },
  {
    name: "multicast that is switched off",
    path: "cam/trackID=0",
    headers: { Transport: "RTP/AVP;multicast" },
    status: 461,
    server: { globals: { rtspTransports: ["udp", "tcp"] } },
  },
  {
    name: "UDP that is switched off",
    path: "cam/trackID=0",
    headers: { Transport: "RTP/AVP;unicast;client_port=5000-5001" },
    status: 461,
    server: { globals: { rtspTransports: ["tcp"] } },
  },
  {
    name: "TCP that is switched off",
    path: "cam/trackID=0",
    status: 461,
    server: { globals: { rtspTransports: ["udp"] } },
  },
  {
    name: "SRTP without TLS",
    path: "cam/trackID=0",
    headers: { Transport: "RTP/SAVP;unicast;client_port=5000-5001" },
    status: 461,
  },
  {
    name: "UDP without ports",
    path: "cam/trackID=0",
    headers: { Transport: "RTP/AVP;unicast" },
    status: 400,
    reason: /no client_port/,
  },
  {
    name: "channels that do not follow one another",
    path: "cam/trackID=0",
    headers: { Transport: "RTP/AVP/TCP;interleaved=0-2" },
    status: 400,
    reason: /not consecutive/,
  },
  {
    name: "a reader that wants to record",
    path: "cam/trackID=0",
    headers: { Transport: "RTP/AVP/TCP;mode=record" },
    status: 400,
    reason: /transport mode 'record' where 'play' is expected/,
  },
  {
    name: "a path without stream",
    path: "none/trackID=0",
    status: 404,
    reason: /no stream is available on path 'none'/,
  },
  { name: "an invalid path", path: "..//x/trackID=0", status: 400, reason: /invalid path name/ },
  {
    name: "a path that is not configured",
    path: "other/trackID=0",
    status: 400,
    reason: /'other' is not configured/,
    server: { entries: { cam: {} } },
  },
  { name: "the server itself", path: "*", status: 400, reason: /invalid path/ },
  {
    name: "ANNOUNCE without a type",
    method: "ANNOUNCE",
    path: "new",
    body: twoTracks,
    headers: {},
    status: 400,
    reason: /Content-Type header is missing/,
  },
  {
    name: "ANNOUNCE of something else",
    method: "ANNOUNCE",
    path: "new",
    body: "x",
    headers: { "Content-Type": "text/plain" },
    status: 400,
    reason: /unsupported Content-Type 'text\/plain'/,
  },
  {
    name: "ANNOUNCE of nothing",
    method: "ANNOUNCE",
    path: "new",
    body: "v=0\r\n",
    headers: sdpType,
    status: 400,
    reason: /invalid SDP/,
  },
  {
    name: "ANNOUNCE of a back channel",
    method: "ANNOUNCE",
    path: "new",
    body: twoTracks.replace("a=rtpmap:0", "a=sendonly\r\na=rtpmap:0"),
    headers: sdpType,
    status: 400,
    reason: /back channels/,
  },
  {
    name: "a parameter to be set",
    method: "SET_PARAMETER",
    path: "cam",
    body: "a: b",
    headers: {},
    status: 451,
  },
  {
    name: "another session",
    method: "PLAY",
    path: "cam",
    headers: { Session: "12345678" },
    status: 454,
    reason: /session not found/,
  },
];

for (const { name, path, method = "SETUP", headers = tcp, body, status, reason, ...more } of refused) {
  Deno.test(`refused: ${name}`, async () => {
    await using server = await TestServer.start(more.server);
    await using _publisher = await publishAnyhow(server);
    await using client = await RtspClient.connect(server);
    const response = await client.request(method, path === "*" ? "*" : server.url(path), headers, body);
    equal(response.status, status);
    if (reason === undefined) {
      await settled(client, server.url("cam"));
      return;
    }
    await client.closed();
    match(await server.line(/\[conn .*closed: /), reason);
  });
}

/** Over UDP where TCP is switched off. */
async function publishAnyhow(server: TestServer): Promise<RtspClient> {
  const client = await RtspClient.connect(server);
  const url = server.url("cam");
  await client.expect("ANNOUNCE", url, sdpType, twoTracks);
  const offers = ["RTP/AVP/TCP;unicast", "RTP/AVP;unicast;client_port="];
  for (let i = 0; i < 2; i++) {
    await client.setup(`${url}/streamid=${i}`, `${offers[0]},${offers[1]}${40000 + 2 * i}`);
  }
  await client.expect("RECORD", url);
  return client;
}

Deno.test("PLAY of another path than the one set up is refused", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam");
  await using client = await prepare(server, "cam");
  equal((await client.request("PLAY", server.url("other"))).status, 400);
  await client.closed();
  await server.line(/path has changed, was 'cam', now is 'other'/);
});

Deno.test("RECORD before every section is set up is refused", async () => {
  await using server = await TestServer.start();
  await using client = await RtspClient.connect(server);
  const url = server.url("cam");
  await client.expect("ANNOUNCE", url, sdpType, twoTracks);
  await client.setup(`${url}/streamid=1`, "RTP/AVP/TCP");
  equal((await client.request("RECORD", url)).status, 400);
  await server.line(/not all announced media sections have been set up/);
  equal(server.paths.get("cam")?.source ?? null, null);
});

Deno.test("a section is set up once, and all with the same transport", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam");
  for (
    const [url, transport, reason] of [
      ["cam/trackID=0", "RTP/AVP/TCP", /track 0 has already been set up/],
      ["cam/trackID=1", "RTP/AVP;unicast;client_port=5000-5001", /must use the same transport/],
      ["other/trackID=1", "RTP/AVP/TCP", /must belong to the same path/],
    ] as const
  ) {
    await using client = await prepare(server, "cam", [0]);
    equal((await client.request("SETUP", server.url(url), { Transport: transport })).status, 400);
    await server.line(reason);
  }
});

Deno.test("interleaved channels are those asked for, or the next free ones", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam");
  await using chosen = await RtspClient.connect(server);
  const first = await chosen.setup(server.url("cam/trackID=0"), "RTP/AVP/TCP;unicast;interleaved=2-3");
  const second = await chosen.setup(server.url("cam/trackID=1"), "RTP/AVP/TCP;unicast");
  equal([first.interleaved, second.interleaved], [[2, 3], [0, 1]]);
  equal(first.delivery, "unicast");

  await using clashing = await prepare(server, "cam", [0]);
  const transport = { Transport: "RTP/AVP/TCP;interleaved=1-2" };
  equal((await clashing.request("SETUP", server.url("cam/trackID=1"), transport)).status, 400);
  await server.line(/interleaved channels 1-2 are in use/);
});

Deno.test("the first transport that the server has is taken", async () => {
  await using server = await TestServer.start({ globals: { rtspTransports: ["tcp"] } });
  await using _publisher = await publish(server, "cam");
  await using client = await RtspClient.connect(server);
  const offers = "RTP/AVP;multicast,RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast";
  equal((await client.setup(server.url("cam/trackID=0"), offers)).protocol, "TCP");
});

Deno.test("the Session header tells the time-out, and need not be sent on the session's connection", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam");
  await using client = await RtspClient.connect(server);
  client.sendsSession = false;
  const response = await client.expect("SETUP", server.url("cam/trackID=0"), tcp);
  match(response.headers.get("Session")!, /^[0-9a-f]{32};timeout=55$/);
  await client.expect("PLAY", server.url("cam"));
  equal((await client.request("PAUSE", server.url("cam"), { Session: "other" })).status, 400);
  await server.line(/the connection is linked to another session/);
});

Deno.test("TEARDOWN leaves the connection usable for another session", async () => {
  await using server = await TestServer.start();
  await using _publisher = await publish(server, "cam");
  await using client = await read(server, "cam");
  const first = client.session;
  await client.expect("TEARDOWN", server.url("cam"));
  await server.line(/destroyed: torn down by 127\.0\.0\.1:\d+/);
  client.session = null;
  // What a client had on its way does not break the connection.
  await client.sendFrame(1, Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0));
  await client.expect("SETUP", server.url("cam/trackID=0"), tcp);
  await client.expect("PLAY", server.url("cam"));
  equal(client.session === first, false);
});
