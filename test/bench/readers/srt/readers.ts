import { hasStamp, stampFrame, stampMicros, stampSize } from "../../stamp.ts";
import { Epoll } from "../../sys/epoll.ts";
import { nowMicros } from "../../sys/libc.ts";
import { PeekReceiver } from "../../sys/recvmmsg.ts";
import type { ReaderContext, ReaderLoop } from "../kinds.ts";
import { type Conversation, inLockstep } from "../lockstep.ts";
import { SrtSession } from "./session.ts";

const headerSize = 16;
const transportPacket = 188;
/** A key frame has PAT and PMT in front of it: the stamp is in the third transport packet at the latest. */
const peekSize = headerSize + 3 * transportPacket;
const shutdownType = 5;

/** Readers over SRT, each with its own socket. Only the first bytes of each packet are copied from the kernel. */
export class SrtReaders implements ReaderLoop {
  readonly #epoll = new Epoll();
  readonly #receiver = new PeekReceiver(peekSize);
  readonly #sessions = new Map<number, SrtSession>();
  /** Those that have something to acknowledge. */
  readonly #pending = new Set<SrtSession>();

  constructor(private readonly context: ReaderContext) {}

  join(readers: readonly number[]): (Error | null)[] {
    return inLockstep(readers.map((reader) => this.#join(reader)));
  }

  *#join(reader: number): Conversation {
    const session = new SrtSession(this.context.target);
    try {
      yield* session.start();
    } catch (error) {
      session.close();
      throw error;
    }
    this.#sessions.set(reader, session);
    this.#epoll.add(session.fd, reader);
  }

  poll(timeoutMs: number): void {
    const ready = this.#epoll.wait(this.#pending.size > 0 ? Math.min(timeoutMs, 2) : timeoutMs);
    for (let i = 0; i < ready; i++) this.#read(this.#epoll.tag(i));
    const now = nowMicros();
    for (const session of this.#pending) if (!session.acknowledge(now)) this.#pending.delete(session);
  }

  #read(reader: number): void {
    const session = this.#sessions.get(reader);
    if (session === undefined) return;
    const { bytes } = this.#receiver;
    const count = this.#receiver.receive(session.fd);
    for (let i = 0; i < count; i++) {
      const at = i * peekSize;
      if ((bytes[at] & 0x80) === 0) this.#data(reader, session, at, this.#receiver.size(i));
      else if (bytes[at + 1] === shutdownType) return this.#drop(reader, session);
    }
    this.#pending.add(session);
  }

  #data(reader: number, session: SrtSession, at: number, size: number): void {
    const { columns, meter } = this.context;
    const { bytes } = this.#receiver;
    const gap = session.received(bytes, at);
    if (gap > 0) columns.lost[reader] += gap;
    else if (gap < 0) columns.duplicate[reader]++;
    const end = at + Math.min(size, peekSize);
    for (let packet = at + headerSize; packet + transportPacket <= end; packet += transportPacket) {
      // payload_unit_start_indicator: a frame begins; others continue one.
      if ((bytes[packet + 1] & 0x40) === 0) return;
      for (let stamp = packet; stamp + stampSize <= packet + transportPacket; stamp++) {
        if (!hasStamp(bytes, stamp)) continue;
        return meter.frame(reader, stampFrame(bytes, stamp), stampMicros(bytes, stamp));
      }
    }
  }

  keepAlive(): void {
    for (const session of this.#sessions.values()) session.keepAlive();
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.#epoll.close();
  }

  #drop(reader: number, session: SrtSession): void {
    this.#sessions.delete(reader);
    this.#pending.delete(session);
    this.context.disconnected(reader, "the server closed the connection");
    this.#epoll.remove(session.fd);
    session.close();
  }
}
