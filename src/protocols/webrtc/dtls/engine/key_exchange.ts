/** The messages between the hellos and Finished: RFC 5246 §7.4, RFC 8422 §5. */
import { ByteReader, concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import { numbers, readNumbers, readVector, vector } from "./handshake_message.ts";
import { acceptedSchemes } from "./signatures.ts";

const namedCurve = 3;
/** RFC 8422 §5.5, RFC 5246 §7.4.4. */
const certificateTypes = { ecdsaSign: 64, rsaSign: 1 } as const;

/** What is signed is `parameters`, behind both randoms. */
export interface ServerKeyExchange {
  readonly group: number;
  readonly publicKey: Uint8Array;
  readonly parameters: Uint8Array;
  readonly scheme: number;
  readonly signature: Uint8Array;
}

/** The peer's own certificate, which comes first; null when it sends none. Throws ParseError. */
export function parseCertificate(body: Uint8Array): Uint8Array | null {
  const list = new ByteReader(readVector(new ByteReader(body), 3, "certificate_list"));
  return list.remaining === 0 ? null : readVector(list, 3, "certificate");
}

export function serializeCertificate(certificate: Uint8Array): Uint8Array {
  return vector(3, vector(3, certificate));
}

export function serializeParameters(group: number, publicKey: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(namedCurve), numbers([group]), vector(1, publicKey)]);
}

/** A signature with its scheme: CertificateVerify, and the end of ServerKeyExchange. */
export function serializeSigned(scheme: number, signature: Uint8Array): Uint8Array {
  return concat([numbers([scheme]), vector(2, signature)]);
}

/** Throws ParseError. */
export function parseServerKeyExchange(body: Uint8Array): ServerKeyExchange {
  const reader = new ByteReader(body);
  const curveType = reader.u8("curve_type");
  if (curveType !== namedCurve) throw new ParseError("curve_type", `${curveType} is no named curve`, 0);
  const group = reader.u16("namedcurve");
  const publicKey = readVector(reader, 1, "point");
  const parameters = body.subarray(0, reader.offset);
  return { group, publicKey, parameters, ...readSigned(reader) };
}

/** CertificateVerify. Throws ParseError. */
export function parseSigned(body: Uint8Array): { scheme: number; signature: Uint8Array } {
  return readSigned(new ByteReader(body));
}

function readSigned(reader: ByteReader): { scheme: number; signature: Uint8Array } {
  return { scheme: reader.u16("algorithm"), signature: readVector(reader, 2, "signature") };
}

export function serializeCertificateRequest(): Uint8Array {
  const types = Uint8Array.of(certificateTypes.ecdsaSign, certificateTypes.rsaSign);
  // No names of authorities.
  return concat([vector(1, types), vector(2, numbers(acceptedSchemes)), numbers([0])]);
}

/** The signature schemes that the server takes. Throws ParseError. */
export function parseCertificateRequest(body: Uint8Array): number[] {
  const reader = new ByteReader(body);
  readVector(reader, 1, "certificate_types");
  return readNumbers(readVector(reader, 2, "supported_signature_algorithms"));
}

/** ClientKeyExchange. Throws ParseError. */
export function parsePublicKey(body: Uint8Array): Uint8Array {
  return readVector(new ByteReader(body), 1, "ecdh_Yc");
}

export function serializePublicKey(publicKey: Uint8Array): Uint8Array {
  return vector(1, publicKey);
}
