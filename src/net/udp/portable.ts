/**
 * UDP with Deno's socket alone. The socket owns one sending task that ends by itself when its queue is empty; `close` ends
 * it and the receive loop.
 */
import { Slab } from "../../base/slab.ts";
import { type NetAddress, unmapIp } from "../address.ts";
import { tryParseIp } from "../ip.ts";
import { keep } from "./slab.ts";
import type { Datagram, PacketBatch, UdpGroup, UdpOptions, UdpSocket, UdpStats } from "./socket.ts";

/** Packets that wait for the system; more are dropped. */
export const maxQueuedPackets = 4096;
export const maxDatagramSize = 65_536;
/** After a failed receive before the next attempt. */
export const receivePauseMs = 50;

const slab = new Slab();

interface Queued {
  readonly bytes: Uint8Array;
  readonly to: Deno.NetAddr;
}

export class PortableUdpSocket implements UdpSocket {
  readonly implementation = "portable";
  readonly address: NetAddress;
  #closed = false;
  #queue: Queued[] = [];
  #next = 0;
  #pumping: Promise<void> | undefined;
  #dropped = 0;
  #sent = 0;
  #received = 0;

  constructor(private readonly socket: Deno.DatagramConn, private readonly options: UdpOptions) {
    const local = socket.addr as Deno.NetAddr;
    this.address = { ip: unmapIp(local.hostname), port: local.port };
  }

  get stats(): UdpStats {
    return {
      packetsDropped: this.#dropped,
      packetsSent: this.#sent,
      packetsReceived: this.#received,
    };
  }

  async receive(onBatch: (packets: readonly Datagram[]) => void): Promise<void> {
    const buffer = new Uint8Array(maxDatagramSize);
    while (!this.#closed) {
      let packet: Datagram;
      try {
        const [bytes, from] = await this.socket.receive(buffer);
        packet = { bytes: keep(bytes), from: toNetAddress(from) };
      } catch (error) {
        if (this.#closed) break;
        this.options.onError?.(error);
        await new Promise((resolve) => setTimeout(resolve, receivePauseMs));
        continue;
      }
      this.#received++;
      try {
        onBatch([packet]);
      } catch (error) {
        this.options.onError?.(error);
      }
    }
    await this.#pumping;
  }

  /** The system takes packets later: each room is a new one. */
  room(size: number): Uint8Array {
    return slab.take(size);
  }

  send(batch: PacketBatch, to: NetAddress): void {
    const address: Deno.NetAddr = { transport: "udp", hostname: to.ip, port: to.port };
    const usable = !this.#closed && tryParseIp(to.ip) !== undefined;
    let at = 0;
    for (const size of batch.sizes) {
      const bytes = batch.bytes.subarray(at, at + size);
      at += size;
      if (usable && this.#queue.length - this.#next < maxQueuedPackets) {
        this.#queue.push({ bytes, to: address });
      } else this.#dropped++;
    }
    if (usable) this.#pumping ??= this.#pump();
  }

  createGroup(): UdpGroup {
    return new PortableUdpGroup(this);
  }

  async #pump(): Promise<void> {
    while (this.#next < this.#queue.length && !this.#closed) {
      const { bytes, to } = this.#queue[this.#next++];
      if (this.#next === maxQueuedPackets) {
        this.#queue = this.#queue.slice(this.#next);
        this.#next = 0;
      }
      try {
        await this.socket.send(bytes, to);
        this.#sent++;
      } catch {
        this.#dropped++;
      }
    }
    this.#dropped += this.#queue.length - this.#next;
    this.#queue = [];
    this.#next = 0;
    this.#pumping = undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.socket.close();
  }
}

class PortableUdpGroup implements UdpGroup {
  readonly #members = new Map<string, NetAddress>();

  constructor(private readonly socket: PortableUdpSocket) {}

  get size(): number {
    return this.#members.size;
  }

  add(to: NetAddress): void {
    this.#members.set(`${to.ip} ${to.port}`, to);
  }

  remove(to: NetAddress): void {
    this.#members.delete(`${to.ip} ${to.port}`);
  }

  send(batch: PacketBatch): void {
    for (const to of this.#members.values()) this.socket.send(batch, to);
  }
}

function toNetAddress(address: Deno.Addr): NetAddress {
  const { hostname, port } = address as Deno.NetAddr;
  return { ip: unmapIp(hostname), port };
}
