/** RTSP inside HTTP and inside WebSocket, on the port of the server. */
import { Buffer } from "node:buffer";
import { serializeHttpTunnelRequest } from "../../../src/protocols/rtsp/wire/tunnel/http.ts";
import {
  serializeWebsocketFrame,
  WebsocketDecoder,
} from "../../../src/protocols/rtsp/wire/tunnel/websocket_frame.ts";
import {
  checkWebsocketResponse,
  serializeWebsocketRequest,
} from "../../../src/protocols/rtsp/wire/tunnel/websocket_handshake.ts";
import { MessageReader } from "../../../src/protocols/rtsp/wire/message_reader.ts";
import type { RtspResponse } from "../../../src/protocols/rtsp/wire/response.ts";
import { equal } from "../../support/assert.ts";
import { type ClientStream, dial, RtspClient } from "./support/client.ts";
import { audioOnly, essence, PacketSource, publish } from "./support/media.ts";
import { TestServer } from "./support/server.ts";

const text = new TextEncoder();

/** The answer to an HTTP request, and what came behind it. */
async function httpAnswer(stream: ClientStream): Promise<{ response: RtspResponse; rest: Uint8Array }> {
  const reader = new MessageReader();
  for (;;) {
    const count = await stream.read(reader.space());
    if (count === null) throw new Error("no answer");
    reader.filled(count);
    const message = reader.next();
    if (message?.kind === "response") return { response: message.response, rest: reader.takeRest() };
  }
}

async function half(
  server: TestServer,
  method: "GET" | "POST",
  cookie: string,
  more = new Uint8Array(0),
): Promise<ClientStream> {
  const stream = await dial(server);
  const head = serializeHttpTunnelRequest(method, { target: "/cam", host: "127.0.0.1", cookie });
  await stream.write(Uint8Array.of(...head, ...more));
  return stream;
}

/** Base64 of each request by itself, sent in pieces that end anywhere. */
function tunnel(get: ClientStream, post: ClientStream): ClientStream {
  return {
    read: (into) => get.read(into),
    write: async (bytes) => {
      const digits = text.encode(Buffer.from(bytes).toString("base64"));
      for (let at = 0; at < digits.length; at += 7) await post.write(digits.subarray(at, at + 7));
    },
    close: () => {
      get.close();
      post.close();
    },
  };
}

async function httpClient(server: TestServer): Promise<RtspClient> {
  const get = await half(server, "GET", "cookie");
  const { response } = await httpAnswer(get);
  equal([response.status, response.headers.get("Content-Type")], [200, "application/x-rtsp-tunnelled"]);
  return new RtspClient(server, tunnel(get, await half(server, "POST", "cookie")));
}

/** Masks what it sends, and takes the server's frames apart. */
function websocket(stream: ClientStream, rest: Uint8Array, log: Set<string>): ClientStream {
  const decoder = new WebsocketDecoder("server");
  const pending: Uint8Array[] = [];
  const buffer = new Uint8Array(8192);
  const take = (bytes: Uint8Array) => {
    for (const event of decoder.decode(bytes)) {
      log.add(event.kind);
      if (event.kind === "data") pending.push(Uint8Array.from(event.bytes));
    }
  };
  take(rest);
  return {
    read: async (into) => {
      while (pending.length === 0) {
        const count = await stream.read(buffer);
        if (count === null) return null;
        take(buffer.subarray(0, count));
      }
      const count = Math.min(into.length, pending[0].length);
      into.set(pending[0].subarray(0, count));
      pending[0] = pending[0].subarray(count);
      if (pending[0].length === 0) pending.shift();
      return count;
    },
    write: async (bytes) => {
      const middle = bytes.length >> 1;
      for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
        await stream.write(serializeWebsocketFrame("binary", piece, Uint8Array.of(1, 2, 3, 4)));
      }
    },
    close: () => stream.close(),
  };
}

async function websocketClient(server: TestServer, log = new Set<string>()): Promise<RtspClient> {
  const stream = await dial(server);
  const key = btoa("0123456789abcdef");
  await stream.write(serializeWebsocketRequest({ target: "/cam", host: "127.0.0.1", key }));
  const { response, rest } = await httpAnswer(stream);
  checkWebsocketResponse(response, key);
  equal(response.headers.get("Sec-WebSocket-Protocol"), "rtsp.onvif.org");
  await stream.write(serializeWebsocketFrame("ping", Uint8Array.of(1), Uint8Array.of(1, 2, 3, 4)));
  return new RtspClient(server, websocket(stream, rest, log));
}

