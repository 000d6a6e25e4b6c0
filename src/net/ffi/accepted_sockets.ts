/** The connections that a listener of Deno's own servers has accepted, which Deno itself does not show. */
import { type NetAddress, unmapIp } from "../address.ts";
import type { DescriptorTable } from "./descriptors.ts";
import { type Libc, linux } from "./libc.ts";
import { readSockaddr } from "./sockaddr.ts";

/** So many unused numbers in a row, behind the highest one ever seen, are the end: the kernel hands out the lowest. */
const gap = 512;
/** Of struct tcp_info: the state, segments on their way, bytes that wait behind a full window. */
const infoSize = 148;
const unackedOffset = 24;
const notSentOffset = 144;

const name = new Uint8Array(128);
const size = new Uint32Array(1);
const info = new Uint8Array(infoSize);
const infoView = new DataView(info.buffer);
let highest = 2;

/** A connection as it is now. Of no use after the current turn of the event loop: its number may have a new owner. */
export interface AcceptedSocket {
  readonly peer: NetAddress;
  /** The peer has not acknowledged everything yet. */
  readonly sending: boolean;
  /** Ends both directions; its owner reads the end of the stream. */
  shutdown(): void;
}

/** Connections with this local port, and this address unless it is unspecified (`::`, `0.0.0.0`). */
export function acceptedSockets(libc: Libc, table: DescriptorTable, local: NetAddress): AcceptedSocket[] {
  const anyIp = local.ip === "::" || local.ip === "0.0.0.0" || local.ip === "";
  const localIp = unmapIp(local.ip);
  const found: AcceptedSocket[] = [];
  for (let number = 3; number <= highest + gap; number++) {
    if (table.isKnown(number)) continue;
    size[0] = name.length;
    if (libc.getsockname(number, name, size) !== 0) continue;
    if ((name[2] << 8 | name[3]) !== local.port) continue;
    const own = readSockaddr(name);
    if (own === undefined || (!anyIp && own.ip !== localIp)) continue;
    highest = Math.max(highest, number);
    size[0] = name.length;
    // UDP sockets and the listener itself have no peer.
    if (libc.getpeername(number, name, size) !== 0) continue;
    const peer = readSockaddr(name);
    if (peer === undefined) continue;
    found.push({
      peer,
      sending: isSending(libc, number),
      shutdown: () => libc.shutdown(number, linux.SHUT_RDWR),
    });
  }
  return found;
}

function isSending(libc: Libc, number: number): boolean {
  size[0] = infoSize;
  if (libc.getsockopt(number, linux.IPPROTO_TCP, linux.TCP_INFO, info, size) !== 0) return false;
  const waiting = size[0] >= infoSize ? infoView.getUint32(notSentOffset, true) : 0;
  return waiting > 0 || infoView.getUint32(unackedOffset, true) > 0;
}
