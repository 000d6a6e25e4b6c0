/** Data channels of one peer: RFC 8831 over SCTP, opened by messages of RFC 8832. */
import { ParseError } from "../../../base/errors.ts";
import { Association } from "./engine/association.ts";
import type { Message } from "./engine/receiving.ts";
import {
  parseChannelMessage,
  payloadProtocol,
  serializeAck,
  serializeOpen,
} from "./wire/channel_messages.ts";

/** What is assumed when the description has no `a=sctp-port` (RFC 8841 §5.2 wants one; all say this). */
export const defaultSctpPort = 5000;

/** RFC 8841 §6.1: what a peer takes that does not say `a=max-message-size`. */
export const defaultMaxMessageSize = 64 * 1024;

/** Channels that a peer may open; those beyond are ignored. */
const maxIncomingChannels = 64;

/** What cannot be sent yet waits, up to so many messages of a channel. */
const maxEarlyMessages = 64;

/** What connects the channels of one peer with the rest of its session. */
export interface DataChannelsOptions {
  /** The role in DTLS: it decides who opens even and who odd streams (RFC 8832 §6). */
  readonly role: "server" | "client";
  /** One packet for `DtlsSession.sendData`. */
  readonly send: (packet: Uint8Array) => void;
  /** A message on a channel, whoever opened it. */
  readonly onMessage: (
    channel: { readonly label: string },
    bytes: Uint8Array,
    kind: "text" | "binary",
  ) => void;
  /** The association ended; called once, not after `close`. */
  readonly onClose: (reason: string) => void;
  /** Bytes of the largest packet. */
  readonly mtu: number;
  readonly localPort?: number;
  readonly remotePort?: number;
  /** The peer's `a=max-message-size`; 0 means no limit. */
  readonly maxMessageSize?: number;
  readonly random: (size: number) => Uint8Array;
}

/** An ordered, reliable channel of ours. */
export interface DataChannel {
  readonly label: string;
  /** Messages that were not taken: no room, too long for the peer, or the association has ended. */
  readonly dropped: number;
  /** One binary message; false when it was dropped. */
  send(bytes: Uint8Array, now: number): boolean;
}

/** Time comes in as `now`, milliseconds of any steady clock. Owned by the session, which calls `tick` and `close`. */
export class DataChannels {
  readonly #association: Association;
  readonly #options: DataChannelsOptions;
  readonly #channels: Channel[] = [];
  readonly #labels = new Map<number, string>();
  #nextStream: number;

  /** Begins at once: to be made when DTLS is connected. */
  constructor(options: DataChannelsOptions, now: number) {
    this.#options = options;
    this.#nextStream = options.role === "client" ? 0 : 1;
    this.#association = new Association({
      send: options.send,
      onOpen: () => this.#openWaiting(),
      onMessage: (message) => this.#take(message),
      onClose: options.onClose,
      localPort: options.localPort ?? defaultSctpPort,
      remotePort: options.remotePort ?? defaultSctpPort,
      mtu: options.mtu,
      random: options.random,
    }, now);
  }

  /** A channel to send on, at once; messages wait until the peer is there. */
  open(label: string, now: number): DataChannel {
    const channel: Channel = new Channel(
      label,
      this.#nextStream,
      this.#options.maxMessageSize ?? defaultMaxMessageSize,
      {
        queue: (protocol, bytes) => this.#queue(channel.stream, protocol, bytes),
        flush: (at) => this.#association.flush(at),
      },
    );
    this.#nextStream += 2;
    this.#channels.push(channel);
    this.#labels.set(channel.stream, label);
    if (this.#association.open) {
      channel.start();
      this.#association.flush(now);
    }
    return channel;
  }

  #queue(stream: number, protocol: number, bytes: Uint8Array): boolean {
    return stream < this.#association.streams &&
      this.#association.queue({ stream, payloadProtocol: protocol, bytes });
  }

  #openWaiting(): void {
    for (const channel of this.#channels) channel.start();
  }

  #take({ stream, payloadProtocol: protocol, bytes }: Message): void {
    if (protocol === payloadProtocol.control) return this.#takeControl(stream, bytes);
    const label = this.#labels.get(stream);
    if (label === undefined) return;
    const { text, emptyText, emptyBinary } = payloadProtocol;
    const isEmpty = protocol === emptyText || protocol === emptyBinary;
    const kind = protocol === text || protocol === emptyText ? "text" : "binary";
    this.#options.onMessage({ label }, isEmpty ? bytes.subarray(0, 0) : bytes, kind);
  }

  #takeControl(stream: number, bytes: Uint8Array): void {
    try {
      const message = parseChannelMessage(bytes);
      const known = this.#labels.size - this.#channels.length;
      if (message.kind === "ack" || (known >= maxIncomingChannels && !this.#labels.has(stream))) return;
      this.#labels.set(stream, message.label);
      this.#queue(stream, payloadProtocol.control, serializeAck());
    } catch (error) {
      // One bad message is no reason to end the others' channels.
      if (!(error instanceof ParseError)) throw error;
    }
  }

  /** One packet from `DtlsOptions.onData`. */
  receive(bytes: Uint8Array, now: number): void {
    this.#association.receive(bytes, now);
  }

  /** To be called some ten times a second. */
  tick(now: number): void {
    this.#association.tick(now);
  }

  close(): void {
    this.#association.close();
  }
}

interface Transport {
  queue(protocol: number, bytes: Uint8Array): boolean;
  flush(now: number): void;
}

class Channel implements DataChannel {
  #dropped = 0;
  #started = false;
  #early: Uint8Array[] = [];

  constructor(
    readonly label: string,
    readonly stream: number,
    private readonly maxMessageSize: number,
    private readonly transport: Transport,
  ) {}

  get dropped(): number {
    return this.#dropped;
  }

  /** Messages may follow the opening without waiting for its answer, as the channel is ordered (RFC 8832 §6). */
  start(): void {
    this.#started = true;
    this.transport.queue(payloadProtocol.control, serializeOpen(this.label));
    for (const bytes of this.#early.splice(0)) this.#queue(bytes);
  }

  send(bytes: Uint8Array, now: number): boolean {
    if (this.maxMessageSize > 0 && bytes.length > this.maxMessageSize) return this.#drop();
    if (!this.#started) {
      if (this.#early.length >= maxEarlyMessages) return this.#drop();
      this.#early.push(bytes);
      return true;
    }
    const taken = this.#queue(bytes);
    this.transport.flush(now);
    return taken;
  }

  /** SCTP has no empty messages: a byte stands for one (RFC 8831 §6.6). */
  #queue(bytes: Uint8Array): boolean {
    const taken = bytes.length === 0
      ? this.transport.queue(payloadProtocol.emptyBinary, new Uint8Array(1))
      : this.transport.queue(payloadProtocol.binary, bytes);
    return taken || this.#drop();
  }

  #drop(): false {
    this.#dropped++;
    return false;
  }
}
