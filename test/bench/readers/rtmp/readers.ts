import { Epoll } from "../../sys/epoll.ts";
import { createReceiveArea, receivedEnd } from "../../sys/tcp_connection.ts";
import type { ReaderContext, ReaderLoop } from "../kinds.ts";
import { type Conversation, inLockstep } from "../lockstep.ts";
import { RtmpSession } from "./session.ts";

const receiveBytes = 256 * 1024;

/** Players over RTMP: one receive call per readiness, into a buffer that all of them share. */
export class RtmpReaders implements ReaderLoop {
  readonly #epoll = new Epoll();
  readonly #area = createReceiveArea(receiveBytes);
  readonly #sessions = new Map<number, RtmpSession>();

  constructor(private readonly context: ReaderContext) {}

  join(readers: readonly number[]): (Error | null)[] {
    return inLockstep(readers.map((reader) => this.#join(reader)));
  }

  poll(timeoutMs: number): void {
    const ready = this.#epoll.wait(timeoutMs);
    for (let i = 0; i < ready; i++) this.#read(this.#epoll.tag(i), this.#epoll.failed(i));
  }

  /** Acknowledgements and answers to pings are all that servers expect of players. */
  keepAlive(): void {}

  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.#epoll.close();
  }

  *#join(reader: number): Conversation {
    const { target, meter } = this.context;
    const session = new RtmpSession(target, reader, meter, this.#area);
    try {
      yield* session.start();
    } catch (error) {
      session.close();
      throw error;
    }
    this.#sessions.set(reader, session);
    this.#epoll.add(session.fd, reader);
  }

  #read(reader: number, failed: boolean): void {
    const session = this.#sessions.get(reader);
    if (session === undefined) return;
    const size = session.receiveNow();
    if (size > 0) {
      try {
        session.take(size);
      } catch (error) {
        this.#drop(reader, session, String(error));
      }
    } else if (size === receivedEnd || failed) {
      this.#drop(
        reader,
        session,
        size === receivedEnd ? "the server closed the connection" : "the connection broke",
      );
    }
  }

  #drop(reader: number, session: RtmpSession, reason: string): void {
    this.#sessions.delete(reader);
    this.context.disconnected(reader, reason);
    this.#epoll.remove(session.fd);
    session.close();
  }
}
