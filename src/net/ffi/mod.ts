/** Foreign calls, behind functions that say `undefined` where the platform has none. */
import type { NetAddress } from "../address.ts";
import { DescriptorTable } from "./descriptors.ts";
import { libc, linux, setIntOption } from "./libc.ts";

export { errnoHint, foreignCallsAllowed, type Libc, libc, linux, plain, setIntOption } from "./libc.ts";

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
