/** IP addresses and networks of the configuration, brought to one spelling: `10.1.2.3/8` → `10.0.0.0/8`, `::1` → `::1/128`. */
import { ParseError } from "../base/errors.ts";

/** An address or a network in CIDR notation → canonical CIDR, host bits cleared (RFC 4632 §3.1, RFC 5952). Throws ParseError. */
export function parseIpNetwork(text: string): string {
  const slash = text.indexOf("/");
  const groups = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (groups === null) {
    throw new ParseError("network", "is neither an IP address nor a network such as 10.0.0.0/8");
  }
  const bits = groups.length === 4 ? 32 : 128;
  let prefix = bits;
  if (slash >= 0) {
    const written = text.slice(slash + 1);
    prefix = /^(?:0|[1-9]\d{0,2})$/.test(written) ? Number(written) : bits + 1;
    if (prefix > bits) {
      throw new ParseError("network", `needs a prefix length between 0 and ${bits}`, slash + 1);
    }
  }
  if (isMapped(groups) && prefix >= 96) {
    const v4 = [groups[6] >> 8, groups[6] & 0xff, groups[7] >> 8, groups[7] & 0xff];
    return `${formatIp(mask(v4, 8, prefix - 96))}/${prefix - 96}`;
  }
  return `${formatIp(mask(groups, bits === 32 ? 8 : 16, prefix))}/${prefix}`;
}

/** Four bytes of an IPv4 address, eight 16-bit groups of an IPv6 address, null for anything else. */
function parseIp(text: string): number[] | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  // Leading zeros are refused: some read them as octal.
  if (!parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.map(Number);
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groups = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  const [head, tail] = groups;
  if (head === null || tail === null) return null;
  if (tail === undefined) return head.length === 8 ? head : null;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups separated by single colons; the last one may be an IPv4 address. */
function parseGroups(text: string, last: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes(".") && last && index === parts.length - 1) {
      const v4 = parseIpv4(part);
      if (v4 === null) return null;
      groups.push(v4[0] << 8 | v4[1], v4[2] << 8 | v4[3]);
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      groups.push(parseInt(part, 16));
    } else return null;
  }
  return groups;
}

function isMapped(groups: number[]): boolean {
  return groups.length === 8 && groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

/** Keeps the first `prefix` bits of groups of `width` bits. */
function mask(groups: number[], width: number, prefix: number): number[] {
  return groups.map((group, index) => {
    const kept = Math.min(Math.max(prefix - index * width, 0), width);
    return group & ((1 << width) - (1 << (width - kept)));
  });
}

function formatIp(groups: number[]): string {
  if (groups.length === 4) return groups.join(".");
  let start = 0;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let size = 0;
    while (from + size < 8 && groups[from + size] === 0) size++;
    if (size > length) [start, length] = [from, size];
  }
  const words = groups.map((group) => group.toString(16));
  if (length < 2) return words.join(":");
  return `${words.slice(0, start).join(":")}::${words.slice(start + length).join(":")}`;
}
