/** ICE over TCP: the mux listens, the test is the peer. */
import { concat } from "../../../../src/base/bytes.ts";
import type { ByteConn } from "../../../../src/net/byte_conn.ts";
import { dialTcp } from "../../../../src/net/tcp/mod.ts";
import type { IceMux, MuxSession } from "../../../../src/protocols/webrtc/ice/mod.ts";
import {
  FrameReader,
  frameRfc4571,
  measureRfc4571,
} from "../../../../src/protocols/webrtc/ice/wire/framing.ts";
import {
  attributeType,
  parseStun,
  serializeStun,
  stunMethod,
} from "../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { shortTermKey } from "../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import {
  textAttribute,
  useCandidateAttribute,
} from "../../../../src/protocols/webrtc/ice/wire/stun_values.ts";
import { equal, ok } from "../../../support/assert.ts";
import { openMux, packets, Peer } from "./support/muxes.ts";
import { waitFor } from "./support/wait.ts";

function dial(mux: IceMux): Promise<ByteConn> {
  return dialTcp({ hostname: "127.0.0.1", port: mux.tcpAddress!.port, timeoutMs: 60_000 });
}

function framed(...messages: readonly Uint8Array[]): Uint8Array {
  return frameRfc4571({ bytes: concat(messages), sizes: messages.map(({ length }) => length) });
}

function request(session: MuxSession, password = session.local.password): Uint8Array {
  return serializeStun({
    method: stunMethod.binding,
    class: "request",
    transactionId: crypto.getRandomValues(new Uint8Array(12)),
    attributes: [textAttribute(attributeType.username, `${session.local.ufrag}:peer`), useCandidateAttribute],
  }, { key: shortTermKey(password), fingerprint: true });
}

async function* frames(conn: ByteConn): AsyncGenerator<Uint8Array, void, void> {
  const reader = new FrameReader(measureRfc4571);
  for (;;) {
    const chunk = new Uint8Array(4096);
    const size = await conn.read(chunk);
    if (size === null) return;
    yield* reader.push(chunk.subarray(0, size));
  }
}

async function open() {
  const mux = await openMux({ udpAddress: "", tcpAddress: "127.0.0.1:0" });
  const peer = new Peer();
  const session = mux.createSession(peer);
  session.start({ ufrag: "peer", password: "unused" }, []);
  return { mux, peer, session };
}

Deno.test("ICE over TCP: connects, and carries packets both ways", async () => {
  const { mux, peer, session } = await open();
  equal((await session.gather()).map(({ transport, tcpType, port }) => [transport, tcpType, port]), [
    ["tcp", "passive", mux.tcpAddress?.port],
  ]);
  const conn = await dial(mux);
  // Request, DTLS and media in pieces that do not end where packets do.
  const bytes = framed(request(session), new Uint8Array(30).fill(22), new Uint8Array(1200).fill(128));
  for (const [from, to] of [[0, 1], [1, 90], [90, bytes.length]]) await conn.write(bytes.subarray(from, to));
  await waitFor(peer, () => peer.media.length === 1);
  equal([peer.states, peer.dtls.length, peer.media[0].length], [["checking", "connected"], 1, 1200]);
  session.send(packets(129, 20, 700));
  const received: Uint8Array[] = [];
  for await (const frame of frames(conn)) {
    received.push(frame);
    if (received.length === 21) break;
  }
  equal(parseStun(received[0]).class, "success");
  equal(received.slice(1).map(({ length }) => length), new Array<number>(20).fill(700));
  equal(mux.stats.connections, 1);
  session.close();
  equal(await conn.read(new Uint8Array(10)), null);
  conn.close();
  await mux.close();
  equal(mux.stats.connections, 0);
});

Deno.test("ICE over TCP: a connection that ends is a session that is disconnected; another one takes over", async () => {
  const { mux, peer, session } = await open();
  const first = await dial(mux);
  await first.write(framed(request(session)));
  await waitFor(peer, () => session.state === "connected");
  first.close();
  await waitFor(peer, () => peer.states.at(-1) === "disconnected");
  session.send(packets(129, 3));
  equal(session.packetsDropped, 3);
  const second = await dial(mux);
  await second.write(framed(request(session)));
  await waitFor(peer, () => peer.states.at(-1) === "connected");
  second.close();
  await mux.close();
});

Deno.test("ICE over TCP: strangers get nothing, and nonsense is hung up on", async () => {
  const { mux, peer, session } = await open();
  const wrong = await dial(mux);
  await wrong.write(framed(new Uint8Array(100).fill(128), request(session, "wrong")));
  const answer = (await frames(wrong).next()).value;
  equal(parseStun(answer!).class, "error");
  equal(peer.media.length, 0);
  wrong.close();
  await mux.close();
});

Deno.test("ICE over TCP: a peer that does not read costs a bounded queue", async () => {
  const { mux, peer, session } = await open();
  const conn = await dial(mux);
  await conn.write(framed(request(session)));
  await waitFor(peer, () => session.state === "connected");
  for (let i = 0; i < 200; i++) session.send(packets(129, 100, 1200));
  ok(mux.stats.packetsDropped > 0);
  // Whole batches were dropped: what arrives is still in frames.
  let count = 0;
  const wanted = 200 * 100 - mux.stats.packetsDropped;
  for await (const frame of frames(conn)) {
    if (frame[0] < 4) continue;
    equal([frame.length, frame[0]], [1200, 129]);
    if (++count === wanted) break;
  }
  equal(wanted % 100, 0);
  conn.close();
  await mux.close();
});
