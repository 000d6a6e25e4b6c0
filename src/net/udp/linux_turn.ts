/** What is sent to single addresses in one turn of the event loop, in one system call where that is possible. */
import { addressOf, MessageTable } from "../ffi/mod.ts";
import type { Destination, LinuxUdpSender } from "./linux_sender.ts";
import { planMessages, type PlannedMessage } from "./plan.ts";
import type { PacketBatch } from "./socket.ts";

/** Messages that are gathered at most: then a call is made, and gathering goes on. */
const turnSlots = 256;
/** Bytes of batches built in `room` that are gathered at most: they are still in the processor's cache when they are sent. */
const roomSize = 256 * 1024;

/** The last plan, for the batch that has the same sizes. */
interface Planned {
  readonly sizes: readonly number[];
  readonly maxSegment: number;
  readonly messages: readonly PlannedMessage[];
}

/** Tables are filled and emptied within one turn, yet sockets may take turns: each has its own. */
export class LinuxUdpTurn {
  #table: MessageTable | undefined;
  readonly #messages: PlannedMessage[] = [];
  /** Of each message. */
  readonly #destinations: Destination[] = [];
  #room: Uint8Array | undefined;
  #taken = 0;
  #planned: Planned = { sizes: [], maxSegment: 0, messages: [] };
  readonly #end = () => {
    this.flush();
    this.#taken = 0;
  };

  constructor(private readonly sender: LinuxUdpSender) {}

  /** Memory that is used again as soon as what was built in it is sent. */
  room(size: number): Uint8Array {
    if (size > roomSize) return new Uint8Array(size);
    const room = this.#room ??= new Uint8Array(roomSize);
    if (this.#taken + size > roomSize) {
      this.flush();
      this.#taken = 0;
    }
    const at = this.#taken;
    this.#taken += size;
    return room.subarray(at, at + size);
  }

  /** Batches of one unit have the same sizes for all destinations. */
  #plan(batch: PacketBatch, maxSegment: number): readonly PlannedMessage[] {
    const last = this.#planned;
    if (last.sizes === batch.sizes && last.maxSegment === maxSegment) return last.messages;
    const messages = planMessages(batch, maxSegment);
    this.#planned = { sizes: batch.sizes, maxSegment, messages };
    return messages;
  }

  /** Goes out with `flush`, which is called at the end of this turn at the latest. */
  add(batch: PacketBatch, to: Destination): void {
    const { family, segmentation } = this.sender;
    const table = this.#table ??= new MessageTable({
      slots: turnSlots,
      shared: "nothing",
      family,
      segmentation,
    });
    const base = addressOf(batch.bytes);
    for (const message of this.#plan(batch, to.maxSegment)) {
      if (this.#messages.length === turnSlots) this.flush();
      const slot = this.#messages.length;
      if (slot === 0) queueMicrotask(this.#end);
      table.setName(slot, to.sockaddr);
      table.setMessage(slot, batch.bytes, base, message.offset, message.length, message.segment);
      this.#messages.push(message);
      this.#destinations.push(to);
    }
  }

  /** Hands everything that was gathered to the system, or to the queue that waits for room there. */
  flush(): void {
    const table = this.#table;
    const count = this.#messages.length;
    if (table === undefined || count === 0) return;
    const { sender } = this;
    for (let at = 0; at < count;) {
      if (sender.congested) {
        this.#wait(table, at++);
        continue;
      }
      const result = table.send(sender.libc, sender.descriptor, at, count - at);
      if (result.kind === "sent") {
        for (let i = 0; i < result.count; i++) sender.countSent(this.#messages[at + i], 1);
        at += result.count;
      } else if (result.kind === "full") {
        this.#wait(table, at++);
      } else {
        sender.sendAlone(table.held(at)!, this.#messages[at], table.name(at), this.#destinations[at]);
        at++;
      }
    }
    table.release(count);
    this.#messages.length = 0;
    this.#destinations.length = 0;
  }

  #wait(table: MessageTable, slot: number): void {
    const bytes = table.held(slot)!;
    const message = this.#messages[slot];
    const { offset, length } = message;
    // The room is about to be used again.
    if (bytes.buffer !== this.#room?.buffer) this.sender.wait(bytes, message, table.name(slot));
    else this.sender.wait(bytes.slice(offset, offset + length), { ...message, offset: 0 }, table.name(slot));
  }
}
