import { lastError, libc } from "./libc.ts";

const controlAdd = 1;
const controlDelete = 2;
const eventIn = 0x1;
const eventError = 0x8;
const eventHangUp = 0x10;
const eventsPerWait = 256;

/** `struct epoll_event` is packed on x86-64 only. */
const eventSize = Deno.build.arch === "x86_64" ? 12 : 16;
const dataOffset = eventSize - 8;

/** Level-triggered readiness of many descriptors, each known by a number of the caller's choice. */
export class Epoll {
  readonly #fd: number;
  readonly #events = new Uint8Array(eventSize * eventsPerWait);
  readonly #view = new DataView(this.#events.buffer);

  constructor() {
    this.#fd = libc().epoll_create1(0);
    if (this.#fd < 0) throw new Error(`epoll_create1: ${lastError()}`);
  }

  add(fd: number, tag: number): void {
    const event = new Uint8Array(eventSize);
    const view = new DataView(event.buffer);
    view.setUint32(0, eventIn, true);
    view.setInt32(dataOffset, tag, true);
    if (libc().epoll_ctl(this.#fd, controlAdd, fd, event) < 0) throw new Error(`epoll_ctl: ${lastError()}`);
  }

  remove(fd: number): void {
    libc().epoll_ctl(this.#fd, controlDelete, fd, new Uint8Array(eventSize));
  }

  /** Blocks the thread for at most `timeoutMs`; returns how many descriptors are ready: `tag(i)`, `failed(i)`. */
  wait(timeoutMs: number): number {
    return Math.max(0, libc().epoll_wait(this.#fd, this.#events, eventsPerWait, timeoutMs));
  }

  tag(index: number): number {
    return this.#view.getInt32(index * eventSize + dataOffset, true);
  }

  failed(index: number): boolean {
    return (this.#view.getUint32(index * eventSize, true) & (eventError | eventHangUp)) !== 0;
  }

  close(): void {
    libc().close(this.#fd);
  }
}
