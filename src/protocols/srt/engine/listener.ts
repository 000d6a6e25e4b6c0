/** The listener's part of the handshake: draft-sharabayko-srt §4.3.1. */
import { ParseError } from "../../../base/errors.ts";
import {
  type Extension,
  ExtensionType,
  type HandshakeExtension,
  parseHandshakeExtension,
  parseText,
  serializeHandshakeExtension,
  SrtFlag,
} from "../wire/extension.ts";
import {
  ExtensionFlag,
  type Handshake,
  HandshakeType,
  parseHandshake,
  Rejection,
  serializeHandshake,
  srtMagic,
} from "../wire/handshake.ts";
import { type KeyMaterial, parseKeyMaterial } from "../wire/key_material.ts";
import { ControlType, parseControl, segmentSize, serializeControl } from "../wire/packet.ts";
import { writeWord } from "../wire/words.ts";
import { findExtension, hasWeakGcm, maxLatency, ourFlags, peerIpField, srtVersion } from "./agreement.ts";
import type { ConnectionSettings } from "./connection.ts";
import { CookieJar } from "./cookie.ts";
import { openKeyMaterial } from "./keys.ts";
import { receiveCapacity } from "./receive_buffer.ts";

/** A client whose cookie was right. */
export interface ConnectionRequest {
  readonly handshake: Handshake;
  readonly peer: HandshakeExtension;
  readonly streamId: string;
  /** What the client sends its keys in; null: it does not encrypt. */
  readonly keyMaterial: { readonly parsed: KeyMaterial; readonly bytes: Uint8Array } | null;
  readonly timestamp: number;
  readonly arrivedAt: number;
  /** Of the client. */
  readonly ip: string;
}

export type ListenerEvent =
  /** To be sent back. */
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  /** The same, to a client that cannot be served at all; `reason` is for the log. */
  | { readonly kind: "refusal"; readonly bytes: Uint8Array; readonly reason: string }
  | { readonly kind: "request"; readonly request: ConnectionRequest };

/** Whether the client knows the passphrase; then with the keys that it has sent, if any. */
export type Unlocked =
  | { readonly known: true; readonly keys: ConnectionSettings["keys"] }
  | { readonly known: false; readonly code: number };

/** A client that was taken in, and what it is told. */
export interface Acceptance {
  readonly settings: ConnectionSettings;
  readonly answer: Uint8Array;
}

class Refused extends Error {
  constructor(readonly code: number, reason: string) {
    super(reason);
  }
}

export class ListenerHandshake {
  readonly #cookies: CookieJar;

  /** `secret`: random bytes that nobody else knows. */
  constructor(secret: Uint8Array) {
    this.#cookies = new CookieJar(secret);
  }

