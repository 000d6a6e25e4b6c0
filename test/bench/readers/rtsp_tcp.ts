import { Epoll } from "../sys/epoll.ts";
import { libc, msgDontWait } from "../sys/libc.ts";
import { InterleavedParser } from "./interleaved.ts";
import type { ReaderContext, ReaderLoop } from "./kinds.ts";
import { type Conversation, inLockstep } from "./lockstep.ts";
import { RtspDialog } from "./rtsp_dialog.ts";

/** Readers over interleaved TCP: one receive call per readiness, into a buffer that all of them share. */
export class RtspTcpReaders implements ReaderLoop {
  readonly #epoll = new Epoll();
  readonly #parser: InterleavedParser;
  readonly #area: Deno.PointerValue;
  readonly #dialogs = new Map<number, RtspDialog>();

  constructor(private readonly context: ReaderContext) {
    this.#parser = new InterleavedParser(context.columns.state.length, context.meter);
    this.#area = Deno.UnsafePointer.of(this.#parser.area);
  }

  join(readers: readonly number[]): (Error | null)[] {
    return inLockstep(readers.map((reader) => this.#join(reader)));
  }

  poll(timeoutMs: number): void {
    const ready = this.#epoll.wait(timeoutMs);
    for (let i = 0; i < ready; i++) this.#read(this.#epoll.tag(i), this.#epoll.failed(i));
  }

  keepAlive(): void {
    for (const [reader, dialog] of this.#dialogs) {
      try {
        dialog.sendOnly("GET_PARAMETER");
      } catch (error) {
        this.#drop(reader, String(error));
      }
    }
  }

  close(): void {
    for (const dialog of this.#dialogs.values()) dialog.close();
    this.#dialogs.clear();
    this.#epoll.close();
  }

  *#join(reader: number): Conversation {
    const dialog = new RtspDialog(this.context.target);
    try {
      yield* dialog.start("RTP/AVP/TCP;unicast;interleaved=0-1");
    } catch (error) {
      dialog.close();
      throw error;
    }
    this.#dialogs.set(reader, dialog);
    this.#parser.area.set(dialog.rest);
    this.#parser.parse(reader, dialog.rest.length);
    this.#epoll.add(dialog.fd, reader);
  }

  #read(reader: number, failed: boolean): void {
    const dialog = this.#dialogs.get(reader);
    if (dialog === undefined) return;
    const size = libc().recv(dialog.fd, this.#area, this.#parser.area.length, msgDontWait);
    if (size > 0) {
      if (!this.#parser.parse(reader, size)) this.#drop(reader, "what came is not RTSP");
    } else if (size === 0 || failed) {
      this.#drop(reader, size === 0 ? "the server closed the connection" : "the connection broke");
    }
  }

  #drop(reader: number, reason: string): void {
    const dialog = this.#dialogs.get(reader);
    this.#dialogs.delete(reader);
    this.context.disconnected(reader, reason);
    if (dialog === undefined) return;
    this.#epoll.remove(dialog.fd);
    dialog.close();
  }
}
