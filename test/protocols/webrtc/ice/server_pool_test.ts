/** STUN servers that are asked again and again, over a long time. */
import { silentLogger } from "../../../../src/base/logger.ts";
import type { NetAddress } from "../../../../src/net/address.ts";
import type { PacketBatch, UdpSocket } from "../../../../src/net/udp/mod.ts";
import { Demultiplexer } from "../../../../src/protocols/webrtc/ice/demultiplexer.ts";
import { UdpLink } from "../../../../src/protocols/webrtc/ice/link.ts";
import { reflexiveLifeMs, ServerPool } from "../../../../src/protocols/webrtc/ice/server_pool.ts";
import { attributeType, parseStun, serializeStun } from "../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { addressAttribute } from "../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal } from "../../../support/assert.ts";

const mapped = { ip: "198.51.100.7", port: 40_000 };

Deno.test("ICE servers: two names of one STUN server leave nothing behind, however often they are asked", async () => {
  let now = 0;
  let asked = 0;
  const socket: UdpSocket = {
    implementation: "portable",
    address: { ip: "0.0.0.0", port: 8189 },
    stats: { packetsDropped: 0, packetsSent: 0, packetsReceived: 0 },
    room: (size) => new Uint8Array(size),
    receive: () => Promise.resolve(),
    send: ({ bytes }: PacketBatch, to: NetAddress) => {
      asked++;
      const { method, transactionId } = parseStun(bytes);
      const attributes = [addressAttribute(attributeType.xorMappedAddress, mapped, transactionId)];
      const answer = serializeStun({ method, class: "success", transactionId, attributes }, {
        fingerprint: true,
      });
      queueMicrotask(() => demultiplexer.deliver(udp, [{ bytes: answer, from: to }]));
    },
    createGroup: () => {
      throw new Error("not used");
    },
    close() {},
  };
  const udp = new UdpLink(socket);
  const demultiplexer = new Demultiplexer(new Map(), () => now);
  const pool = new ServerPool(
    {
      udp,
      demultiplexer,
      logger: silentLogger,
      now: () => now,
      wallClock: () => now,
      arm() {},
      dropLink() {},
    },
    ["stun:127.0.0.1:3478", "stun:127.0.0.1"].map((url) => ({
      url,
      username: "",
      password: "",
      clientOnly: false,
    })),
    5000,
  );
  for (let round = 1; round <= 5; round++) {
    await pool.gather();
    equal(asked, 2 * round);
    equal(demultiplexer.serverHandlers, 0);
    now += reflexiveLifeMs + 1;
  }
  equal(pool.candidates().map(({ host, port }) => ({ ip: host, port })), [mapped]);
  await pool.close();
});