const kinds = { http: httpClient, websocket: websocketClient } as const;

for (const secure of [false, true]) {
  for (const kind of ["http", "websocket"] as const) {
    Deno.test(`${kind} tunnel${secure ? " over TLS" : ""}: publish and read, but no UDP`, async () => {
      await using server = await TestServer.start({ secure });
      const connect = (to: TestServer) => kinds[kind](to);
      await using publisher = await publish(server, "cam", audioOnly, connect);
      await using reader = await connect(server);
      const url = server.url("cam/trackID=0");
      const udp = { Transport: "RTP/AVP;unicast;client_port=5000-5001" };
      equal((await reader.request("SETUP", url, udp)).status, 461);
      await reader.setup(url, "RTP/AVP/TCP");
      await reader.expect("PLAY", server.url("cam"));
      const source = new PacketSource(0);
      const packets = Array.from({ length: 10 }, (_, i) => source.next(new Uint8Array(160).fill(i), 160 * i));
      for (const packet of packets) await publisher.sendFrame(0, packet);
      const frames = await reader.frames.take("frame", packets.length);
      equal(frames.map(({ payload }) => essence(payload)), packets.map(essence));
      equal(server.lines(/closed: upgraded to a tunnel/).length, kind === "http" ? 4 : 2);
      await publisher.close();
      await reader.closed();
    });
  }
}

Deno.test("WebSocket: pings are answered, a close frame ends the connection", async () => {
  await using server = await TestServer.start();
  const log = new Set<string>();
  await using client = await websocketClient(server, log);
  await client.expect("OPTIONS", "*");
  equal(log.has("pong"), true);
  const stream = await dial(server);
  const key = btoa("0123456789abcdef");
  await stream.write(serializeWebsocketRequest({ target: "/", host: "127.0.0.1", key }));
  await httpAnswer(stream);
  await stream.write(serializeWebsocketFrame("close", Uint8Array.of(3, 232), Uint8Array.of(1, 2, 3, 4)));
  await using closing = new RtspClient(server, websocket(stream, new Uint8Array(0), log));
  await closing.closed();
  equal(log.has("close"), true);
});

Deno.test("WebSocket: frames without mask end the connection", async () => {
  await using server = await TestServer.start();
  const stream = await dial(server);
  const key = btoa("0123456789abcdef");
  await stream.write(serializeWebsocketRequest({ target: "/", host: "127.0.0.1", key }));
  await httpAnswer(stream);
  await stream.write(serializeWebsocketFrame("binary", Uint8Array.of(1), null));
  await server.line(/closed: MASK: the client must mask/);
  stream.close();
});

Deno.test("HTTP tunnel: halves with different cookies do not meet", async () => {
  await using server = await TestServer.start();
  const get = await half(server, "GET", "one");
  const post = await half(server, "POST", "two");
  const again = await half(server, "GET", "one");
  await server.line(/closed: the tunnel cookie is in use/);
  for (const stream of [get, post, again]) stream.close();
});

Deno.test("HTTP tunnel: a POST that is no base64 closes both halves", async () => {
  await using server = await TestServer.start();
  await using get = new RtspClient(server, await half(server, "GET", "a"));
  await get.responses.next("the answer");
  await using post = new RtspClient(server, await half(server, "POST", "a", text.encode("$$$$")));
  await post.closed();
  await get.closed();
  await server.line(/closed: base64 at offset 0/);
});

Deno.test("an HTTP request that opens no tunnel is refused", async () => {
  await using server = await TestServer.start();
  const badKey = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n" +
    "Sec-WebSocket-Key: x\r\n\r\n";
  for (const request of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", badKey]) {
    await using client = new RtspClient(server, await dial(server));
    await client.stream.write(text.encode(request));
    const response = await client.responses.next("the refusal");
    equal([response.protocol, response.status], ["HTTP", 400]);
    await client.closed();
  }
});

Deno.test("a tunnel inside a tunnel is refused", async () => {
  await using server = await TestServer.start();
  await using client = await websocketClient(server);
  await client.stream.write(serializeHttpTunnelRequest("GET", { target: "/", host: "x", cookie: "c" }));
  await client.closed();
  await server.line(/closed: message: a tunnel inside a tunnel/);
});
