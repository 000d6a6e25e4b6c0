/** A self-signed certificate: ECDSA P-256 with SHA-256, X.509 v3 (RFC 5280), written as DER by hand. */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { concat } from "../base/bytes.ts";
import type { Certificate } from "./certificates.ts";
import { tryParseIp } from "./ip.ts";

export interface SelfSignedOptions {
  readonly commonName: string;
  /** Names and IPs for the subject alternative name; `commonName` when absent. */
  readonly hosts?: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const tag = {
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  utcTime: 23,
  time: 24,
  sequence: 0x30,
  set: 0x31,
};
const oidCommonName = [0x55, 0x04, 0x03];
const oidEcdsaSha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const oidKeyUsage = [0x55, 0x1d, 0x0f];
const oidSubjectAltName = [0x55, 0x1d, 0x11];
const oidExtendedKeyUsage = [0x55, 0x1d, 0x25];
const oidServerAuth = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

function der(tagNumber: number, ...content: (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const body = concat(content.map((part) => part instanceof Uint8Array ? part : Uint8Array.from(part)));
  const size = body.length;
  const head = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return concat([Uint8Array.of(tagNumber, ...head), body]);
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
function time(millis: number): Uint8Array {
  const digits = new Date(millis).toISOString().replace(/\.\d+Z$/, "Z").replace(/[-:T]/g, "");
  return digits < "2050" ? der(tag.utcTime, utf8(digits.slice(2))) : der(tag.time, utf8(digits));
}

function extension(oid: readonly number[], value: Uint8Array): Uint8Array {
  return der(tag.sequence, der(tag.oid, oid), der(tag.octets, value));
}

function alternativeName(host: string): Uint8Array {
  const ip = tryParseIp(host);
  return ip === undefined ? der(0x82, utf8(host)) : der(0x87, ip);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

export function createSelfSignedCertificate(options: SelfSignedOptions): Certificate {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = new Uint8Array(keys.publicKey.export({ type: "spki", format: "der" }));
  const algorithm = der(tag.sequence, der(tag.oid, oidEcdsaSha256));
  const name = der(
    tag.sequence,
    der(tag.set, der(tag.sequence, der(tag.oid, oidCommonName), der(tag.utf8, utf8(options.commonName)))),
  );
  const serial = randomBytes(16);
  // Positive, and without a leading zero byte.
  serial[0] = serial[0] & 0x7f | 0x40;
  const hosts = options.hosts ?? [options.commonName];
  const extensions = der(
    tag.sequence,
    extension(oidKeyUsage, der(tag.bits, [7, 0x80])),
    extension(oidExtendedKeyUsage, der(tag.sequence, der(tag.oid, oidServerAuth))),
    extension(oidSubjectAltName, der(tag.sequence, ...hosts.map(alternativeName))),
  );
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, [2])),
    der(tag.integer, serial),
    algorithm,
    name,
    der(tag.sequence, time(options.notBefore), time(options.notAfter)),
    name,
    publicKey,
    der(0xa3, extensions),
  );
  const signature = sign("sha256", body, keys.privateKey);
  return {
    certificate: pem("CERTIFICATE", der(tag.sequence, body, algorithm, der(tag.bits, [0], signature))),
    key: String(keys.privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}
