import type { ByteConn } from "../../../../src/net/byte_conn.ts";
import { WebsocketConn } from "../../../../src/protocols/rtsp/tunnel/websocket.ts";
import { serializeWebsocketFrame } from "../../../../src/protocols/rtsp/wire/tunnel/websocket_frame.ts";
import { equal } from "../../../support/assert.ts";

const address = { ip: "127.0.0.1", port: 1 };

Deno.test("a peer that sends pings and reads nothing makes no queue of answers", async () => {
  const pings = Array.from(
    { length: 500 },
    (_, i) => serializeWebsocketFrame("ping", Uint8Array.of(i >> 8, i), new Uint8Array(4)),
  );
  const written: number[][] = [];
  const room = Promise.withResolvers<void>();
  const conn: ByteConn = {
    local: address,
    remote: address,
    read: (into) => {
      const next = pings.shift();
      if (next === undefined) return Promise.resolve(null);
      into.set(next);
      return Promise.resolve(next.length);
    },
    write: async (bytes) => {
      await room.promise;
      written.push([...bytes]);
    },
    tryWrite: () => 0,
    close: () => {},
  };
  const websocket = new WebsocketConn(conn, new Uint8Array(0), "client");
  equal(await websocket.read(new Uint8Array(100)), null);
  room.resolve();
  await websocket.write(Uint8Array.of(9));
  // RFC 6455 §5.5.3: the last one may be answered for all.
  equal(written, [[0x8a, 2, 0, 0], [0x8a, 2, 1, 243], [0x82, 1, 9]]);
});
