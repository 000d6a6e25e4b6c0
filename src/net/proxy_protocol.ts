/** The PROXY protocol, versions 1 and 2, with which a load balancer tells who its client is. */
import { ParseError } from "../base/errors.ts";
import type { NetAddress } from "./address.ts";
import type { ByteConn } from "./byte_conn.ts";
import { ipText, parseIp } from "./ip.ts";
import { anyNetworkContains, type Network } from "./networks.ts";

/** Longest line of version 1, CRLF included (§2.1). */
const maxLineSize = 107;
/** Longest header of version 2 that we take; the type-length-values behind the addresses are skipped. */
export const maxProxyHeaderSize = 4096;

const linePrefix = new TextEncoder().encode("PROXY ");
const binaryPrefix = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const binaryHeadSize = 16;

/** HAProxy's proxy-protocol.txt §2. `size` bytes belong to the header: 0 when there is none. */
export interface ProxyHeader {
  readonly size: number;
  /** The client; undefined for health checks (`LOCAL`) and for transports without IP addresses. */
  readonly source: NetAddress | undefined;
}

const noHeader: ProxyHeader = { size: 0, source: undefined };

/** What a connection begins with; null when more bytes are needed to tell. Throws ParseError. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader | null {
  if (startsLike(bytes, linePrefix)) return bytes.length < linePrefix.length ? null : parseLine(bytes);
  if (startsLike(bytes, binaryPrefix)) return bytes.length < binaryHeadSize ? null : parseBinary(bytes);
  return noHeader;
}

/** True when the bytes agree as far as both go; so also for no bytes at all. */
function startsLike(bytes: Uint8Array, prefix: Uint8Array): boolean {
  const size = Math.min(bytes.length, prefix.length);
  for (let i = 0; i < size; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** §2.1: `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n`. */
function parseLine(bytes: Uint8Array): ProxyHeader | null {
  const end = bytes.subarray(0, maxLineSize).indexOf(0x0a);
  if (end < 0) {
    if (bytes.length < maxLineSize) return null;
    throw new ParseError("PROXY line", `is longer than ${maxLineSize} bytes`, 0);
  }
  const size = end + 1;
  const line = new TextDecoder("latin1").decode(bytes.subarray(0, size));
  if (!line.endsWith("\r\n")) throw new ParseError("PROXY line", "does not end with CRLF", end);
  const words = line.slice(0, -2).split(" ");
  if (words[1] === "UNKNOWN") return { size, source: undefined };
  if (words.length !== 6) throw new ParseError("PROXY line", `has ${words.length} words instead of 6`, 0);
  const [, transport, source, destination, sourcePort, destinationPort] = words;
  const expected = transport === "TCP4" ? 4 : transport === "TCP6" ? 16 : 0;
  if (expected === 0) throw new ParseError("PROXY transport", `'${transport}' is unknown`, linePrefix.length);
  const ip = parseIp(source);
  if (ip.length !== expected || parseIp(destination).length !== expected) {
    throw new ParseError("PROXY address", `does not fit ${transport}`, linePrefix.length);
  }
  const port = parsePort(sourcePort);
  parsePort(destinationPort);
  return { size, source: { ip: ipText(ip), port } };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535)) throw new ParseError("PROXY port", `'${text}' is no port`);
  return port;
}

/** §2.2 */
function parseBinary(bytes: Uint8Array): ProxyHeader | null {
  if (bytes[12] >> 4 !== 2) throw new ParseError("PROXY version", `is ${bytes[12] >> 4}, expected 2`, 12);
  const command = bytes[12] & 0x0f;
  if (command > 1) throw new ParseError("PROXY command", `${command} is unknown`, 12);
  const size = binaryHeadSize + (bytes[14] << 8 | bytes[15]);
  if (size > maxProxyHeaderSize) {
    throw new ParseError("PROXY length", `makes ${size} bytes, more than ${maxProxyHeaderSize}`, 14);
  }
  if (bytes.length < size) return null;
  const family = bytes[13] >> 4;
  if (command === 0 || (family !== 1 && family !== 2)) return { size, source: undefined };
  const ipSize = family === 1 ? 4 : 16;
  if (size < binaryHeadSize + 2 * ipSize + 4) {
    throw new ParseError("PROXY length", "is too short for its addresses", 14);
  }
  const portAt = binaryHeadSize + 2 * ipSize;
  return {
    size,
    source: {
      ip: ipText(bytes.subarray(binaryHeadSize, binaryHeadSize + ipSize)),
      port: bytes[portAt] << 8 | bytes[portAt + 1],
    },
  };
}

/**
 * Reads the header that a fresh connection may begin with. The result carries the client's address when the peer is one of
 * `trusted`; nothing that came behind the header is lost. Rejects with ParseError when the header is malformed.
 */
export async function readProxyHeader(conn: ByteConn, trusted: readonly Network[]): Promise<ByteConn> {
  const buffer = new Uint8Array(maxProxyHeaderSize);
  let filled = 0;
  for (;;) {
    const header = parseProxyHeader(buffer.subarray(0, filled));
    if (header !== null) {
      const known = header.source !== undefined && anyNetworkContains(trusted, conn.remote.ip);
      return new ProxiedConn(conn, known ? header.source : conn.remote, buffer.slice(header.size, filled));
    }
    const count = await conn.read(buffer.subarray(filled));
    if (count === null) throw new ParseError("PROXY header", "the connection ended within it", filled);
    filled += count;
  }
}

/** A connection whose first bytes were read already, and whose peer speaks for another address. */
class ProxiedConn implements ByteConn {
  readonly local: NetAddress;
  #early: Uint8Array;

  constructor(private readonly conn: ByteConn, readonly remote: NetAddress, early: Uint8Array) {
    this.local = conn.local;
    this.#early = early;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#early.length === 0) return this.conn.read(into);
    const count = Math.min(this.#early.length, into.length);
    into.set(this.#early.subarray(0, count));
    this.#early = this.#early.subarray(count);
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.conn.write(bytes);
  }

  tryWrite(bytes: Uint8Array): number {
    return this.conn.tryWrite(bytes);
  }

  close(): void {
    this.conn.close();
  }
}