  /** A packet for socket 0. Null: nothing comes of it. Throws ParseError. */
  receive(packet: Uint8Array, ip: string, port: number, now: number): ListenerEvent | null {
    const control = parseControl(packet);
    if (control.type !== ControlType.handshake) return null;
    const handshake = parseHandshake(control.body);
    const address = `${ip} ${port}`;
    // No socket has this number: the answer would be a request to another listener, whose address somebody has forged.
    if (handshake.socketId === 0) return null;
    if (handshake.type === HandshakeType.induction) {
      const cookie = this.#cookies.create(address, now);
      return { kind: "answer", bytes: inductionAnswer(handshake, cookie, ip) };
    }
    if (handshake.type !== HandshakeType.conclusion) return null;
    if (!this.#cookies.isValid(handshake.cookie, address, now)) return null;
    try {
      const request = readRequest(handshake, control.timestamp, ip, now);
      return { kind: "request", request };
    } catch (error) {
      if (!(error instanceof Refused || error instanceof ParseError)) throw error;
      const code = error instanceof Refused ? error.code : Rejection.rogue;
      return { kind: "refusal", bytes: rejection(handshake, code), reason: error.message };
    }
  }
}

function reply(handshake: Handshake, changes: Partial<Handshake>): Uint8Array {
  const body = serializeHandshake({ ...handshake, extensions: [], ...changes });
  const destination = handshake.socketId;
  return serializeControl({
    type: ControlType.handshake,
    subtype: 0,
    info: 0,
    timestamp: 0,
    destination,
    body,
  });
}

function inductionAnswer(handshake: Handshake, cookie: number, ip: string): Uint8Array {
  return reply(handshake, {
    version: 5,
    keyUnits: 0,
    extensionField: srtMagic,
    segmentSize: Math.min(segmentSize, handshake.segmentSize),
    flowWindow: receiveCapacity,
    cookie,
    peerIp: peerIpField(ip),
  });
}

function rejection(handshake: Handshake, code: number): Uint8Array {
  return reply(handshake, { type: HandshakeType.rejectionBase + code });
}

function readRequest(handshake: Handshake, timestamp: number, ip: string, now: number): ConnectionRequest {
  if (handshake.version < 5) {
    throw new Refused(
      Rejection.version,
      "version 4 of the handshake (SRT before 1.3) has no stream ID, hence no path: the client has to be updated or to use" +
        " another protocol",
    );
  }
  const { extensions } = handshake;
  const hello = findExtension(extensions, ExtensionType.handshakeRequest);
  if (hello === null) throw new Refused(Rejection.rogue, "the handshake has no extension of SRT");
  const peer = parseHandshakeExtension(hello);
  const isLive = (peer.flags & SrtFlag.stream) === 0 && (peer.flags & SrtFlag.tsbpdSender) !== 0;
  if (!isLive) throw new Refused(Rejection.messageApi, "the client is not in live mode (transtype=live)");
  const congestion = findExtension(extensions, ExtensionType.congestion);
  if (congestion !== null && parseText(congestion) !== "live") {
    throw new Refused(Rejection.congestion, "the client is not in live mode (congestion=live)");
  }
  if (findExtension(extensions, ExtensionType.filter) !== null) {
    throw new Refused(
      Rejection.filter,
      "packet filters (FEC) are not supported: remove 'packetfilter' from the client",
    );
  }
  if (findExtension(extensions, ExtensionType.group) !== null) {
    throw new Refused(Rejection.group, "groups of connections (bonding) are not supported");
  }
  const streamId = findExtension(extensions, ExtensionType.streamId);
  const keys = findExtension(extensions, ExtensionType.keyMaterialRequest);
  const keyMaterial = keys === null ? null : { parsed: parseKeyMaterial(keys), bytes: keys };
  if (keyMaterial !== null && !isUsable(keyMaterial.parsed, peer)) {
    throw new Refused(
      Rejection.crypto,
      "AES-GCM is supported with 128 and 256 bits, of clients with libsrt 1.5.4 or later: others have to use AES-CTR",
    );
  }
  return {
    handshake,
    peer,
    streamId: streamId === null ? "" : parseText(streamId),
    keyMaterial,
    timestamp,
    arrivedAt: now,
    ip,
  };
}

/** AES-GCM with 192 bits is not everywhere, and nobody misses it. */
function isUsable({ mode, keyLength }: KeyMaterial, peer: HandshakeExtension): boolean {
  return mode === "ctr" || (keyLength !== 24 && !hasWeakGcm(peer));
}

/** An answer that was lost, for sending it again: its time counts. */
export function restamp(answer: Uint8Array, settings: ConnectionSettings, now: number): Uint8Array {
  const out = answer.slice();
  writeWord(out, 8, (now - settings.startedAt) >>> 0);
  return out;
}

/** The answer that turns a client away. */
export function rejectRequest(request: ConnectionRequest, code: number): Uint8Array {
  return rejection(request.handshake, code);
}

/** Checks the passphrase, empty for none. Costs half a millisecond when there is one. */
export function unlockRequest({ keyMaterial }: ConnectionRequest, passphrase: string): Unlocked {
  if (keyMaterial === null) {
    return passphrase === "" ? { known: true, keys: null } : { known: false, code: Rejection.unsecure };
  }
  const set = passphrase === "" ? null : openKeyMaterial(keyMaterial.parsed, passphrase);
  return set === null
    ? { known: false, code: Rejection.badSecret }
    : { known: true, keys: { set, passphrase } };
}

export interface AcceptOptions {
  /** Ours, not 0. */
  readonly socketId: number;
  /** As `unlockRequest` has found them. */
  readonly keys: ConnectionSettings["keys"];
  /** The least latency, in ms. */
  readonly latency: number;
  readonly now: number;
}

/** Takes a client in. */
export function acceptRequest(request: ConnectionRequest, options: AcceptOptions): Acceptance {
  const { handshake, peer } = request;
  const { keys, socketId, now } = options;
  const receiveDelay = Math.min(maxLatency, Math.max(options.latency, peer.senderDelay));
  const sendDelay = Math.min(maxLatency, Math.max(options.latency, peer.receiverDelay));
  const settings: ConnectionSettings = {
    initialSequence: handshake.initialSequence,
    initialMessage: 1,
    peerInitialSequence: handshake.initialSequence,
    socketId,
    peerSocketId: handshake.socketId,
    startedAt: now,
    peerTimestamp: request.timestamp,
    arrivedAt: request.arrivedAt,
    receiveLatency: receiveDelay * 1000,
    sendLatency: sendDelay * 1000,
    flowWindow: clampWindow(handshake.flowWindow),
    marksRetransmissions: (peer.flags & SrtFlag.retransmitFlag) !== 0,
    keys,
  };
  return { settings, answer: acceptance(request, socketId, receiveDelay, sendDelay) };
}

function acceptance(
  request: ConnectionRequest,
  socketId: number,
  receiverDelay: number,
  senderDelay: number,
): Uint8Array {
  const { handshake, keyMaterial } = request;
  const hello = serializeHandshakeExtension({ srtVersion, flags: ourFlags, receiverDelay, senderDelay });
  const extensions: Extension[] = [{ type: ExtensionType.handshakeResponse, content: hello }];
  if (keyMaterial !== null) {
    extensions.push({ type: ExtensionType.keyMaterialResponse, content: keyMaterial.bytes.slice() });
  }
  return reply(handshake, {
    version: 5,
    extensionField: ExtensionFlag.handshake | (keyMaterial === null ? 0 : ExtensionFlag.keyMaterial),
    segmentSize: Math.min(segmentSize, handshake.segmentSize),
    flowWindow: receiveCapacity,
    type: HandshakeType.conclusion,
    socketId,
    peerIp: peerIpField(request.ip),
    extensions,
  });
}

export function clampWindow(packets: number): number {
  return Math.max(2, Math.min(receiveCapacity, packets));
}
