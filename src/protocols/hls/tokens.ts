import { createHmac, timingSafeEqual } from "node:crypto";

const idSize = 16;
const tagSize = 16;

/**
 * The secrets by which clients name their sessions. A token is signed, so that one of ours whose session has ended is
 * told from an invented one. It does not depend on the client's address: that changes behind proxies and on phones.
 */
export class SessionTokens {
  readonly #key = crypto.getRandomValues(new Uint8Array(32));

  /** Good for one path. */
  issue(path: string): string {
    const id = crypto.getRandomValues(new Uint8Array(idSize));
    const token = new Uint8Array(idSize + tagSize);
    token.set(id);
    token.set(this.#tag(id, path), idSize);
    return token.toBase64({ alphabet: "base64url", omitPadding: true });
  }

  isOurs(token: string, path: string): boolean {
    let bytes: Uint8Array;
    try {
      bytes = Uint8Array.fromBase64(token, { alphabet: "base64url" });
    } catch {
      return false;
    }
    if (bytes.length !== idSize + tagSize) return false;
    return timingSafeEqual(this.#tag(bytes.subarray(0, idSize), path), bytes.subarray(idSize));
  }

  #tag(id: Uint8Array, path: string): Uint8Array {
    return createHmac("sha256", this.#key).update(id).update(path).digest().subarray(0, tagSize);
  }
}
