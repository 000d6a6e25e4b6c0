/** recvmmsg into one arena of the process: its packets are copied out before anybody else can receive. */
import { type Libc, linux } from "./libc.ts";
import { addressOf } from "./message_table.ts";

const slots = 64;
const slotSize = 65_536;
const headerSize = 64;
const nameStride = 32;
const messageLengthAt = 56;

/** Most packets that one call of `receiveWaiting` gives. */
export const maxReceivedPerCall: number = slots;

interface Arena {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly names: Uint8Array<ArrayBuffer>;
  readonly vectors: Uint8Array<ArrayBuffer>;
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

let arena: Arena | undefined;

/** The pages of the arena cost memory only when a packet has touched them. */
function createArena(): Arena {
  const bytes = new Uint8Array(slots * slotSize);
  const names = new Uint8Array(slots * nameStride);
  const vectors = new Uint8Array(slots * 16);
  const headers = new Uint8Array(slots * headerSize);
  const view = new DataView(headers.buffer);
  const vectorView = new DataView(vectors.buffer);
  const [bytesAt, namesAt, vectorsAt] = [bytes, names, vectors].map((buffer) => BigInt(addressOf(buffer)));
  for (let slot = 0; slot < slots; slot++) {
    vectorView.setBigUint64(slot * 16, bytesAt + BigInt(slot * slotSize), true);
    vectorView.setBigUint64(slot * 16 + 8, BigInt(slotSize), true);
    view.setBigUint64(slot * headerSize, namesAt + BigInt(slot * nameStride), true);
    view.setBigUint64(slot * headerSize + 16, vectorsAt + BigInt(slot * 16), true);
    view.setBigUint64(slot * headerSize + 24, 1n, true);
  }
  return { bytes, names, vectors, headers, view };
}

/**
 * Takes what waits in the socket, at most `maxReceivedPerCall` packets, and gives their number. `bytes` and `sockaddr` are
 * overwritten by the next call.
 */
export function receiveWaiting(
  libc: Libc,
  descriptor: number,
  onPacket: (bytes: Uint8Array, sockaddr: Uint8Array) => void,
): number {
  arena ??= createArena();
  const { bytes, names, headers, view } = arena;
  // The kernel writes the real size of each address here.
  for (let slot = 0; slot < slots; slot++) view.setUint32(slot * headerSize + 8, nameStride, true);
  const count = libc.recvmmsg(descriptor, headers, slots, linux.MSG_DONTWAIT, null);
  for (let slot = 0; slot < count; slot++) {
    const size = view.getUint32(slot * headerSize + messageLengthAt, true);
    const start = slot * slotSize;
    onPacket(
      bytes.subarray(start, start + size),
      names.subarray(slot * nameStride, (slot + 1) * nameStride),
    );
  }
  return Math.max(count, 0);
}
