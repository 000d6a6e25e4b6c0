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

/** Where packets go. */
export interface Destination {
  /** In the family of the socket. */
  readonly sockaddr: Uint8Array;
  /** Larger segments have failed on the way there with the offload, and went out without it: a route with a smaller MTU. */
  maxSegment: number;
}

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
  readonly #largestSegment: number;
  /**
   * For many destinations at once: larger segments have failed with the offload, and were never sent with it. Then it is
   * this machine that lacks it, not one route.
   */
  #maxSegment: number;
  /** The largest segment that the system has taken with the offload. */
  #proven = 0;
  #waiting: Waiting[] = [];
  #waitingPackets = 0;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #turn = new LinuxUdpTurn(this);
  /** Peers are sent to again and again under the same address object. */
  readonly #destinations = new WeakMap<NetAddress, Destination>();

  constructor(
    readonly libc: Libc,
    readonly descriptor: number,
    readonly family: AddressFamily,
    readonly segmentation: boolean,
  ) {
    this.#largestSegment = segmentation ? largestSegment : 0;
    this.#maxSegment = this.#largestSegment;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True while packets wait: what comes later must wait behind them. */
  get congested(): boolean {
    return this.#waiting.length > 0;
  }

  /** For many destinations. */
  plan(batch: PacketBatch): PlannedMessage[] {
    return planMessages(batch, this.#maxSegment);
  }

  /** The one of this socket; undefined for what it cannot reach, such as IPv6 from an IPv4 socket. */
  destination(to: NetAddress): Destination | undefined {
    let destination = this.#destinations.get(to);
    if (destination === undefined) {
      if (tryParseIp(to.ip) === undefined) return undefined;
      const room = new Uint8Array(32);
      const size = writeSockaddr(room, 0, to, this.family);
      if (size === 0) return undefined;
      destination = { sockaddr: room.subarray(0, size), maxSegment: this.#largestSegment };
      this.#destinations.set(to, destination);
    }
    return destination;
  }

  room(size: number): Uint8Array {
    return this.#turn.room(size);
  }

  send(batch: PacketBatch, to: NetAddress): void {
    const destination = this.destination(to);
    if (this.#closed || destination === undefined) {
      this.dropped += batch.sizes.length;
      return;
    }
    this.#turn.add(batch, destination);
  }

  /** The system has taken the message, for so many destinations. */
  countSent({ packets, segment }: PlannedMessage, destinations: number): void {
    this.sent += packets * destinations;
    if (segment <= this.#proven) return;
    this.#proven = segment;
    if (segment > this.#maxSegment) this.#maxSegment = this.#largestSegment;
  }

  /** What was sent in this turn goes before what comes now. */
  flush(): void {
    this.#turn.flush();
  }

  /**
   * A message that failed gets one more chance, packet by packet and without the offload; what fails again is dropped.
   * What that tells is noted for `destination`, if it is known.
   */
  sendAlone(bytes: Uint8Array, message: PlannedMessage, name: Uint8Array, destination?: Destination): void {
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
    if (sent < message.packets || message.segment === 0) return;
    const limit = message.segment - 1;
    if (destination !== undefined) destination.maxSegment = Math.min(destination.maxSegment, limit);
    if (limit >= this.#proven) this.#maxSegment = Math.min(this.#maxSegment, limit);
  }

  /** Keeps the message for later, or drops it when too much waits already. `bytes` must not change any more. */
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
      if (result.kind === "sent") this.countSent(message, 1);
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
