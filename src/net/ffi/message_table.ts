/**
 * struct mmsghdr, msghdr, iovec and cmsghdr of 64-bit Linux, laid out once and reused: a send changes only the bytes that
 * differ. Everything the kernel will read lies in buffers that the table holds.
 */
import { errnoHint, type Libc, linux, plain } from "./libc.ts";
import { sockaddrInSize, sockaddrSize } from "./sockaddr.ts";

const headerSize = 64;
const vectorSize = 16;
/** CMSG_SPACE of a 16-bit value, and CMSG_LEN of it. */
const controlSize = 24;
const controlLength = 18;
const controlValueAt = 16;
/** A sockaddr with padding. */
const nameStride = 32;

/** UIO_MAXIOV: the kernel takes no more messages a call. */
export const maxMessagesPerCall = 1024;

export type SendResult =
  /** So many messages went out; fewer than asked for means that the next one failed. */
  | { readonly kind: "sent"; readonly count: number }
  /** The first message found no room; the others will not either. */
  | { readonly kind: "full" }
  /** The first message failed for a reason of its own. */
  | { readonly kind: "failed" };

const full: SendResult = { kind: "full" };
const failed: SendResult = { kind: "failed" };

/** The last buffer that was asked for, which is nearly always the next one too: many views are pieces of one slab. */
let lastBuffer: ArrayBuffer | undefined;
let lastAddress = 0;

/** The address of the first byte. Whoever stores it must also hold `bytes`. */
export function addressOf(bytes: Uint8Array): number {
  const { buffer } = plain(bytes);
  if (buffer !== lastBuffer) {
    // Of the buffer, not of the view: a small view's own memory may lie where the collector moves things.
    lastAddress = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
    lastBuffer = buffer;
  }
  return lastAddress + bytes.byteOffset;
}

function writePointer(words: Uint32Array, at: number, value: number): void {
  words[at] = value % 2 ** 32;
  words[at + 1] = Math.floor(value / 2 ** 32);
}

export interface MessageTableOptions {
  readonly slots: number;
  /** `name`: all slots go to one address. `message`: all slots carry the same bytes. */
  readonly shared: "name" | "message" | "nothing";
  readonly family: "ipv4" | "ipv6";
  /** Adds the control message for segmentation offload. */
  readonly segmentation: boolean;
}

/** The arguments of sendmmsg, laid out once and used again. */
export class MessageTable {
  readonly slots: number;
  readonly #headers: Uint8Array<ArrayBuffer>;
  readonly #names: Uint8Array<ArrayBuffer>;
  readonly #vectors: Uint32Array<ArrayBuffer>;
  readonly #controls: Uint8Array<ArrayBuffer>;
  /** What the vectors point to: collected memory would be sent as whatever it became. */
  readonly #held: (Uint8Array | undefined)[];

  constructor(options: MessageTableOptions) {
    const { slots, shared, family, segmentation } = options;
    this.slots = slots;
    const messages = shared === "message" ? 1 : slots;
    this.#headers = new Uint8Array(slots * headerSize);
    this.#names = new Uint8Array((shared === "name" ? 1 : slots) * nameStride);
    this.#vectors = new Uint32Array(messages * vectorSize / 4);
    this.#controls = new Uint8Array(messages * controlSize);
    this.#held = new Array<Uint8Array | undefined>(messages).fill(undefined);
    const words = new Uint32Array(this.#headers.buffer);
    const names = addressOf(this.#names);
    const vectors = addressOf(new Uint8Array(this.#vectors.buffer));
    const controls = addressOf(this.#controls);
    for (let slot = 0; slot < slots; slot++) {
      const at = slot * headerSize / 4;
      const message = shared === "message" ? 0 : slot;
      writePointer(words, at, names + (shared === "name" ? 0 : slot * nameStride));
      words[at + 2] = family === "ipv4" ? sockaddrInSize : sockaddrSize;
      writePointer(words, at + 4, vectors + message * vectorSize);
      writePointer(words, at + 6, 1);
      writePointer(words, at + 8, segmentation ? controls + message * controlSize : 0);
      writePointer(words, at + 10, segmentation ? controlSize : 0);
    }
    const view = new DataView(this.#controls.buffer);
    for (let message = 0; message < messages; message++) {
      view.setUint32(message * controlSize, controlLength, true);
      view.setUint32(message * controlSize + 8, linux.SOL_UDP, true);
      view.setUint32(message * controlSize + 12, linux.UDP_SEGMENT, true);
    }
  }

  /** `sockaddr` in the table's family. */
  setName(slot: number, sockaddr: Uint8Array): void {
    // So few bytes are copied faster one by one.
    const at = slot * nameStride;
    for (let i = 0; i < sockaddr.length; i++) this.#names[at + i] = sockaddr[i];
  }

  /** A view of the slot's address. */
  name(slot: number): Uint8Array {
    return this.#names.subarray(slot * nameStride, (slot + 1) * nameStride);
  }

  /** `length` bytes from `offset`; `base` is `addressOf(bytes)`. `segment` 0 sends them as one packet. */
  setMessage(
    slot: number,
    bytes: Uint8Array,
    base: number,
    offset: number,
    length: number,
    segment: number,
  ): void {
    this.#held[slot] = bytes;
    const at = slot * vectorSize / 4;
    writePointer(this.#vectors, at, base + offset);
    this.#vectors[at + 2] = length;
    const value = slot * controlSize + controlValueAt;
    this.#controls[value] = segment;
    this.#controls[value + 1] = segment >> 8;
  }

  /** What `setMessage` was given for the slot, until `release`. */
  held(slot: number): Uint8Array | undefined {
    return this.#held[slot];
  }

  /** Lets go of the bytes of the last messages. */
  release(messages: number): void {
    this.#held.fill(undefined, 0, messages);
  }

  /** Never waits. At most `maxMessagesPerCall` messages from slot `start` on. */
  send(libc: Libc, descriptor: number, start: number, count: number): SendResult {
    const headers = start === 0 ? this.#headers : this.#headers.subarray(start * headerSize);
    const sent = libc.sendmmsg(
      descriptor,
      headers,
      Math.min(count, maxMessagesPerCall),
      linux.MSG_DONTWAIT | linux.MSG_NOSIGNAL,
    );
    if (sent > 0) return { kind: "sent", count: sent };
    const error = errnoHint(libc);
    return error === linux.EAGAIN || error === linux.ENOBUFS ? full : failed;
  }
}
