/** The caller's part of the handshake: draft-sharabayko-srt §4.3.1. Times in microseconds. */
import { bytesEqual } from "../../../base/bytes.ts";
import {
  type Extension,
  ExtensionType,
  parseHandshakeExtension,
  serializeHandshakeExtension,
  serializeText,
  SrtFlag,
} from "../wire/extension.ts";
import {
  datagramType,
  ExtensionFlag,
  type Handshake,
  HandshakeType,
  parseHandshake,
  Rejection,
  serializeHandshake,
  srtMagic,
} from "../wire/handshake.ts";
import { type CipherMode, type KeyLength, serializeKeyMaterial } from "../wire/key_material.ts";
import { ControlType, parseControl, segmentSize, serializeControl } from "../wire/packet.ts";
import { sequenceMask } from "../wire/sequence.ts";
import { readWord } from "../wire/words.ts";
import { findExtension, maxLatency, ourFlags, srtVersion } from "./agreement.ts";
import type { ConnectionSettings } from "./connection.ts";
import { closeKeySet, createKeySet, type KeySet } from "./keys.ts";
import { clampWindow } from "./listener.ts";
import { receiveCapacity } from "./receive_buffer.ts";

const retryPeriod = 250_000;

export interface CallerOptions {
  /** Ours, not 0. */
  readonly socketId: number;
  readonly streamId: string;
  /** Empty: nothing is encrypted. */
  readonly passphrase: string;
  readonly keyLength: KeyLength;
  readonly mode: CipherMode;
  /** Milliseconds: the least of what we receive, and of what the peer receives. */
  readonly receiveLatency: number;
  readonly sendLatency: number;
  /** Microseconds until the attempt is given up. */
  readonly timeout: number;
  readonly random: (size: number) => Uint8Array;
}

export type CallerResult =
  | { readonly kind: "connected"; readonly settings: ConnectionSettings }
  /** `code`: one of `Rejection`, or another that the peer made up. */
  | { readonly kind: "rejected"; readonly code: number }
  | { readonly kind: "timeout" };

export class CallerHandshake {
  readonly #initialSequence: number;
  #cookie: number | null = null;
  #keyMessage: Uint8Array | null = null;
  #keys: KeySet | null = null;
  #sendAt: number;
  #finished = false;

  constructor(private readonly options: CallerOptions, private readonly startedAt: number) {
    this.#initialSequence = readWord(options.random(4), 0) & sequenceMask;
    this.#sendAt = startedAt;
    if (options.passphrase === "") return;
    const { passphrase, mode, keyLength, random } = options;
    this.#keys = createKeySet(passphrase, mode, keyLength, random);
    this.#keyMessage = serializeKeyMaterial(closeKeySet(this.#keys));
  }

