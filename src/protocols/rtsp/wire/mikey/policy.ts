import { ByteReader, ByteWriter } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";

/** An SRTP policy (RFC 3830 §6.10): numbers by `policyParameter`, in the order they came. */
export interface SecurityPolicy {
  readonly number: number;
  readonly parameters: readonly PolicyParameter[];
}

export interface PolicyParameter {
  /** See `policyParameter`; others are kept. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** RFC 3830 table 6.10.1.a */
export const policyParameter = {
  encryption: 0,
  encryptionKeyLength: 1,
  authentication: 2,
  authenticationKeyLength: 3,
  saltLength: 4,
  pseudoRandomFunction: 5,
  keyDerivationRate: 6,
  srtpEncryption: 7,
  srtcpEncryption: 8,
  srtpAuthentication: 10,
  authenticationTagLength: 11,
} as const;

/** Behind the next-payload byte. */
export function parsePolicy(reader: ByteReader): SecurityPolicy {
  const number = reader.u8("policy no");
  const protocol = reader.u8("prot type");
  if (protocol !== 0) throw new ParseError("prot type", `${protocol} is not SRTP`, reader.offset - 1);
  const data = new ByteReader(reader.view(reader.u16("policy param length"), "policy param"));
  const parameters: PolicyParameter[] = [];
  while (data.remaining > 0) {
    parameters.push({ type: data.u8("type"), value: data.view(data.u8("length"), "value") });
  }
  return { number, parameters };
}

export function writePolicy(policy: SecurityPolicy): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const { value } of policy.parameters) size += 2 + value.length;
  const writer = new ByteWriter(4 + size).u8(policy.number).u8(0).u16(size);
  for (const { type, value } of policy.parameters) writer.u8(type).u8(value.length).raw(value);
  return writer.bytes;
}
