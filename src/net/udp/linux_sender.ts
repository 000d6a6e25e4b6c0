/**
 * Sending on a descriptor with sendmmsg and segmentation offload. What finds no room waits in a bounded queue that a timer
 * drains; the owner must call `close`.
 */
import type { NetAddress } from "../address.ts";
import { addressOf, type Libc, MessageTable, writeSockaddr } from "../ffi/mod.ts";
import { tryParseIp } from "../ip.ts";
import { LinuxUdpTurn } from "./linux_turn.ts";
import { planMessages, type PlannedMessage } from "./plan.ts";
import type { PacketBatch } from "./socket.ts";

/** Packets that wait for room; more are dropped. */
export const maxWaitingPackets = 8192;
/** Attempts in a row that find no room at all before everything that waits is given up: it is old by then. */
export const maxAttempts = 50;
const retryMs = 2;
const tableSlots = 64;
/** The largest segment tried at first: the jumbo frame. */
const largestSegment = 9000;

interface Waiting extends PlannedMessage {
  readonly bytes: Uint8Array;
  readonly name: Uint8Array;
}

export type AddressFamily = "ipv4" | "ipv6";

/** Tables are only used within one call, so sockets share them. */
const tables = new Map<string, MessageTable>();

function sharedTable(family: AddressFamily, segmentation: boolean): MessageTable {
  const key = `${family} ${segmentation}`;
  let table = tables.get(key);
  if (table === undefined) {
    table = new MessageTable({ slots: tableSlots, shared: "name", family, segmentation });
    tables.set(key, table);
  }
  return table;
}

export class LinuxUdpSender {
  sent = 0;
  dropped = 0;
  /** Larger segments have failed with the offload and went out without it: no route, device or kernel for them. */
  #maxSegment: number;
  #waiting: Waiting[] = [];
  #waitingPackets = 0;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #turn = new LinuxUdpTurn(this);
  /** Peers are sent to again and again under the same address object. */
  readonly #names = new WeakMap<NetAddress, Uint8Array>();

  constructor(
    readonly libc: Libc,
    readonly descriptor: number,
    readonly family: AddressFamily,
    readonly segmentation: boolean,
  ) {
    this.#maxSegment = segmentation ? largestSegment : 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True while packets wait: what comes later must wait behind them. */
  get congested(): boolean {
    return this.#waiting.length > 0;
  }

  plan(batch: PacketBatch): PlannedMessage[] {
    return planMessages(batch, this.#maxSegment);
  }

  /** The sockaddr for this socket; undefined for what it cannot reach, such as IPv6 from an IPv4 socket. */
  sockaddr(to: NetAddress): Uint8Array | undefined {
    let name = this.#names.get(to);
    if (name === undefined) {
      if (tryParseIp(to.ip) === undefined) return undefined;
      const room = new Uint8Array(32);
      const size = writeSockaddr(room, 0, to, this.family);
      if (size === 0) return undefined;
      name = room.subarray(0, size);
      this.#names.set(to, name);
    }
    return name;
  }

  send(batch: PacketBatch, to: NetAddress): void {
    const name = this.sockaddr(to);
    if (this.#closed || name === undefined) {
      this.dropped += batch.sizes.length;
      return;
    }
    this.#turn.add(batch, name);
  }

  /** What was sent in this turn goes before what comes now. */
  flush(): void {
    this.#turn.flush();
  }

  /** A message that failed gets one more chance, packet by packet and without the offload; what fails again is dropped. */
  sendAlone(bytes: Uint8Array, message: PlannedMessage, name: Uint8Array): void {
    const table = sharedTable(this.family, this.segmentation);
    const base = addressOf(bytes);
    const size = message.segment === 0 ? message.length : message.segment;
    table.setName(0, name);
    for (let i = 0; i < message.packets; i++) {
      const length = Math.min(size, message.length - i * size);
      table.setMessage(i, bytes, base, message.offset + i * size, length, 0);
    }
    let sent = 0;
    while (sent < message.packets) {
      const result = table.send(this.libc, this.descriptor, sent, message.packets - sent);
      if (result.kind !== "sent") break;
      sent += result.count;
    }
    table.release(message.packets);
    this.sent += sent;
    this.dropped += message.packets - sent;
    if (sent === message.packets && message.segment > 0) {
      this.#maxSegment = Math.min(this.#maxSegment, message.segment - 1);
    }
  }

  /** Keeps the message for later, or drops it when too much waits already. */
  wait(bytes: Uint8Array, message: PlannedMessage, name: Uint8Array): void {
    if (this.#waitingPackets + message.packets > maxWaitingPackets) {
      this.dropped += message.packets;
      return;
    }
    this.#waitingPackets += message.packets;
    // The name may be a view of a table that changes.
    this.#waiting.push({ ...message, bytes, name: name.slice() });
    this.#timer ??= setTimeout(() => this.#drain(), retryMs);
  }

  #drain(): void {
    this.#timer = undefined;
    const table = sharedTable(this.family, this.segmentation);
    let done = 0;
    for (const message of this.#waiting) {
      const { bytes, name, offset, length, segment, packets } = message;
      table.setName(0, name);
      table.setMessage(0, bytes, addressOf(bytes), offset, length, segment);
      const result = table.send(this.libc, this.descriptor, 0, 1);
      if (result.kind === "full") break;
      if (result.kind === "sent") this.sent += packets;
      else this.sendAlone(bytes, message, name);
      this.#waitingPackets -= packets;
      done++;
    }
    table.release(1);
    this.#waiting.splice(0, done);
    this.#attempts = done > 0 ? 0 : this.#attempts + 1;
    if (this.#attempts >= maxAttempts) this.#dropWaiting();
    if (this.congested) this.#timer = setTimeout(() => this.#drain(), retryMs);
  }

  #dropWaiting(): void {
    this.dropped += this.#waitingPackets;
    this.#waiting = [];
    this.#waitingPackets = 0;
    this.#attempts = 0;
  }

  /** What waits is dropped. */
  close(): void {
    if (!this.#closed) this.#turn.flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#dropWaiting();
  }
}