  /** What to send now; null when it is not time. Call at `nextWake`. */
  take(now: number): Uint8Array | null {
    if (this.#finished || now < this.#sendAt) return null;
    this.#sendAt = now + retryPeriod;
    return this.#cookie === null ? this.#induction(now) : this.#conclusion(this.#cookie, now);
  }

  get nextWake(): number {
    return this.#finished ? Infinity : Math.min(this.#sendAt, this.startedAt + this.options.timeout);
  }

  check(now: number): CallerResult | null {
    if (this.#finished || now < this.startedAt + this.options.timeout) return null;
    this.#finished = true;
    return { kind: "timeout" };
  }

  /** Throws ParseError. Null: nothing is decided yet. */
  receive(packet: Uint8Array, now: number): CallerResult | null {
    if (this.#finished) return null;
    const control = parseControl(packet);
    if (control.type !== ControlType.handshake) return null;
    const handshake = parseHandshake(control.body);
    if (handshake.type === HandshakeType.induction) {
      if (this.#cookie === null) return this.#inducted(handshake, now);
      return null;
    }
    if (handshake.type === HandshakeType.conclusion) {
      if (this.#cookie === null) return null;
      this.#finished = true;
      return this.#concluded(handshake, control.timestamp, now);
    }
    if (handshake.type < HandshakeType.rejectionBase || handshake.type > 0x7fff_ffff) return null;
    this.#finished = true;
    return { kind: "rejected", code: handshake.type - HandshakeType.rejectionBase };
  }

  #inducted(handshake: Handshake, now: number): CallerResult | null {
    if (handshake.version < 5 || handshake.extensionField !== srtMagic) {
      this.#finished = true;
      return { kind: "rejected", code: Rejection.version };
    }
    this.#cookie = handshake.cookie;
    this.#sendAt = now;
    return null;
  }

  #concluded(handshake: Handshake, timestamp: number, now: number): CallerResult {
    const hello = findExtension(handshake.extensions, ExtensionType.handshakeResponse);
    if (handshake.version < 5 || hello === null) return { kind: "rejected", code: Rejection.version };
    const peer = parseHandshakeExtension(hello);
    const { options } = this;
    if (this.#keyMessage !== null) {
      const answer = findExtension(handshake.extensions, ExtensionType.keyMaterialResponse);
      if (answer === null) return { kind: "rejected", code: Rejection.unsecure };
      if (!bytesEqual(answer, this.#keyMessage)) return { kind: "rejected", code: Rejection.badSecret };
    }
    return {
      kind: "connected",
      settings: {
        initialSequence: this.#initialSequence,
        initialMessage: 1,
        peerInitialSequence: handshake.initialSequence,
        socketId: options.socketId,
        peerSocketId: handshake.socketId,
        startedAt: this.startedAt,
        peerTimestamp: timestamp,
        arrivedAt: now,
        receiveLatency: 1000 * Math.max(options.receiveLatency, peer.senderDelay),
        sendLatency: 1000 * Math.max(options.sendLatency, peer.receiverDelay),
        flowWindow: clampWindow(handshake.flowWindow),
        marksRetransmissions: (peer.flags & SrtFlag.retransmitFlag) !== 0,
        keys: this.#keys === null ? null : { set: this.#keys, passphrase: options.passphrase },
      },
    };
  }

  #packet(handshake: Partial<Handshake>, now: number): Uint8Array {
    const body = serializeHandshake({
      version: 5,
      keyUnits: 0,
      extensionField: 0,
      initialSequence: this.#initialSequence,
      segmentSize,
      flowWindow: receiveCapacity,
      type: HandshakeType.induction,
      socketId: this.options.socketId,
      cookie: 0,
      peerIp: new Uint8Array(16),
      extensions: [],
      ...handshake,
    });
    const timestamp = (now - this.startedAt) >>> 0;
    return serializeControl({
      type: ControlType.handshake,
      subtype: 0,
      info: 0,
      timestamp,
      destination: 0,
      body,
    });
  }

  #induction(now: number): Uint8Array {
    return this.#packet({ version: 4, extensionField: datagramType }, now);
  }

  #conclusion(cookie: number, now: number): Uint8Array {
    const { options } = this;
    const hello = serializeHandshakeExtension({
      srtVersion,
      flags: ourFlags,
      receiverDelay: Math.min(maxLatency, options.receiveLatency),
      senderDelay: Math.min(maxLatency, options.sendLatency),
    });
    const extensions: Extension[] = [{ type: ExtensionType.handshakeRequest, content: hello }];
    let extensionField: number = ExtensionFlag.handshake;
    if (this.#keyMessage !== null) {
      extensions.push({ type: ExtensionType.keyMaterialRequest, content: this.#keyMessage.slice() });
      extensionField |= ExtensionFlag.keyMaterial;
    }
    if (options.streamId !== "") {
      extensions.push({ type: ExtensionType.streamId, content: serializeText(options.streamId) });
      extensionField |= ExtensionFlag.configuration;
    }
    const keyUnits = this.#keyMessage === null ? 0 : options.keyLength / 8;
    return this.#packet({
      keyUnits,
      extensionField,
      type: HandshakeType.conclusion,
      cookie,
      extensions,
    }, now);
  }
}
