/** The keys of a connection: draft-sharabayko-srt §6. */
import { concat } from "../../../base/bytes.ts";
import { timingSafeEqual } from "node:crypto";
import type { PacketCrypto, Span } from "../../../base/packet_crypto.ts";
import {
  type CipherMode,
  type KeyLength,
  type KeyMaterial,
  saltSize,
  serializeKeyMaterial,
} from "../wire/key_material.ts";
import { KeyFlag } from "../wire/packet.ts";
import { KeySlot } from "./key_slot.ts";
import { deriveKek, unwrapKeys, wrapKeys } from "./key_wrap.ts";

/** What a connection encrypts with, and where random bytes come from. */
export interface CryptoSource {
  readonly crypto: PacketCrypto;
  readonly random: (size: number) => Uint8Array;
}

/** Keys in clear, with all that is needed to tell them to the peer. */
export interface KeySet {
  readonly mode: CipherMode;
  readonly keyLength: KeyLength;
  readonly salt: Uint8Array;
  readonly kek: Uint8Array;
  readonly even: Uint8Array | null;
  readonly odd: Uint8Array | null;
}

/** Null when the passphrase is another one. */
export function openKeyMaterial(material: KeyMaterial, passphrase: string): KeySet | null {
  const { mode, keyLength, salt, keys } = material;
  const kek = deriveKek(passphrase, salt, keyLength);
  const opened = unwrapKeys(kek, material.wrapped);
  if (opened === null) return null;
  const first = opened.subarray(0, keyLength);
  const second = keys === KeyFlag.both ? opened.subarray(keyLength) : null;
  const even = keys === KeyFlag.odd ? null : first;
  return { mode, keyLength, salt, kek, even, odd: keys === KeyFlag.odd ? first : second };
}

/** What the peer is told. */
export function closeKeySet({ mode, keyLength, salt, kek, even, odd }: KeySet): KeyMaterial {
  const present = [even, odd].filter((key) => key !== null);
  const keys = (even === null ? 0 : KeyFlag.even) | (odd === null ? 0 : KeyFlag.odd);
  return { keys, mode, keyLength, salt, wrapped: wrapKeys(kek, concat(present)) };
}

/** New keys: the even one. */
export function createKeySet(
  passphrase: string,
  mode: CipherMode,
  keyLength: KeyLength,
  random: CryptoSource["random"],
): KeySet {
  const salt = random(saltSize);
  const kek = deriveKek(passphrase, salt, keyLength);
  return { mode, keyLength, salt, kek, even: random(keyLength), odd: null };
}

export interface KeyRefresh {
  /** Packets that are sent with one key. */
  readonly every: number;
  /** Packets before the change at which the next key is told. */
  readonly announce: number;
}

/** As libsrt: 2^24 and 2^12 packets. */
export const defaultKeyRefresh: KeyRefresh = { every: 0x100_0000, announce: 0x1000 };

/** How often, and after how many round trips, a key message is repeated that has no answer. */
export const maxKeyMessages = 10;

/** Keys for what is sent; even and odd take turns. */
export class SendKeys {
  #set: KeySet;
  #slots: { even: KeySlot | null; odd: KeySlot | null } = { even: null, odd: null };
  #active: "even" | "odd";
  #packets = 0;
  #announced = false;
  /** A key message that has no answer yet. */
  #message: Uint8Array<ArrayBuffer> | null = null;
  #sentMessages = 0;

  constructor(private readonly source: CryptoSource, set: KeySet, private readonly refresh: KeyRefresh) {
    this.#set = set;
    this.#active = set.even !== null ? "even" : "odd";
    for (const parity of ["even", "odd"] as const) {
      const key = set[parity];
      if (key !== null) this.#slots[parity] = new KeySlot(source.crypto, set.mode, key, set.salt);
    }
  }

  get overhead(): number {
    return this.#slots[this.#active]!.overhead;
  }

  /** The key for the next packet: goes into its header and, for later, with the packet. */
  next(): number {
    this.#packets++;
    const { every, announce } = this.refresh;
    if (this.#packets > every && this.#announced) this.#switch();
    else if (!this.#announced && this.#packets > every - announce) this.#announce();
    return this.#active === "even" ? KeyFlag.even : KeyFlag.odd;
  }

  #announce(): void {
    const other = this.#active === "even" ? "odd" : "even";
    const { source } = this;
    this.#set = { ...this.#set, [other]: source.random(this.#set.keyLength) };
    this.#slots[other]?.close();
    this.#slots[other] = new KeySlot(source.crypto, this.#set.mode, this.#set[other]!, this.#set.salt);
    this.#message = serializeKeyMaterial(closeKeySet(this.#set));
    this.#sentMessages = 0;
    this.#announced = true;
  }

  #switch(): void {
    this.#active = this.#active === "even" ? "odd" : "even";
    this.#packets = 1;
    this.#announced = false;
  }

  /** A key message that has to be sent (again); null when there is none. */
  takeMessage(): Uint8Array<ArrayBuffer> | null {
    if (this.#message === null || this.#sentMessages >= maxKeyMessages) return null;
    this.#sentMessages++;
    return this.#message;
  }

  get hasMessage(): boolean {
    return this.#message !== null && this.#sentMessages < maxKeyMessages;
  }

  /** True when no try has been made yet. */
  get isFresh(): boolean {
    return this.#sentMessages === 0;
  }

  /** The peer has the keys when it sends the message back. */
  answered(content: Uint8Array): void {
    const message = this.#message;
    if (message !== null && content.length === message.length && timingSafeEqual(content, message)) {
      this.#message = null;
    }
  }

  /** `key`: what `next` gave. Retransmissions take the key that the packet had at first. */
  encrypt(key: number, bytes: Uint8Array, spans: readonly Span[]): void {
    this.#slots[key === KeyFlag.even ? "even" : "odd"]!.encrypt(bytes, spans);
  }

  close(): void {
    this.#slots.even?.close();
    this.#slots.odd?.close();
  }
}

/** Keys for what is received. */
export class ReceiveKeys {
  #slots: { even: KeySlot | null; odd: KeySlot | null } = { even: null, odd: null };

  constructor(
    private readonly source: CryptoSource,
    private readonly passphrase: string,
    set: KeySet,
  ) {
    this.#install(set);
  }

  /** New keys while the connection lasts. False when they cannot be read. */
  update(material: KeyMaterial): boolean {
    const set = openKeyMaterial(material, this.passphrase);
    if (set === null) return false;
    this.#install(set);
    return true;
  }

  #install(set: KeySet): void {
    for (const parity of ["even", "odd"] as const) {
      const key = set[parity];
      if (key === null) continue;
      this.#slots[parity]?.close();
      this.#slots[parity] = new KeySlot(this.source.crypto, set.mode, key, set.salt);
    }
  }

  /** The payload of a packet, decrypted in place; null when that is impossible. */
  decrypt(key: number, packet: Uint8Array): Uint8Array | null {
    const slot = key === KeyFlag.even ? this.#slots.even : key === KeyFlag.odd ? this.#slots.odd : null;
    return slot === null ? null : slot.decrypt(packet);
  }

  close(): void {
    this.#slots.even?.close();
    this.#slots.odd?.close();
  }
}
