/** One accepted TCP connection of a peer (RFC 6544). Owns the connection. */
import type { NetAddress } from "../../../net/address.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import type { PacketBatch } from "../../../net/udp/mod.ts";
import { FramedConn } from "./framed_conn.ts";
import { type Deliver, lastingRoom, type Link } from "./link.ts";
import type { MuxSession } from "./session.ts";
import { candidatePriority, tcpHostPreference, tcpPassivePreference } from "./wire/candidate.ts";
import { frameRfc4571, measureRfc4571 } from "./wire/framing.ts";

let count = 0;

export class TcpLink implements Link {
  readonly kind = "tcp";
  readonly priority: number = candidatePriority(tcpHostPreference, tcpPassivePreference(8191));
  readonly name: string;
  readonly remote: NetAddress;
  session: MuxSession | null = null;
  packetsDropped = 0;
  readonly #framed: FramedConn;

  constructor(conn: ByteConn, readonly openedAt: number) {
    this.remote = conn.remote;
    this.name = `tcp#${++count} ${conn.local.ip} ${conn.local.port}`;
    this.#framed = new FramedConn(conn, measureRfc4571);
  }

  /** Until the connection ends; then it is closed. */
  run(deliver: Deliver): Promise<void> {
    const from = this.remote;
    return this.#framed.run((packets) => deliver(this, packets.map((bytes) => ({ bytes, from }))));
  }

  /** A connection answers its own peer only. */
  canReach(): boolean {
    return false;
  }

  sessionOf(): MuxSession | null {
    return this.session;
  }

  mayBind(_from: NetAddress, session: MuxSession): boolean {
    return this.session === null || this.session === session;
  }

  bind(_from: NetAddress, session: MuxSession): void {
    this.session = session;
  }

  unbind(_from: NetAddress, session: MuxSession): void {
    if (this.session === session) this.close();
  }

  room(size: number): Uint8Array {
    return lastingRoom.take(size);
  }

  send(batch: PacketBatch): void {
    if (!this.#framed.send(frameRfc4571(batch))) this.packetsDropped += batch.sizes.length;
  }

  close(): void {
    this.#framed.close();
  }
}
