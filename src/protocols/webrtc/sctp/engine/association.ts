/**
 * An SCTP association over DTLS (RFC 9260, RFC 8261): both sides may open it, and both at once. Used are reliable delivery
 * and messages; not used are other addresses, extensions (partial reliability, stream reset, interleaving) and reports of
 * unknown chunks.
 */
import { ParseError } from "../../../../base/errors.ts";
import { parseData, parseSack, serializeSack } from "../wire/data.ts";
import {
  type Chunk,
  chunkHeaderSize,
  chunkSize,
  chunkType,
  type Init,
  packetHeaderSize,
  parseInit,
  parsePacket,
  serializeInit,
  serializePacket,
} from "../wire/packet.ts";
import { type Message, receiveWindow, Receiving } from "./receiving.ts";
import { type Outgoing, Sending } from "./sending.ts";

/** Streams that we use and let be used. */
const maxStreams = 1024;

/** Until the peer has answered the opening (RFC 9260 §5.1). */
const openingTimeoutMs = 500;
const maxOpeningTimeouts = 12;

const cookieSize = 16;

/** Chunk types with this bit are skipped when they are unknown; others end the packet (RFC 9260 §3.2). */
const skipUnknown = 0x80;

export interface AssociationOptions {
  /** One packet for the peer. */
  readonly send: (packet: Uint8Array) => void;
  readonly onOpen: () => void;
  readonly onMessage: (message: Message) => void;
  /** Called once, not after `close`. */
  readonly onClose: (reason: string) => void;
  readonly localPort: number;
  readonly remotePort: number;
  /** Bytes of the largest packet. */
  readonly mtu: number;
  /** Random bytes. */
  readonly random: (size: number) => Uint8Array;
}

type State = "cookieWait" | "cookieEchoed" | "open" | "closed";

function number32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

export class Association {
  readonly #options: AssociationOptions;
  #state: State = "cookieWait";
  readonly #localTag: number;
  readonly #firstTsn: number;
  #remoteTag = 0;
  #outboundStreams = 0;
  /** Ours, as the peer has to give it back, with what its INIT said. */
  #issued: { readonly cookie: Uint8Array; readonly init: Init } | null = null;
  /** The peer's, to be given back. */
  #cookie: Uint8Array | null = null;
  #openingSentAt = 0;
  #openingTimeouts = 0;
  #sending: Sending | null = null;
  #receiving: Receiving | null = null;
  #sackDue = false;

  constructor(options: AssociationOptions, now: number) {
    this.#options = options;
    // A tag of 0 has another meaning.
    this.#localTag = (number32(options.random(4)) | 1) >>> 0;
    this.#firstTsn = number32(options.random(4));
    this.#sendOpening(now);
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** Streams that may be used; 0 before it is open. */
  get streams(): number {
    return this.open ? this.#outboundStreams : 0;
  }

  get bufferedBytes(): number {
    return this.#sending?.bufferedBytes ?? 0;
  }

  /** A method of its own, because others are called while this changes. */
  #is(state: State): boolean {
    return this.#state === state;
  }

  /** False when there is no room. */
  queue(message: Outgoing): boolean {
    return this.open && this.#sending !== null && this.#sending.queue(message);
  }

