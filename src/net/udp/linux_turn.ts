/** What is sent to single addresses in one turn of the event loop, in one system call where that is possible. */
import { addressOf, MessageTable } from "../ffi/mod.ts";
import type { Destination, LinuxUdpSender } from "./linux_sender.ts";
import { planMessages, type PlannedMessage } from "./plan.ts";
import type { PacketBatch } from "./socket.ts";

/** Messages that are gathered at most: then a call is made, and gathering goes on. */
const turnSlots = 256;

/** Tables are filled and emptied within one turn, yet sockets may take turns: each has its own. */
export class LinuxUdpTurn {
  #table: MessageTable | undefined;
  readonly #messages: PlannedMessage[] = [];
  /** Of each message. */
  readonly #destinations: Destination[] = [];

  constructor(private readonly sender: LinuxUdpSender) {}

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
    for (const message of planMessages(batch, to.maxSegment)) {
      if (this.#messages.length === turnSlots) this.flush();
      const slot = this.#messages.length;
      if (slot === 0) queueMicrotask(() => this.flush());
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
    this.sender.wait(table.held(slot)!, this.#messages[slot], table.name(slot));
  }
}
