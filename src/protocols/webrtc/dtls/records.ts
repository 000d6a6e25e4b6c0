/** Records of DTLS 1.2 on the outside: RFC 6347 §4.1. */
import { concat } from "../../../base/bytes.ts";
import type { PacketBatch } from "../../../net/udp/socket.ts";

/** Larger datagrams may be cut on the way (tunnels, IPv6 with its minimum of 1,280 bytes). */
export const maxDatagramSize = 1200;

/** Type, version, epoch, sequence number, length. */
export const recordHeaderSize = 13;

/** Content types (RFC 5246 §6.2.1). */
export const contentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

/** What AES-GCM adds: nonce and tag (RFC 5288). Both implementations agree on nothing else. */
const protectionSize = 24;

/** Application data of one call: what fits into one datagram. */
export const maxApplicationData = maxDatagramSize - recordHeaderSize - protectionSize;

/** Sizes of the records that lie back to back in a datagram; stops at the first that does not fit. */
export function recordSizes(bytes: Uint8Array): number[] {
  const sizes: number[] = [];
  for (let at = 0; at + recordHeaderSize <= bytes.length;) {
    const size = recordHeaderSize + (bytes[at + 11] << 8 | bytes[at + 12]);
    if (at + size > bytes.length) break;
    sizes.push(size);
    at += size;
  }
  return sizes;
}

/**
 * The datagram without records that are cut off or too short to be real. libssl 3.0 gets stuck on some of those: it
 * takes nothing any more, without an error.
 */
export function plausibleRecords(datagram: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const size of recordSizes(datagram)) {
    const epoch = datagram[at + 3] << 8 | datagram[at + 4];
    const needed = recordHeaderSize + (epoch === 0 ? 1 : protectionSize);
    if (size >= needed) kept.push(datagram.subarray(at, at + size));
    at += size;
  }
  return kept.length === 1 ? kept[0] : concat(kept);
}

/** Groups whole records that lie back to back into datagrams of at most `maxDatagramSize`. */
export function packRecords(bytes: Uint8Array): PacketBatch {
  const sizes: number[] = [];
  for (const size of recordSizes(bytes)) {
    const last = sizes.length - 1;
    if (last >= 0 && sizes[last] + size <= maxDatagramSize) sizes[last] += size;
    else sizes.push(size);
  }
  return { bytes, sizes };
}
