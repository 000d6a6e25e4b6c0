import type { NetAddress } from "../../../../net/address.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";

/**
 * A way out of this machine (RFC 8445 §4, "base"): the UDP socket, one TCP connection, or one relayed address. The engine
 * sends through it and does not know what it is.
 */
export interface IceBase {
  readonly kind: "udp" | "tcp" | "relay";
  /** Priority of its best candidate: the local half of pair priorities. */
  readonly priority: number;
  /** For logs: `udp 0.0.0.0:8189`. */
  readonly name: string;
  /** False for addresses of the wrong family, and for every address when connections only come in. */
  canReach(to: NetAddress): boolean;
  /** As `UdpSocket.room`. */
  room(size: number): Uint8Array;
  /** Never waits, never throws. */
  send(batch: PacketBatch, to: NetAddress): void;
}
