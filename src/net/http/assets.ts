/** Files of the server that browsers load: read once, on first demand, and kept. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** One file as it is served. */
export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, compressed, for clients that accept it. */
  readonly gzipped: Uint8Array<ArrayBuffer>;
  /** In small letters; without those that depend on the request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What of a request decides on the answer: values of its headers, null where it has none. */
export interface AssetRequest {
  readonly acceptEncoding: string | null;
  readonly ifNoneMatch: string | null;
}

/** Modules and scripts. */
export const scriptHeaders = {
  "content-type": "text/javascript; charset=utf-8",
  "x-content-type-options": "nosniff",
} as const;

/** Pages; `policy` is their content security policy, by directive. */
export function pageHeaders(policy: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": Object.entries(policy).map((directive) => directive.join(" ")).join("; "),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
  };
}

/**
 * For `cache-control`: asked for again with every use, which costs a 304. A new server never meets an old page or
 * module, which fit together.
 */
export const revalidated = "no-cache";

/** Complete but for what the server adds to every answer, such as CORS. For HEAD, the body is left out. */
export interface AssetAnswer {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/** A loader that reads and compresses once. A failure is not kept: the next call tries again. */
export function lazyAsset(
  read: () => Promise<string>,
  headers: Readonly<Record<string, string>>,
): () => Promise<Asset> {
  let loading: Promise<Asset> | undefined;
  return () =>
    loading ??= load(read, headers).catch((error) => {
      loading = undefined;
      throw error;
    });
}

async function load(
  read: () => Promise<string>,
  headers: Readonly<Record<string, string>>,
): Promise<Asset> {
  const body = new TextEncoder().encode(await read());
  const tag = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  return {
    body,
    gzipped: new Uint8Array(gzipSync(body)),
    // Weak, as the compressed form has the same one (RFC 9110 §8.8.1).
    headers: { ...headers, etag: `W/"${tag}"`, vary: "accept-encoding" },
  };
}

/** The answer to GET and HEAD. */
export function assetResponse(request: Request, asset: Asset): Response {
  const { status, headers, body } = answerAsset(asset, {
    acceptEncoding: request.headers.get("accept-encoding"),
    ifNoneMatch: request.headers.get("if-none-match"),
  });
  return new Response(request.method === "HEAD" ? null : body, { status, headers });
}

/** Not changed since the client has asked last: 304 (RFC 9110 §13.1.2). Else the file, compressed where accepted. */
export function answerAsset(asset: Asset, request: AssetRequest): AssetAnswer {
  const known = request.ifNoneMatch?.split(",").map((tag) => tag.trim()) ?? [];
  if (
    known.includes("*") || known.some((tag) => withoutWeakness(tag) === withoutWeakness(asset.headers.etag))
  ) {
    const { etag, vary, "cache-control": cacheControl } = asset.headers;
    return { status: 304, headers: { etag, vary, "cache-control": cacheControl }, body: null };
  }
  const isGzipped = acceptsGzip(request.acceptEncoding);
  const body = isGzipped ? asset.gzipped : asset.body;
  return {
    status: 200,
    headers: {
      ...asset.headers,
      ...isGzipped ? { "content-encoding": "gzip" } : {},
      "content-length": String(body.length),
    },
    body,
  };
}

function withoutWeakness(tag: string): string {
  return tag.replace(/^W\//, "");
}

/** RFC 9110 §12.5.3, as far as clients go: named, and not with the weight 0. */
function acceptsGzip(acceptEncoding: string | null): boolean {
  return acceptEncoding?.split(",").some((item) => {
    const [name, ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    return (name === "gzip" || name === "*") && !parameters.some((text) => /^q=0(\.0*)?$/.test(text));
  }) ?? false;
}
