/**
 * An established connection: packets and time go in, packets and payloads come out. No sockets, no clock, no timer: `now`
 * is in microseconds of any steady clock, and `nextWake` says when `tick` has to be called.
 */
import { bytesEqual } from "../../../base/bytes.ts";
import { errorText, ParseError } from "../../../base/errors.ts";
import { parseAck } from "../wire/ack.ts";
import { ExtensionType } from "../wire/extension.ts";
import { KeyState, parseKeyMaterial, parseKeyState, serializeKeyState } from "../wire/key_material.ts";
import { parseDropRange, parseLossList, serializeDropRange } from "../wire/loss_list.ts";
import {
  ControlType,
  headerSize,
  isControl,
  parseControl,
  serializeControl,
  timestampOf,
} from "../wire/packet.ts";
import { Counters } from "./counters.ts";
import { type CryptoSource, type KeyRefresh, type KeySet, ReceiveKeys, SendKeys } from "./keys.ts";
import { type Bandwidth, Pacing } from "./pacing.ts";
import { Receiver } from "./receiver.ts";
import { RttEstimator } from "./rtt.ts";
import { type PacketOutput, Sender } from "./sender.ts";
import { DeliveryClock } from "./tsbpd.ts";

/** Something is sent at least this often. */
const keepAlivePeriod = 1_000_000;
/** New keys of the peer are tried this often at the most: each attempt costs half a millisecond. */
const keyTrialPeriod = 100_000;
/** Control messages without content have a word of it: libsrt's sockets dislike empty ones. */
const padding = new Uint8Array(4);

/** What the handshake has agreed on. */
export interface ConnectionSettings {
  readonly initialSequence: number;
  /** Number of our first message: 1 in new connections. */
  readonly initialMessage: number;
  readonly peerInitialSequence: number;
  readonly socketId: number;
  readonly peerSocketId: number;
  /** Local time at which our timestamps are 0. */
  readonly startedAt: number;
  /** Timestamp of the peer's last handshake packet, and when it came. */
  readonly peerTimestamp: number;
  readonly arrivedAt: number;
  /** Microseconds: of what we receive, and of what the peer receives. */
  readonly receiveLatency: number;
  readonly sendLatency: number;
  readonly flowWindow: number;
  readonly marksRetransmissions: boolean;
  readonly keys: { readonly set: KeySet; readonly passphrase: string } | null;
}

export interface ConnectionOptions extends CryptoSource {
  readonly bandwidth: Bandwidth;
  readonly keyRefresh: KeyRefresh;
  /** Microseconds without anything from the peer after which it is gone. */
  readonly idleTimeout: number;
}

export interface ConnectionEvents {
  /** Where the next packets for `output` can be built, until they are given there. */
  readonly room: (size: number) => Uint8Array;
  readonly output: PacketOutput;
  /** In order, each at its time. */
  readonly deliver: (payload: Uint8Array) => void;
  /** Once; nothing comes afterwards. */
  readonly closed: (reason: "shutdown" | "timeout") => void;
  /** The peer has sent what makes no sense. */
  readonly warn: (text: string) => void;
}

export class Connection {
  readonly counters: Counters = new Counters();
  readonly rtt: RttEstimator = new RttEstimator();
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly pacing: Pacing;
  readonly #sendKeys: SendKeys | null = null;
  readonly #receiveKeys: ReceiveKeys | null = null;
  #now: number;
  #heardAt: number;
  #sentAt: number;
  #keyMessageAt = Infinity;
  /** The last one of the peer's that could be read: it repeats them. */
  #peerKeyMessage: Uint8Array | null = null;
  #keyTrialAt = -Infinity;
  #closed = false;

