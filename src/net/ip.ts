/** IP addresses as bytes: 4 for IPv4, 16 for IPv6. */
import { ParseError } from "../base/errors.ts";

const ipv4Pattern = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const hexGroup = /^[0-9a-fA-F]{1,4}$/;

function parseIpv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const match = ipv4Pattern.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1).map(Number);
  return numbers.every((number) => number < 256) ? Uint8Array.from(numbers) : undefined;
}

/** The 16-bit groups of one side of `::`; undefined when one is malformed. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const out: number[] = [];
  const parts = text.split(":");
  for (let i = 0; i < parts.length; i++) {
    if (hexGroup.test(parts[i])) {
      out.push(parseInt(parts[i], 16));
      continue;
    }
    const tail = i === parts.length - 1 ? parseIpv4(parts[i]) : undefined;
    if (tail === undefined) return undefined;
    out.push(tail[0] << 8 | tail[1], tail[2] << 8 | tail[3]);
  }
  return out;
}

function parseIpv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const sides = text.split("::");
  if (sides.length > 2) return undefined;
  if (sides.length === 2 && sides[0].includes(".")) return undefined;
  const left = parseGroups(sides[0]);
  const right = sides.length === 2 ? parseGroups(sides[1]) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const out = new Uint8Array(16);
  [...left, ...new Array<number>(missing).fill(0), ...right].forEach((group, i) => {
    out[2 * i] = group >> 8;
    out[2 * i + 1] = group;
  });
  return out;
}

/** RFC 4291 §2.2 or dotted decimal without leading zeros; no brackets, port or zone. Undefined when it is neither. */
export function tryParseIp(text: string): Uint8Array<ArrayBuffer> | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Like `tryParseIp`; throws ParseError. */
export function parseIp(text: string): Uint8Array<ArrayBuffer> {
  const ip = tryParseIp(text);
  if (ip === undefined) throw new ParseError("IP address", `'${text}' is neither IPv4 nor IPv6`);
  return ip;
}

/** True for the 16 bytes of `::ffff:a.b.c.d`. */
export function isMappedIp(ip: Uint8Array): boolean {
  if (ip.length !== 16 || ip[10] !== 0xff || ip[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return false;
  return true;
}

/** Canonical text (RFC 5952); IPv4-mapped IPv6 is written as IPv4. */
export function ipText(ip: Uint8Array): string {
  if (ip.length === 4) return `${ip[0]}.${ip[1]}.${ip[2]}.${ip[3]}`;
  if (isMappedIp(ip)) return `${ip[12]}.${ip[13]}.${ip[14]}.${ip[15]}`;
  const groups = Array.from({ length: 8 }, (_, i) => ip[2 * i] << 8 | ip[2 * i + 1]);
  let gapStart = -1;
  let gapSize = 1;
  for (let i = 0; i < 8; i++) {
    let size = 0;
    while (i + size < 8 && groups[i + size] === 0) size++;
    if (size > gapSize) {
      gapStart = i;
      gapSize = size;
    }
  }
  const join = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (gapStart < 0) return join(groups);
  return `${join(groups.slice(0, gapStart))}::${join(groups.slice(gapStart + gapSize))}`;
}

/**
 * A text that is the same for all addresses that one site has by itself: the address, or the network of 64 bits of an IPv6
 * address. `ip` in any spelling; what is no address stays as it is.
 */
export function ownerOf(ip: string): string {
  const bytes = tryParseIp(ip);
  if (bytes === undefined || bytes.length === 4) return ip;
  return isMappedIp(bytes) ? ipText(bytes) : bytes.subarray(0, 8).toHex();
}
