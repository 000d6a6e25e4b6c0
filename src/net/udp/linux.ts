/**
 * UDP on Linux: Deno's socket waits, its descriptor does the work. The socket owns its sender; `close` ends both and the
 * receive loop. The descriptor is never used once `close` was called.
 */
import { type NetAddress, unmapIp } from "../address.ts";
import {
  descriptors,
  type Libc,
  linux,
  maxReceivedPerCall,
  readSockaddr,
  receiveWaiting,
  setIntOption,
} from "../ffi/mod.ts";
import { LinuxUdpGroup } from "./linux_group.ts";
import { LinuxUdpSender } from "./linux_sender.ts";
import { maxDatagramSize, receivePauseMs } from "./portable.ts";
import { keep } from "./slab.ts";
import type { Datagram, PacketBatch, UdpGroup, UdpOptions, UdpSocket, UdpStats } from "./socket.ts";

/** Bytes asked for the kernel's send buffer; it gives what its own limit allows. */
const sendBufferSize = 2 * 1024 * 1024;
/** Calls of recvmmsg before the packets are handed on. */
const maxReceiveCalls = 4;
/** Senders' addresses that are remembered as objects. */
const maxKnownAddresses = 4096;

export class LinuxUdpSocket implements UdpSocket {
  readonly implementation = "linux";
  readonly address: NetAddress;
  readonly #sender: LinuxUdpSender;
  #received = 0;
  readonly #addresses = new Map<string, NetAddress>();

  constructor(
    private readonly socket: Deno.DatagramConn,
    private readonly options: UdpOptions,
    private readonly libc: Libc,
    private readonly descriptor: number,
  ) {
    const local = socket.addr as Deno.NetAddr;
    this.address = { ip: unmapIp(local.hostname), port: local.port };
    const set = (level: number, name: number, value: number) =>
      setIntOption(libc, descriptor, level, name, value);
    if (options.readBufferSize > 0) {
      // FORCE goes beyond net.core.rmem_max, and needs a capability.
      set(linux.SOL_SOCKET, linux.SO_RCVBUFFORCE, options.readBufferSize) ||
        set(linux.SOL_SOCKET, linux.SO_RCVBUF, options.readBufferSize);
    }
    set(linux.SOL_SOCKET, linux.SO_SNDBUF, sendBufferSize);
    // Kernels before 4.18 ignore the control message, so ask for the option itself.
    const segmentation = set(linux.SOL_UDP, linux.UDP_SEGMENT, 0);
    const family = local.hostname.includes(":") ? "ipv6" : "ipv4";
    this.#sender = new LinuxUdpSender(libc, descriptor, family, segmentation);
  }

  get stats(): UdpStats {
    return {
      packetsDropped: this.#sender.dropped,
      packetsSent: this.#sender.sent,
      packetsReceived: this.#received,
    };
  }

  async receive(onBatch: (packets: readonly Datagram[]) => void): Promise<void> {
    const first = new Uint8Array(maxDatagramSize);
    while (!this.#sender.closed) {
      const packets: Datagram[] = [];
      try {
        const [bytes, from] = await this.socket.receive(first);
        const { hostname, port } = from as Deno.NetAddr;
        packets.push({ bytes: keep(bytes), from: this.#known({ ip: unmapIp(hostname), port }) });
      } catch (error) {
        if (this.#sender.closed) return;
        this.options.onError?.(error);
        await new Promise((resolve) => setTimeout(resolve, receivePauseMs));
        continue;
      }
      if (this.#sender.closed) return;
      this.#drain(packets);
      this.#received += packets.length;
      try {
        onBatch(packets);
      } catch (error) {
        this.options.onError?.(error);
      }
    }
  }

  #drain(packets: Datagram[]): void {
    let lastName = new Uint8Array(0);
    let lastFrom: NetAddress | undefined;
    for (let call = 0; call < maxReceiveCalls; call++) {
      const count = receiveWaiting(this.libc, this.descriptor, (bytes, sockaddr) => {
        if (lastFrom === undefined || !samePeer(lastName, sockaddr)) {
          const from = readSockaddr(sockaddr);
          if (from === undefined) return;
          lastName = sockaddr.slice();
          lastFrom = this.#known(from);
        }
        packets.push({ bytes: keep(bytes), from: lastFrom });
      });
      if (count < maxReceivedPerCall) return;
    }
  }

  /** The same object for the same address: answers then find their sockaddr at once. */
  #known(address: NetAddress): NetAddress {
    const key = `${address.ip} ${address.port}`;
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    if (this.#addresses.size >= maxKnownAddresses) this.#addresses.clear();
    this.#addresses.set(key, address);
    return address;
  }

  room(size: number): Uint8Array {
    return this.#sender.room(size);
  }

  send(batch: PacketBatch, to: NetAddress): void {
    this.#sender.send(batch, to);
  }

  createGroup(): UdpGroup {
    return new LinuxUdpGroup(this.#sender);
  }

  close(): void {
    if (this.#sender.closed) return;
    this.#sender.close();
    descriptors()?.release(this.descriptor);
    this.socket.close();
  }
}

function samePeer(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 24; i++) if (a[i] !== b[i]) return false;
  return true;
}
