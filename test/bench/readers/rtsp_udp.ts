import { Epoll } from "../sys/epoll.ts";
import { libc, msgDontWait, setReceiveBuffer } from "../sys/libc.ts";
import { bindPortPair, type PortPair } from "../sys/port_pair.ts";
import { PeekReceiver } from "../sys/recvmmsg.ts";
import type { ReaderContext, ReaderLoop } from "./kinds.ts";
import { type Conversation, inLockstep } from "./lockstep.ts";
import { peekSize } from "./meter.ts";
import { RtspDialog } from "./rtsp_dialog.ts";

/** Two seconds of 8 Mbit/s: what the kernel keeps while this thread is busy with others. */
const receiveBufferBytes = 2 * 1024 * 1024;

interface Reader {
  readonly dialog: RtspDialog;
  readonly ports: PortPair;
}

/**
 * Readers over UDP, each with its own pair of ports, as servers tell readers apart by address and port. Only the first
 * bytes of each packet are copied from the kernel. RTCP sockets are bound and never read.
 */
export class RtspUdpReaders implements ReaderLoop {
  readonly #epoll = new Epoll();
  readonly #receiver = new PeekReceiver(peekSize);
  readonly #readers = new Map<number, Reader>();
  readonly #discard = new Uint8Array(4096);
  readonly #discardPointer = Deno.UnsafePointer.of(this.#discard);

  constructor(private readonly context: ReaderContext) {}

  join(readers: readonly number[]): (Error | null)[] {
    return inLockstep(readers.map((reader) => this.#join(reader)));
  }

  poll(timeoutMs: number): void {
    const ready = this.#epoll.wait(timeoutMs);
    for (let i = 0; i < ready; i++) {
      const tag = this.#epoll.tag(i);
      if ((tag & 1) === 0) this.#media(tag >> 1);
      else this.#control(tag >> 1, this.#epoll.failed(i));
    }
  }

  keepAlive(): void {
    for (const [number, reader] of this.#readers) {
      try {
        reader.dialog.sendOnly("GET_PARAMETER");
      } catch (error) {
        this.#drop(number, String(error));
      }
    }
  }

  close(): void {
    for (const { dialog, ports } of this.#readers.values()) {
      dialog.close();
      ports.close();
    }
    this.#readers.clear();
    this.#epoll.close();
  }

  *#join(reader: number): Conversation {
    const ports = bindPortPair();
    let dialog: RtspDialog | undefined;
    try {
      setReceiveBuffer(ports.rtpFd, receiveBufferBytes);
      dialog = new RtspDialog(this.context.target);
      yield* dialog.start(`RTP/AVP;unicast;client_port=${ports.port}-${ports.port + 1}`);
    } catch (error) {
      dialog?.close();
      ports.close();
      throw error;
    }
    this.#readers.set(reader, { dialog, ports });
    // tags: media 2n, control 2n + 1
    this.#epoll.add(ports.rtpFd, reader * 2);
    this.#epoll.add(dialog.fd, reader * 2 + 1);
  }

  #media(number: number): void {
    const reader = this.#readers.get(number);
    if (reader === undefined) return;
    const { meter } = this.context;
    const receiver = this.#receiver;
    const count = receiver.receive(reader.ports.rtpFd);
    for (let i = 0; i < count; i++) meter.packet(number, receiver.bytes, i * peekSize, receiver.size(i));
  }

  #control(number: number, failed: boolean): void {
    const reader = this.#readers.get(number);
    if (reader === undefined) return;
    const size = libc().recv(reader.dialog.fd, this.#discardPointer, this.#discard.length, msgDontWait);
    if (size === 0 || (size < 0 && failed)) this.#drop(number, "the control connection ended");
  }

  #drop(number: number, reason: string): void {
    const reader = this.#readers.get(number);
    this.#readers.delete(number);
    this.context.disconnected(number, reason);
    if (reader === undefined) return;
    this.#epoll.remove(reader.dialog.fd);
    this.#epoll.remove(reader.ports.rtpFd);
    reader.dialog.close();
    reader.ports.close();
  }
}
