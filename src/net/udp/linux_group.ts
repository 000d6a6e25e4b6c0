/** Many destinations for the same bytes: one system call for each message and up to 1,024 destinations. */
import type { NetAddress } from "../address.ts";
import { addressOf, maxMessagesPerCall, MessageTable } from "../ffi/mod.ts";
import type { LinuxUdpSender } from "./linux_sender.ts";
import type { PlannedMessage } from "./plan.ts";
import type { PacketBatch, UdpGroup } from "./socket.ts";

const firstSlots = 16;

export class LinuxUdpGroup implements UdpGroup {
  #table: MessageTable;
  /** Destinations in the order of their slots. */
  readonly #keys: string[] = [];
  readonly #slots = new Map<string, number>();
  /** Addresses this socket has no way to. */
  readonly #unreachable = new Set<string>();

  constructor(private readonly sender: LinuxUdpSender) {
    this.#table = this.#createTable(firstSlots);
  }

  get size(): number {
    return this.#keys.length + this.#unreachable.size;
  }

  #createTable(slots: number): MessageTable {
    const { family, segmentation } = this.sender;
    return new MessageTable({ slots, shared: "message", family, segmentation });
  }

  add(to: NetAddress): void {
    const key = `${to.ip} ${to.port}`;
    if (this.#slots.has(key)) return;
    const destination = this.sender.destination(to);
    if (destination === undefined) {
      this.#unreachable.add(key);
      return;
    }
    const slot = this.#keys.length;
    if (slot === this.#table.slots) {
      const grown = this.#createTable(slot * 2);
      for (let i = 0; i < slot; i++) grown.setName(i, this.#table.name(i));
      this.#table = grown;
    }
    this.#table.setName(slot, destination.sockaddr);
    this.#keys.push(key);
    this.#slots.set(key, slot);
  }

  remove(to: NetAddress): void {
    const key = `${to.ip} ${to.port}`;
    this.#unreachable.delete(key);
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    const lastKey = this.#keys.pop();
    const last = this.#keys.length;
    if (slot === last || lastKey === undefined) return;
    // The last one moves into the gap.
    this.#table.setName(slot, this.#table.name(last));
    this.#keys[slot] = lastKey;
    this.#slots.set(lastKey, slot);
  }

  send(batch: PacketBatch): void {
    const { sender } = this;
    sender.dropped += batch.sizes.length * this.#unreachable.size;
    const count = this.#keys.length;
    if (count === 0) return;
    if (sender.closed) {
      sender.dropped += batch.sizes.length * count;
      return;
    }
    sender.flush();
    const base = addressOf(batch.bytes);
    for (const message of sender.plan(batch)) {
      if (sender.congested) this.#waitFrom(0, batch.bytes, message);
      else this.#sendMessage(batch.bytes, base, message);
    }
    this.#table.release(1);
  }

  #sendMessage(bytes: Uint8Array, base: number, message: PlannedMessage): void {
    const { sender } = this;
    const count = this.#keys.length;
    this.#table.setMessage(0, bytes, base, message.offset, message.length, message.segment);
    for (let at = 0; at < count;) {
      const wanted = Math.min(count - at, maxMessagesPerCall);
      const result = this.#table.send(sender.libc, sender.descriptor, at, wanted);
      if (result.kind === "sent") {
        sender.countSent(message, result.count);
        at += result.count;
      } else if (result.kind === "full") {
        this.#waitFrom(at, bytes, message);
        return;
      } else {
        sender.sendAlone(bytes, message, this.#table.name(at));
        at++;
      }
    }
  }

  #waitFrom(first: number, bytes: Uint8Array, message: PlannedMessage): void {
    for (let slot = first; slot < this.#keys.length; slot++) {
      this.sender.wait(bytes, message, this.#table.name(slot));
    }
  }
}