  constructor(
    readonly settings: ConnectionSettings,
    private readonly options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {
    const { counters, rtt } = this;
    const { keys, arrivedAt, startedAt } = settings;
    this.#now = this.#heardAt = this.#sentAt = arrivedAt;
    this.pacing = new Pacing(options.bandwidth);
    if (keys !== null) {
      this.#sendKeys = new SendKeys(options, keys.set, options.keyRefresh);
      this.#receiveKeys = new ReceiveKeys(options, keys.passphrase, keys.set);
    }
    this.sender = new Sender({
      initialSequence: settings.initialSequence,
      initialMessage: settings.initialMessage,
      destination: settings.peerSocketId,
      startedAt,
      flowWindow: settings.flowWindow,
      latency: settings.sendLatency,
      marksRetransmissions: settings.marksRetransmissions,
      pacing: this.pacing,
      rtt,
      keys: this.#sendKeys,
      counters,
      room: events.room,
      output: (bytes, sizes) => {
        this.#sentAt = this.#now;
        events.output(bytes, sizes);
      },
      dropped: (range) => this.#control(ControlType.dropRequest, 0, serializeDropRange(range)),
    });
    this.receiver = new Receiver({
      initialSequence: settings.peerInitialSequence,
      clock: new DeliveryClock(settings.peerTimestamp, arrivedAt, settings.receiveLatency),
      rtt,
      keys: this.#receiveKeys,
      counters,
      control: (type, info, body) => this.#control(type, info, body),
      deliver: (payload) => events.deliver(payload),
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Payloads of at most `maxPayloadSize` bytes (less a cipher's tag) that nobody changes afterwards. */
  send(payloads: readonly Uint8Array[], now: number): void {
    if (this.#closed) return;
    this.#now = now;
    this.sender.submit(payloads, now);
    this.#sendKeyMessage(now);
  }

  /** A whole packet for this socket. It is kept and decrypted in place. */
  receive(packet: Uint8Array, now: number): void {
    if (this.#closed || packet.length < headerSize) return;
    this.#now = now;
    this.#heardAt = now;
    if (!isControl(packet)) return this.receiver.receive(packet, now);
    try {
      this.#receiveControl(packet, now);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.events.warn(errorText(error));
    }
  }

  #receiveControl(packet: Uint8Array, now: number): void {
    const { type, subtype, info, body } = parseControl(packet);
    const { counters } = this;
    switch (type) {
      case ControlType.ack: {
        const ack = parseAck(body);
        counters.acksReceived++;
        if (ack.statistics !== null) this.rtt.report(ack.statistics.rtt, ack.statistics.rttVariance);
        // Light acknowledgements have no number, and want no answer.
        if (info !== 0) this.#control(ControlType.ackAck, info, padding);
        return this.sender.acknowledge(ack, now);
      }
      case ControlType.ackAck:
        return this.receiver.confirmed(info, timestampOf(packet), now);
      case ControlType.nak: {
        const ranges = parseLossList(body);
        counters.naksReceived++;
        return this.sender.lost(ranges, now);
      }
      case ControlType.dropRequest:
        return this.receiver.dropped(parseDropRange(body), now);
      case ControlType.shutdown:
        return this.#end("shutdown");
      case ControlType.userDefined:
        return this.#receiveExtension(subtype, body, now);
      default:
        // Keep-alive needs no answer; congestion warnings and peer errors are of no use in live mode.
        return;
    }
  }

  #receiveKeyMessage(body: Uint8Array, now: number): void {
    const { counters } = this;
    counters.keyMessagesReceived++;
    const isKnown = this.#peerKeyMessage !== null && bytesEqual(body, this.#peerKeyMessage);
    if (!isKnown && now < this.#keyTrialAt + keyTrialPeriod) return;
    if (!isKnown) this.#keyTrialAt = now;
    const readable = isKnown || this.#receiveKeys?.update(parseKeyMaterial(body));
    if (readable === true && !isKnown) this.#peerKeyMessage = body.slice();
    const state = readable === undefined ? KeyState.noSecret : KeyState.badSecret;
    const answer = readable === true ? body : serializeKeyState(state);
    counters.keyMessagesSent++;
    this.#extension(ExtensionType.keyMaterialResponse, answer);
    if (readable !== true) this.events.warn("the peer has sent keys that cannot be read");
  }

  #receiveExtension(command: number, body: Uint8Array, now: number): void {
    const { counters } = this;
    if (command === ExtensionType.keyMaterialRequest) {
      this.#receiveKeyMessage(body, now);
    } else if (command === ExtensionType.keyMaterialResponse) {
      counters.keyMessagesReceived++;
      if (parseKeyState(body) !== null) return this.events.warn("the peer cannot read our new keys");
      this.#sendKeys?.answered(body);
    }
  }

  #control(type: number, info: number, body: Uint8Array): void {
    this.#write(serializeControl({ ...this.#head, type, subtype: 0, info, body }));
  }

  #extension(command: number, body: Uint8Array): void {
    const type = ControlType.userDefined;
    this.#write(serializeControl({ ...this.#head, type, subtype: command, info: 0, body }));
  }

  get #head(): { readonly timestamp: number; readonly destination: number } {
    const { startedAt, peerSocketId } = this.settings;
    return { timestamp: (this.#now - startedAt) >>> 0, destination: peerSocketId };
  }

  #write(packet: Uint8Array): void {
    this.#sentAt = this.#now;
    this.events.output(packet, [packet.length]);
  }

  #sendKeyMessage(now: number): void {
    const keys = this.#sendKeys;
    if (keys === null || !keys.hasMessage) return;
    if (!keys.isFresh && now < this.#keyMessageAt) return;
    this.#keyMessageAt = now + 1.5 * this.rtt.value;
    this.counters.keyMessagesSent++;
    this.#extension(ExtensionType.keyMaterialRequest, keys.takeMessage()!);
  }

  tick(now: number): void {
    if (this.#closed) return;
    this.#now = now;
    if (now >= this.#heardAt + this.options.idleTimeout) {
      this.#control(ControlType.shutdown, 0, padding);
      return this.#end("timeout");
    }
    this.receiver.tick(now);
    if (this.#closed) return;
    this.sender.tick(now);
    this.#sendKeyMessage(now);
    if (now >= this.#sentAt + keepAlivePeriod) this.#control(ControlType.keepAlive, 0, padding);
  }

  /** When `tick` has to be called. */
  get nextWake(): number {
    if (this.#closed) return Infinity;
    const keyMessage = this.#sendKeys?.hasMessage === true ? this.#keyMessageAt : Infinity;
    return Math.min(
      this.receiver.nextWake,
      this.sender.nextWake,
      keyMessage,
      this.#sentAt + keepAlivePeriod,
      this.#heardAt + this.options.idleTimeout,
    );
  }

  /** Tells the peer; `closed` is not called. */
  close(now: number): void {
    if (this.#closed) return;
    this.#now = now;
    this.#control(ControlType.shutdown, 0, padding);
    this.#release();
  }

  #end(reason: "shutdown" | "timeout"): void {
    this.#release();
    this.events.closed(reason);
  }

  #release(): void {
    this.#closed = true;
    this.sender.close();
    this.receiver.close();
    this.#sendKeys?.close();
    this.#receiveKeys?.close();
  }
}
