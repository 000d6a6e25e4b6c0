import { AuthManager } from "../../../src/auth/mod.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import type { ByteConn } from "../../../src/net/byte_conn.ts";
import { LivePaths } from "../../../src/paths/manager.ts";
import { RtspConn } from "../../../src/protocols/rtsp/conn.ts";
import type { RtspContext } from "../../../src/protocols/rtsp/context.ts";
import { StreamStates } from "../../../src/protocols/rtsp/stream_state.ts";
import { HttpTunnels } from "../../../src/protocols/rtsp/tunnel/http.ts";
import { portableCrypto } from "../../../src/rtp/srtp/mod.ts";
import { confOf } from "../../paths/support.ts";
import { equal } from "../../support/assert.ts";
import { audioOnly } from "./support/media.ts";

const address = { ip: "127.0.0.1", port: 1 };

Deno.test("a request that comes in the moment in which its connection is closed makes no session", async () => {
  const conf = confOf({ all_others: {} });
  const auth = new AuthManager(conf, silentLogger, () => 0);
  const pathManager = new LivePaths({ conf, auth, logger: silentLogger });
  const context: RtspContext = {
    secure: false,
    conf,
    logger: silentLogger,
    pathManager,
    srtpCrypto: portableCrypto,
    udp: null,
    multicast: null,
    sessions: new Map(),
    streams: new StreamStates(),
    tunnels: new HttpTunnels(),
    serve: () => {},
  };
  const came = Promise.withResolvers<void>();
  const request = new TextEncoder().encode(
    "ANNOUNCE rtsp://127.0.0.1/cam RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\n" +
      `Content-Length: ${audioOnly.length}\r\n\r\n${audioOnly}`,
  );
  const stream: ByteConn = {
    local: address,
    remote: address,
    read: async (into) => {
      await came.promise;
      into.set(request);
      return request.length;
    },
    write: () => Promise.resolve(),
    tryWrite: (bytes) => bytes.length,
    close: () => {},
  };
  const conn = new RtspConn(context, stream);
  const running = conn.run();
  came.resolve();
  conn.close("kicked");
  await running;
  equal(context.sessions.size, 0);
  await pathManager.close();
  await auth.close();
});
