/**
 * Finds the descriptor number of a socket that Deno opened, by asking the numbers one after another for their addresses.
 * The kernel hands out the lowest free number, so the search looks at the lowest numbers first that we do not know already;
 * with thousands of known sockets it still makes few calls.
 */
import type { NetAddress } from "../address.ts";
import { type Libc, linux } from "./libc.ts";
import { sockaddrInSize, sockaddrSize, writeSockaddr } from "./sockaddr.ts";

/** Numbers above the highest known one that are tried before giving up. */
const searchBeyond = 4096;
/** After the last find: sockets accepted in a row have numbers in a row. */
const nearby = 8;

export class DescriptorTable {
  /** One bit for each number that belongs to a socket whose owner is known. */
  #known = new Uint32Array(64);
  #highest = 0;
  #last = 2;
  /** Of the search that is under way: a port number is often used by TCP and UDP at once. */
  #wantType = 0;
  readonly #name = new Uint8Array(128);
  readonly #nameSize = new Uint32Array(1);
  readonly #type = new Int32Array(1);

  constructor(private readonly libc: Libc) {}

  /**
   * The number of the socket with this local (and, when connected, remote) address; undefined when there is none.
   * It counts as known until `release`. Ports and IPs as Deno gives them: `::ffff:1.2.3.4` stands for an IPv6 socket.
   */
  claim(kind: "tcp" | "udp", local: NetAddress, remote?: NetAddress): number | undefined {
    this.#wantType = kind === "tcp" ? linux.SOCK_STREAM : linux.SOCK_DGRAM;
    const wantLocal = rawSockaddr(local);
    const wantRemote = remote === undefined ? undefined : rawSockaddr(remote);
    const first = this.#last + 1;
    for (let number = first; number < first + nearby; number++) {
      if (!this.isKnown(number) && this.#matches(number, wantLocal, wantRemote)) return this.#take(number);
    }
    const end = this.#highest + searchBeyond;
    for (let word = 0; word * 32 < end; word++) {
      let unknown = ~(this.#known[word] ?? 0);
      while (unknown !== 0) {
        const bit = 31 - Math.clz32(unknown & -unknown);
        unknown &= unknown - 1;
        const number = word * 32 + bit;
        if (number > 2 && this.#matches(number, wantLocal, wantRemote)) return this.#take(number);
      }
    }
    return undefined;
  }

  /** To be called when the socket's owner closes it, before Deno does. */
  release(number: number): void {
    this.#known[number >> 5] &= ~(1 << (number & 31));
    // The kernel reuses low numbers first.
    if (number <= this.#last) this.#last = number - 1;
  }

  /** True for a socket whose owner has claimed it and not released it yet. */
  isKnown(number: number): boolean {
    return ((this.#known[number >> 5] ?? 0) >>> (number & 31) & 1) === 1;
  }

  #take(number: number): number {
    if (number >> 5 >= this.#known.length) {
      const grown = new Uint32Array(Math.max(this.#known.length * 2, (number >> 5) + 1));
      grown.set(this.#known);
      this.#known = grown;
    }
    this.#known[number >> 5] |= 1 << (number & 31);
    this.#highest = Math.max(this.#highest, number);
    this.#last = number;
    return number;
  }

  #matches(number: number, local: Uint8Array, remote: Uint8Array | undefined): boolean {
    this.#nameSize[0] = this.#name.length;
    if (this.libc.getsockname(number, this.#name, this.#nameSize) !== 0) return false;
    if (!sameSockaddr(this.#name, local)) return false;
    this.#nameSize[0] = 4;
    this.libc.getsockopt(number, linux.SOL_SOCKET, linux.SO_TYPE, this.#type, this.#nameSize);
    if (this.#type[0] !== this.#wantType) return false;
    this.#nameSize[0] = this.#name.length;
    const connected = this.libc.getpeername(number, this.#name, this.#nameSize) === 0;
    // A listener and the connections it accepted may have the same local address.
    return remote === undefined ? !connected : connected && sameSockaddr(this.#name, remote);
  }
}

function rawSockaddr(address: NetAddress): Uint8Array {
  const out = new Uint8Array(sockaddrSize);
  return out.subarray(0, writeSockaddr(out, 0, address, address.ip.includes(":") ? "ipv6" : "ipv4"));
}

/** Family, port and IP; flow label and scope are not compared. */
function sameSockaddr(found: Uint8Array, wanted: Uint8Array): boolean {
  if (found[0] !== wanted[0] || found[2] !== wanted[2] || found[3] !== wanted[3]) return false;
  const start = wanted[0] === linux.AF_INET ? 4 : 8;
  const end = wanted[0] === linux.AF_INET ? 8 : 24;
  for (let i = start; i < end; i++) if (found[i] !== wanted[i]) return false;
  return wanted.length >= sockaddrInSize;
}
