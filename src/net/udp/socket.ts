/**
 * One interface to UDP with two implementations that pass one conformance suite: `portable.ts` (Deno's socket) and
 * `linux.ts` (the same socket's descriptor with sendmmsg, segmentation offload and recvmmsg).
 */
import type { NetAddress } from "../address.ts";

/** Several packets back to back in one buffer: `sizes[i]` bytes each, in order. Serialised once, sent to many. */
export interface PacketBatch {
  readonly bytes: Uint8Array;
  readonly sizes: readonly number[];
}

/** `bytes` stays valid after the call that delivered it: receivers may keep views of it. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: NetAddress;
}

/** Counters since the socket was opened. */
export interface UdpStats {
  /** Packets that the system refused or that did not fit into the bounded send queue. */
  readonly packetsDropped: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
}

/** A set of destinations that get the same bytes. Adding and removing is cheap; sending costs per batch, not per call. */
export interface UdpGroup {
  readonly size: number;
  add(to: NetAddress): void;
  remove(to: NetAddress): void;
  /** Hands the batch to the system for every destination; never waits, never throws. */
  send(batch: PacketBatch): void;
}

/** A bound socket. Owned by whoever opened it, until `close`. */
export interface UdpSocket {
  readonly implementation: "portable" | "linux";
  readonly address: NetAddress;
  readonly stats: UdpStats;
  /**
   * Calls `onBatch` with all packets that arrived together, until the socket is closed; then resolves.
   * A throwing `onBatch` is reported through `onError` of the socket's options and does not end the loop.
   */
  receive(onBatch: (packets: readonly Datagram[]) => void): Promise<void>;
  /**
   * `size` bytes to build the next batch for `send` in, with anything in them: where batches differ for each destination,
   * the same memory serves thousands a second. The caller's until the batch is sent, or another room is asked for.
   */
  room(size: number): Uint8Array;
  /**
   * One batch to one address; never waits, never throws: what cannot be sent is counted as dropped. The bytes may go out
   * a little later, so they must not change afterwards.
   */
  send(batch: PacketBatch, to: NetAddress): void;
  createGroup(): UdpGroup;
  close(): void;
}

/** How to open a socket. */
export interface UdpOptions {
  /** Empty or `::` listens on every address, IPv4 and IPv6. */
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Bytes of the kernel's receive buffer; 0 leaves the system's default. */
  readonly readBufferSize: number;
  /** `no` forces the portable implementation. */
  readonly fastPath: "auto" | "no";
  /**
   * Multicast: join this group (receivers) or send with this TTL (IPv4). The interface is that of an address for IPv4, that
   * of an index for IPv6; without it the system chooses.
   */
  readonly multicast?: {
    readonly group?: string;
    readonly interfaceIp?: string;
    readonly interfaceIndex?: number;
    readonly ttl?: number;
  };
  readonly onError?: (error: unknown) => void;
}
