/** Answers of the HLS server that are more than an error. */
import type { HttpExchange } from "../../net/http/mod.ts";
import { answerAsset, type Asset } from "../../net/http/mod.ts";

export const playlistType = "application/vnd.apple.mpegurl";

/** Nobody but the player keeps what belongs to its session. */
const privately = "private, no-cache";

/** A file of the server. */
export function assetAnswer({ request }: HttpExchange, asset: Asset): Response {
  const { status, headers, body } = answerAsset(asset, {
    acceptEncoding: request.headers.get("accept-encoding"),
    ifNoneMatch: request.headers.get("if-none-match"),
  });
  return new Response(request.method === "HEAD" ? null : body, { status, headers });
}

/** What a content delivery network may keep, and how long: seconds, null for not at all. */
export function cacheControl(isCdn: boolean, maxAge: number | null): string {
  if (!isCdn) return privately;
  return maxAge === null ? "no-cache" : `public, max-age=${maxAge}`;
}
