/** What both sides of a handshake say about themselves. */
import { type Extension, type HandshakeExtension, SrtFlag } from "../wire/extension.ts";

/** 1.5.4: the first with the AES-GCM that we speak. */
export const srtVersion = 0x01_05_04;

export const ourFlags: number = SrtFlag.tsbpdSender | SrtFlag.tsbpdReceiver | SrtFlag.encryption |
  SrtFlag.tooLateDrop | SrtFlag.periodicNak | SrtFlag.retransmitFlag;

/** Milliseconds; what the handshake has room for. */
export const maxLatency = 0xffff;

export function findExtension(extensions: readonly Extension[], type: number): Uint8Array | null {
  return extensions.find((extension) => extension.type === type)?.content ?? null;
}

/** True for peers whose AES-GCM repeats nonces: libsrt up to 1.5.3. */
export function hasWeakGcm({ srtVersion }: HandshakeExtension): boolean {
  return srtVersion < 0x01_05_04;
}

/** IPv4 addresses have their bytes in the reverse order; of others nothing is said. */
export function peerIpField(ip: string): Uint8Array {
  const out = new Uint8Array(16);
  const parts = ip.split(".");
  if (parts.length === 4) parts.forEach((part, i) => out[3 - i] = Number(part));
  return out;
}
