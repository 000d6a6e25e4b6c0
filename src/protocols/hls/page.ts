/** The player: its page, its module for websites, and hls.js. The texts are part of the module graph. */
import {
  type Asset,
  bundleModule,
  fillPage,
  lazyAsset,
  pageHeaders,
  revalidated,
  scriptHeaders,
} from "../../net/http/mod.ts";

/**
 * Streams may be redirected to another server, hence the open `connect-src` and `media-src`. All else comes from here,
 * and `blob:` is how hls.js starts its worker and feeds the video. Any website may embed the page.
 */
const pagePolicy = {
  "default-src": "'none'",
  "script-src": "'self' 'unsafe-inline'",
  "style-src": "'unsafe-inline'",
  "img-src": "data:",
  "connect-src": "*",
  "media-src": "* blob:",
  "worker-src": "blob:",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/** For `/<path>/`, with any query. */
export const hlsPage: () => Promise<Asset> = lazyAsset(
  async () => {
    const { default: html } = await import("../../../web/hls/index.html", { with: { type: "text" } });
    const { default: style } = await import("../../../web/shared/page.css", { with: { type: "text" } });
    const { default: shared } = await import("../../../web/shared/page.js", { with: { type: "text" } });
    const { default: own } = await import("../../../web/hls/page.js", { with: { type: "text" } });
    const parts = [{ name: "page.js", text: shared }, { name: "hls_page.js", text: own }];
    return fillPage(html, style, bundleModule(parts, []));
  },
  { ...pageHeaders(pagePolicy), "cache-control": revalidated },
);

/** For `…/player.js`. */
export const playerModule: () => Promise<Asset> = lazyAsset(
  async () => {
    const { default: requests } = await import("../../../web/shared/requests.js", { with: { type: "text" } });
    const { default: player } = await import("../../../web/hls/player.js", { with: { type: "text" } });
    const parts = [{ name: "requests.js", text: requests }, { name: "player.js", text: player }];
    return bundleModule(parts, ["HlsPlayer", "codecName", "describeProblem"]);
  },
  { ...scriptHeaders, "cache-control": revalidated },
);

/** For `…/hls.min.js`. */
export const hlsLibrary: () => Promise<Asset> = lazyAsset(
  async () => (await import("hls.js/dist/hls.min.js", { with: { type: "text" } })).default,
  { ...scriptHeaders, "cache-control": "public, max-age=3600" },
);
