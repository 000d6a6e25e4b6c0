/** An issuer of tokens: keys, and a server that publishes them. */
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export type Algorithm = "ES256" | "ES384" | "RS256" | "PS256" | "EdDSA" | "HS256";

export interface SigningKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly sign: CryptoKey | Uint8Array;
  /** As it is published. */
  readonly jwk: JWK;
}

export async function signingKey(alg: Algorithm, kid?: string): Promise<SigningKey> {
  const named = { ...(kid !== undefined && { kid }), alg, use: "sig" };
  if (alg === "HS256") {
    const sign = crypto.getRandomValues(new Uint8Array(32));
    const k = sign.toBase64({ alphabet: "base64url", omitPadding: true });
    return { alg, kid, sign, jwk: { kty: "oct", k, ...named } };
  }
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, sign: privateKey, jwk: { ...await exportJWK(publicKey), ...named } };
}

export const everything = [{ action: "read", path: "" }, { action: "publish", path: "" }];

/** `claims` replace those of a token that lets its holder do everything for a minute; undefined takes one away. */
export function token(key: SigningKey, claims: JWTPayload = {}, now = Date.now()): Promise<string> {
  const seconds = Math.floor(now / 1000);
  const payload = {
    sub: "pat",
    iat: seconds,
    exp: seconds + 60,
    mediamtx_permissions: everything,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, ...(key.kid !== undefined && { kid: key.kid }) })
    .sign(key.sign);
}

/** Publishes keys, or whatever a test wants instead. */
export class Issuer implements AsyncDisposable {
  requests = 0;
  answer: () => Response | Promise<Response>;
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(public keys: readonly SigningKey[], tls?: { readonly cert: string; readonly key: string }) {
    this.answer = () => Response.json({ keys: this.keys.map(({ jwk }) => jwk) });
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls }, () => {
      this.requests++;
      return this.answer();
    });
    this.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${this.#server.addr.port}/jwks.json`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
