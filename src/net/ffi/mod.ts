/** Foreign calls, behind functions that say `undefined` where the platform has none. */
import type { NetAddress } from "../address.ts";
import { DescriptorTable } from "./descriptors.ts";
import { libc, linux, setIntOption } from "./libc.ts";

export { errnoHint, foreignCallsAllowed, type Libc, libc, linux, plain, setIntOption } from "./libc.ts";

export { type AcceptedSocket, acceptedSockets } from "./accepted_sockets.ts";
export { addressOf, maxMessagesPerCall, MessageTable } from "./message_table.ts";
export { maxReceivedPerCall, receiveWaiting } from "./receive_table.ts";
export { readSockaddr, writeSockaddr } from "./sockaddr.ts";

let table: DescriptorTable | undefined;

/** The process's one table of descriptors; undefined without the C library. */
export function descriptors(): DescriptorTable | undefined {
  if (table === undefined) {
    const library = libc();
    if (library !== undefined) table = new DescriptorTable(library);
  }
  return table;
}

/** Sets TCP_NODELAY on a listener by its address, for the connections it will accept; nothing without the C library. */
export function setNoDelayOfListener(address: NetAddress): void {
  const library = libc();
  const number = descriptors()?.claim("tcp", address);
  if (library === undefined || number === undefined) return;
  setIntOption(library, number, linux.IPPROTO_TCP, linux.TCP_NODELAY, 1);
  // The listener's owner does not tell us when it closes.
  descriptors()?.release(number);
}

/** What accepted connections inherit from their listener. */
export interface ListenerOptions {
  /** Milliseconds that sent bytes may stay unacknowledged, or a full window closed, before the system ends a connection. */
  readonly sendTimeoutMs: number;
}

/**
 * Sets on a listener, found by its address, what its connections shall have: no delay, probes for silent peers, and an
 * end when the peer takes nothing any more. False without the C library.
 */
export function setListenerOptions(address: NetAddress, options: ListenerOptions): boolean {
  const library = libc();
  const number = descriptors()?.claim("tcp", address);
  if (library === undefined || number === undefined) return false;
  const { IPPROTO_TCP, SOL_SOCKET, TCP_NODELAY, SO_KEEPALIVE, TCP_USER_TIMEOUT } = linux;
  setIntOption(library, number, IPPROTO_TCP, TCP_NODELAY, 1);
  setIntOption(library, number, SOL_SOCKET, SO_KEEPALIVE, 1);
  const limited = setIntOption(library, number, IPPROTO_TCP, TCP_USER_TIMEOUT, options.sendTimeoutMs);
  // The listener's owner does not tell us when it closes.
  descriptors()?.release(number);
  return limited;
}
