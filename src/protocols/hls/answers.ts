/** Answers of the HLS server that are more than an error. */
export const playlistType = "application/vnd.apple.mpegurl";

/** Nobody but the player keeps what belongs to its session. */
const privately = "private, no-cache";

/** What a content delivery network may keep, and how long: seconds, null for not at all. */
export function cacheControl(isCdn: boolean, maxAge: number | null): string {
  if (!isCdn) return privately;
  return maxAge === null ? "no-cache" : `public, max-age=${maxAge}`;
}
