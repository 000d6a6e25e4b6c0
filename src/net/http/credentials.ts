/** Credentials in the Authorization header: Basic (RFC 7617) and Bearer (RFC 6750). */

/** Fields that the client has not given are empty. */
export interface HttpCredentials {
  readonly user: string;
  readonly pass: string;
  readonly token: string;
}

const none: HttpCredentials = { user: "", pass: "", token: "" };

/** `Bearer user:pass` counts as user and password, for clients that can set nothing else. */
export function httpCredentials(headers: Headers): HttpCredentials {
  const header = headers.get("authorization");
  if (header === null) return none;
  // Several Authorization headers arrive joined by commas; neither scheme has one in its value.
  const parts = header.split(",").map((part) => part.trim());
  const bearer = valueOf(parts, "bearer");
  if (bearer !== undefined) {
    const split = bearer.split(":");
    return split.length === 2
      ? { user: split[0], pass: split[1], token: "" }
      : { user: "", pass: "", token: bearer };
  }
  const basic = valueOf(parts, "basic");
  return basic === undefined ? none : decodeBasic(basic);
}

function valueOf(parts: readonly string[], scheme: string): string | undefined {
  const part = parts.find((part) => part.slice(0, scheme.length + 1).toLowerCase() === `${scheme} `);
  return part?.slice(scheme.length + 1).trim();
}

function decodeBasic(text: string): HttpCredentials {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(text);
  } catch {
    return none;
  }
  const decoded = new TextDecoder().decode(bytes);
  const colon = decoded.indexOf(":");
  return colon < 0 ? none : { user: decoded.slice(0, colon), pass: decoded.slice(colon + 1), token: "" };
}
