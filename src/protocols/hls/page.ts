/** The player: its page, its module for websites, and hls.js. The texts are part of the module graph. */
import { type Asset, lazyAsset } from "../../net/http/mod.ts";

/**
 * Revalidated with every use, which costs a 304: a new server never meets an old page or module, which fit together.
 */
const revalidated = "no-cache";

/**
 * Streams may be redirected to another server, hence the open `connect-src` and `media-src`. All else comes from here,
 * and `blob:` is how hls.js starts its worker and feeds the video. Any website may embed the page.
 */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src data:",
  "connect-src *",
  "media-src * blob:",
  "worker-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const script = { "content-type": "text/javascript; charset=utf-8", "x-content-type-options": "nosniff" };

/** For `/<path>/`, with any query. */
export const hlsPage: () => Promise<Asset> = lazyAsset(
  async () => (await import("../../../web/hls/index.html", { with: { type: "text" } })).default,
  {
    "content-type": "text/html; charset=utf-8",
    "cache-control": revalidated,
    "content-security-policy": pagePolicy,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
  },
);

/** For `…/player.js`. */
export const playerModule: () => Promise<Asset> = lazyAsset(
  async () => (await import("../../../web/hls/player.js", { with: { type: "text" } })).default,
  { ...script, "cache-control": revalidated },
);

/** For `…/hls.min.js`. */
export const hlsLibrary: () => Promise<Asset> = lazyAsset(
  async () => (await import("hls.js/dist/hls.min.js", { with: { type: "text" } })).default,
  { ...script, "cache-control": "public, max-age=3600" },
);
