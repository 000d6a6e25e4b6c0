import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";

/** A traffic-encrypting key (RFC 3830 §6.13). */
export interface KeyMaterial {
  /** For SRTP without `salt`: 16 bytes of key, then 14 of salt. */
  readonly key: Uint8Array;
  /** Present when the salt travels apart from the key. */
  readonly salt?: Uint8Array;
  /** Until when the key is used. */
  readonly validity: KeyValidity;
}

/** RFC 3830 §6.14 */
export type KeyValidity =
  | { readonly type: "none" }
  /** The SRTP master key identifier. */
  | { readonly type: "spi"; readonly spi: Uint8Array }
  | { readonly type: "interval"; readonly from: Uint8Array; readonly to: Uint8Array };

/** Most keys in one message. */
export const maxMikeyKeys = 16;

const keyData = 20;
const tek = 2;
const tekWithSalt = 3;

/** Behind the next-payload byte of KEMAC (RFC 3830 §6.2). Only NULL encryption and NULL authentication. */
export function parseKemac(reader: ByteReader): KeyMaterial[] {
  const encryption = reader.u8("encr alg");
  if (encryption !== 0) throw new ParseError("encr alg", `${encryption} is not supported`, reader.offset - 1);
  const data = new ByteReader(reader.view(reader.u16("encr data len"), "encr data"));
  const keys: KeyMaterial[] = [];
  for (let next = keyData; next !== 0;) {
    if (next !== keyData) throw new ParseError("next payload", `${next} inside KEMAC`, data.offset);
    if (keys.length === maxMikeyKeys) throw new ParseError("KEMAC", `more than ${maxMikeyKeys} keys`);
    next = data.u8("next payload");
    keys.push(parseKey(data));
  }
  if (data.remaining > 0) throw new ParseError("encr data", `${data.remaining} bytes behind the last key`);
  const mac = reader.u8("MAC alg");
  if (mac !== 0) throw new ParseError("MAC alg", `${mac} is not supported`, reader.offset - 1);
  return keys;
}

function parseKey(reader: ByteReader): KeyMaterial {
  const types = reader.u8("type and KV");
  const type = types >>> 4;
  if (type !== tek && type !== tekWithSalt) {
    throw new ParseError("key type", `${type} is not supported`, reader.offset - 1);
  }
  const key = reader.view(reader.u16("key data len"), "key data");
  const salt = type === tekWithSalt ? reader.view(reader.u16("salt len"), "salt data") : undefined;
  const validity = parseValidity(types & 0x0f, reader);
  return salt === undefined ? { key, validity } : { key, salt, validity };
}

function parseValidity(type: number, reader: ByteReader): KeyValidity {
  switch (type) {
    case 0:
      return { type: "none" };
    case 1:
      return { type: "spi", spi: reader.view(reader.u8("SPI length"), "SPI") };
    case 2: {
      const from = reader.view(reader.u8("VF length"), "valid from");
      return { type: "interval", from, to: reader.view(reader.u8("VT length"), "valid to") };
    }
    default:
      throw new ParseError("KV", `${type} is unknown`, reader.offset);
  }
}

export function writeKemac(keys: readonly KeyMaterial[]): Uint8Array<ArrayBuffer> {
  const sizes = keys.map(keySize);
  const dataSize = sizes.reduce((sum, size) => sum + size, 0);
  const writer = new ByteWriter(4 + dataSize).u8(0).u16(dataSize);
  keys.forEach((key, i) => {
    writer.u8(i + 1 < keys.length ? keyData : 0);
    writer.u8((key.salt === undefined ? tek : tekWithSalt) << 4 | validityCode(key.validity));
    writer.u16(key.key.length).raw(key.key);
    if (key.salt !== undefined) writer.u16(key.salt.length).raw(key.salt);
    for (const part of validityParts(key.validity)) writer.u8(part.length).raw(part);
  });
  return writer.u8(0).bytes;
}

function keySize({ key, salt, validity }: KeyMaterial): number {
  let size = 4 + key.length + (salt === undefined ? 0 : 2 + salt.length);
  for (const part of validityParts(validity)) size += 1 + part.length;
  return size;
}

function validityCode(validity: KeyValidity): number {
  return { none: 0, spi: 1, interval: 2 }[validity.type];
}

function validityParts(validity: KeyValidity): readonly Uint8Array[] {
  switch (validity.type) {
    case "none":
      return [];
    case "spi":
      return [validity.spi];
    case "interval":
      return [validity.from, validity.to];
  }
}