  receive(bytes: Uint8Array, now: number): void {
    if (this.#is("closed")) return;
    try {
      const { verificationTag, chunks } = parsePacket(bytes);
      for (const chunk of chunks) {
        if (this.#is("closed")) return;
        if (!this.#accepts(chunk, verificationTag)) continue;
        if (!this.#handle(chunk, now)) break;
      }
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      // What DTLS has authenticated and still makes no sense is a broken peer; a damaged packet is none of these.
      if (error.field !== "checksum") return this.#end(`the peer's SCTP is wrong: ${error.message}`);
    }
    this.flush(now);
  }

  /** RFC 9260 §8.5. */
  #accepts({ type, flags }: Chunk, tag: number): boolean {
    if (type === chunkType.init) return tag === 0;
    const reflected = (type === chunkType.abort || type === chunkType.shutdownComplete) && (flags & 1) === 1;
    return tag === (reflected ? this.#remoteTag : this.#localTag);
  }

  /** False when the rest of the packet is to be ignored. */
  #handle(chunk: Chunk, now: number): boolean {
    const { type, value } = chunk;
    switch (type) {
      case chunkType.init:
        this.#answerInit(parseInit(value));
        return true;
      case chunkType.initAck:
        this.#takeInitAck(parseInit(value), now);
        return true;
      case chunkType.cookieEcho:
        return this.#takeCookie(value);
      case chunkType.cookieAck:
        if (this.#is("cookieEchoed")) this.#establish();
        return true;
      case chunkType.heartbeat:
        this.#sendChunks([{ type: chunkType.heartbeatAck, flags: 0, value }]);
        return true;
      case chunkType.data:
        return this.#takeData(chunk);
      case chunkType.sack:
        this.#sending?.acknowledge(parseSack(value), now);
        return true;
      case chunkType.abort:
        this.#end("the peer ended the SCTP association");
        return false;
      case chunkType.shutdown:
        this.#sendChunks([{ type: chunkType.shutdownAck, flags: 0, value: new Uint8Array(0) }]);
        this.#end("the peer closed the SCTP association");
        return false;
      case chunkType.heartbeatAck:
      case chunkType.error:
        return true;
      default:
        return (type & skipUnknown) !== 0;
    }
  }

  /** Both sides may have sent INIT: the tags stay as they are, so both handshakes lead to the same (RFC 9260 §5.2.1). */
  #answerInit(init: Init): void {
    // A restart is not taken up: over DTLS it would be a new association.
    if (this.#is("open")) return;
    const cookie = this.#issued !== null && this.#issued.init.tag === init.tag
      ? this.#issued.cookie
      : this.#options.random(cookieSize);
    this.#issued = { cookie, init };
    const answer = { type: chunkType.initAck, flags: 0, value: serializeInit(this.#ownInit(cookie)) };
    this.#sendPacket(init.tag, [answer]);
  }

  #ownInit(cookie: Uint8Array | null): Init {
    return {
      tag: this.#localTag,
      window: receiveWindow,
      outboundStreams: maxStreams,
      inboundStreams: maxStreams,
      firstTsn: this.#firstTsn,
      cookie,
    };
  }

  #takeInitAck(init: Init, now: number): void {
    if (!this.#is("cookieWait") || init.cookie === null) return;
    this.#cookie = init.cookie.slice();
    this.#takePeer(init);
    this.#state = "cookieEchoed";
    this.#openingTimeouts = 0;
    this.#sendOpening(now);
  }

  #takePeer(init: Init): void {
    this.#remoteTag = init.tag;
    this.#outboundStreams = Math.min(maxStreams, init.inboundStreams);
    this.#sending = new Sending(this.#firstTsn, init.window, this.#options.mtu);
    this.#receiving = new Receiving(init.firstTsn);
  }

  #takeCookie(value: Uint8Array): boolean {
    const issued = this.#issued;
    if (
      issued === null || value.length !== cookieSize || !issued.cookie.every((byte, i) => byte === value[i])
    ) {
      return false;
    }
    if (this.#is("cookieWait")) this.#takePeer(issued.init);
    this.#sendChunks([{ type: chunkType.cookieAck, flags: 0, value: new Uint8Array(0) }]);
    if (!this.#is("open")) this.#establish();
    return true;
  }

  #establish(): void {
    this.#state = "open";
    this.#cookie = null;
    this.#options.onOpen();
  }

  /** Data may come with the cookie, or before our side knows that the peer is satisfied. */
  #takeData(chunk: Chunk): boolean {
    if (this.#receiving === null || this.#is("cookieWait")) return false;
    this.#sackDue = true;
    for (const message of this.#receiving.add(parseData(chunk))) {
      if (!this.#is("closed")) this.#options.onMessage(message);
    }
    return !this.#is("closed");
  }

  /** Sends what may be sent; to be called after `queue`. */
  flush(now: number): void {
    if (this.#is("closed") || this.#sending === null) return;
    const chunks: Chunk[] = [];
    if (this.#sackDue && this.#receiving !== null) chunks.push(serializeSack(this.#receiving.sack()));
    this.#sackDue = false;
    if (this.open) chunks.push(...this.#sending.takeChunks(now));
    this.#sendChunks(chunks);
  }

  #sendOpening(now: number): void {
    this.#openingSentAt = now;
    if (this.#cookie !== null) {
      this.#sendChunks([{ type: chunkType.cookieEcho, flags: 0, value: this.#cookie }]);
    } else {
      const value = serializeInit(this.#ownInit(null));
      this.#sendPacket(0, [{ type: chunkType.init, flags: 0, value }]);
    }
  }

  /** As few packets as hold them, in order. */
  #sendChunks(chunks: readonly Chunk[]): void {
    let packet: Chunk[] = [];
    let size = packetHeaderSize;
    for (const chunk of chunks) {
      if (packet.length > 0 && size + chunkSize(chunk) > this.#options.mtu) {
        this.#sendPacket(this.#remoteTag, packet);
        packet = [];
        size = packetHeaderSize;
      }
      packet.push(chunk);
      size += chunkSize(chunk);
    }
    if (packet.length > 0) this.#sendPacket(this.#remoteTag, packet);
  }

  #sendPacket(verificationTag: number, chunks: readonly Chunk[]): void {
    const size = chunks.reduce((sum, chunk) => sum + chunkSize(chunk), packetHeaderSize);
    // A heartbeat of the peer, or its cookie, may be longer than what we can give back.
    if (size > this.#options.mtu) return;
    const { localPort, remotePort } = this.#options;
    this.#options.send(
      serializePacket({ sourcePort: localPort, destinationPort: remotePort, verificationTag, chunks }),
    );
  }

  /** To be called now and then, some ten times a second. */
  tick(now: number): void {
    if (this.#is("closed")) return;
    if (this.open) {
      if (this.#sending?.tick(now) === false) this.#end("the peer does not acknowledge");
    } else if (now - this.#openingSentAt >= openingTimeoutMs) {
      if (++this.#openingTimeouts > maxOpeningTimeouts) {
        return this.#end("the peer does not answer the SCTP association");
      }
      this.#sendOpening(now);
    }
    this.flush(now);
  }

  #end(reason: string): void {
    if (this.#is("closed")) return;
    this.#finish();
    this.#options.onClose(reason);
  }

  #finish(): void {
    this.#state = "closed";
    this.#sending = null;
    this.#receiving = null;
  }

  /** Tells the peer. What is still to be sent is forgotten: the DTLS association ends at the same time. */
  close(): void {
    if (this.#is("closed")) return;
    if (this.#remoteTag !== 0) this.#sendChunks([{ type: chunkType.abort, flags: 0, value: userAbort }]);
    this.#finish();
  }
}

/** RFC 9260 §3.3.10.12: a cause without a text. */
const userAbort = Uint8Array.of(0, 12, 0, chunkHeaderSize);
