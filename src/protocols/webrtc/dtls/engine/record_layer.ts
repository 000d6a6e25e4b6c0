/** Records of DTLS 1.2 with AES-128-GCM: RFC 6347 §4.1, RFC 5288. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { recordHeaderSize, recordSizes } from "../records.ts";
import { ReplayWindow } from "./replay_window.ts";
import type { TrafficKeys } from "./secrets.ts";

/** DTLS 1.2, and 1.0 as the first ClientHello may say. */
export const dtls12 = 0xfefd;
const dtls10 = 0xfeff;

const explicitNonceSize = 8;
const tagSize = 16;

/** Records of the new epoch that overtook the messages before them; more are dropped and will be repeated. */
const maxEarlyRecords = 8;

/** `epoch` 1 means that the record was authenticated. */
export interface PlainRecord {
  readonly type: number;
  readonly epoch: 0 | 1;
  readonly payload: Uint8Array;
}

/** Sequence numbers and keys of both directions. Only epochs 0 (plain) and 1 (protected) exist: nothing is renegotiated. */
export class RecordLayer {
  readonly #next = [0, 0];
  #sendKeys: TrafficKeys | null = null;
  #receiveKeys: TrafficKeys | null = null;
  readonly #window = new ReplayWindow();
  #early: Uint8Array[] = [];

  setSendKeys(keys: TrafficKeys): void {
    this.#sendKeys = keys;
  }

  setReceiveKeys(keys: TrafficKeys): void {
    this.#receiveKeys = keys;
  }

  /** Protects and numbers one record. */
  seal(type: number, epoch: 0 | 1, payload: Uint8Array): Uint8Array {
    const sequence = this.#next[epoch]++;
    if (epoch === 0) return record(type, epoch, sequence, payload);
    const keys = this.#sendKeys;
    if (keys === null) throw new Error("DTLS: no keys to send with");
    const explicit = sequenceBytes(epoch, sequence);
    const cipher = createCipheriv("aes-128-gcm", keys.key, nonceOf(keys, explicit));
    cipher.setAAD(associated(type, explicit, payload.length));
    const body = new Uint8Array(explicitNonceSize + payload.length + tagSize);
    body.set(explicit);
    body.set(cipher.update(payload), explicitNonceSize);
    cipher.final();
    body.set(cipher.getAuthTag(), explicitNonceSize + payload.length);
    return record(type, epoch, sequence, body);
  }

  /** What can be used of a datagram; anything else is ignored (RFC 6347 §4.1.2.7). */
  open(datagram: Uint8Array): PlainRecord[] {
    const out: PlainRecord[] = [];
    let at = 0;
    for (const size of recordSizes(datagram)) {
      const opened = this.#openRecord(datagram.subarray(at, at + size));
      if (opened !== null) out.push(opened);
      at += size;
    }
    return out;
  }

  /** Records that came before their keys. */
  openEarly(): PlainRecord[] {
    return this.#early.splice(0).flatMap((bytes) => this.open(bytes));
  }

  #openRecord(bytes: Uint8Array): PlainRecord | null {
    const version = bytes[1] << 8 | bytes[2];
    const epoch = bytes[3] << 8 | bytes[4];
    const payload = bytes.subarray(recordHeaderSize);
    if (epoch === 0 && (version === dtls12 || version === dtls10)) return { type: bytes[0], epoch, payload };
    if (epoch !== 1 || version !== dtls12) return null;
    if (this.#receiveKeys === null) {
      if (this.#early.length < maxEarlyRecords) this.#early.push(bytes.slice());
      return null;
    }
    return this.#decrypt(this.#receiveKeys, bytes, payload);
  }

  #decrypt(keys: TrafficKeys, bytes: Uint8Array, payload: Uint8Array): PlainRecord | null {
    const size = payload.length - explicitNonceSize - tagSize;
    const sequence = (bytes[5] * 256 + bytes[6]) * 2 ** 32 +
      new DataView(bytes.buffer, bytes.byteOffset).getUint32(7);
    if (size < 0 || !this.#window.isNew(sequence)) return null;
    const decipher = createDecipheriv(
      "aes-128-gcm",
      keys.key,
      nonceOf(keys, payload.subarray(0, explicitNonceSize)),
    );
    decipher.setAAD(associated(bytes[0], bytes.subarray(3, 11), size));
    decipher.setAuthTag(payload.subarray(explicitNonceSize + size));
    const plain = new Uint8Array(
      decipher.update(payload.subarray(explicitNonceSize, explicitNonceSize + size)),
    );
    try {
      decipher.final();
    } catch {
      return null;
    }
    this.#window.mark(sequence);
    return { type: bytes[0], epoch: 1, payload: plain };
  }
}

/** Epoch and sequence number; unique for a key, so they serve as the explicit nonce as well (RFC 9325 §7.2.1). */
function sequenceBytes(epoch: number, sequence: number): Uint8Array {
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint16(0, epoch);
  view.setUint16(2, Math.floor(sequence / 2 ** 32));
  view.setUint32(4, sequence % 2 ** 32);
  return out;
}

function nonceOf({ salt }: TrafficKeys, explicit: Uint8Array): Uint8Array {
  const out = new Uint8Array(salt.length + explicit.length);
  out.set(salt);
  out.set(explicit, salt.length);
  return out;
}

function associated(type: number, numbers: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(13);
  out.set(numbers);
  out.set([type, dtls12 >> 8, dtls12 & 0xff, size >> 8, size & 0xff], 8);
  return out;
}

function record(type: number, epoch: number, sequence: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(recordHeaderSize + payload.length);
  out.set([type, dtls12 >> 8, dtls12 & 0xff]);
  out.set(sequenceBytes(epoch, sequence), 3);
  out.set([payload.length >> 8, payload.length & 0xff], 11);
  out.set(payload, recordHeaderSize);
  return out;
}
