/** The pages and the modules for websites. Their texts are part of the module graph. */
import {
  type Asset,
  assetResponse,
  bundleModule,
  type BundlePart,
  bundleScript,
  fillPage,
  lazyAsset,
  pageHeaders,
  revalidated,
  scriptHeaders,
} from "../../net/http/mod.ts";

export type WebrtcPage = "read" | "publish";

/** `.js`: a plain script, as MediaMTX has it. `.mjs`: the same for `import`. */
export type WebrtcModule = "reader.js" | "reader.mjs" | "publisher.js" | "publisher.mjs";

/** Sessions may be redirected to another server, hence the open `connect-src`. Any website may embed the page. */
const pagePolicy = {
  "default-src": "'none'",
  "script-src": "'unsafe-inline'",
  "style-src": "'unsafe-inline'",
  "img-src": "data:",
  "connect-src": "*",
  "media-src": "'self' blob:",
  "base-uri": "'none'",
  "form-action": "'none'",
};

const pageFileHeaders = { ...pageHeaders(pagePolicy), "cache-control": revalidated };
/** Websites ask for it with every visitor. */
const moduleHeaders = { ...scriptHeaders, "cache-control": "public, max-age=3600" };

/** In an order in which each needs only those before it. */
const connectionParts = ["requests.js", "problem.js", "sdp.js", "signaling.js", "connection.js"] as const;
const readerParts = [...connectionParts, "extra_codecs.js", "reader.js"] as const;
const publisherParts = [...connectionParts, "publisher.js"] as const;
const pageParts = ["page.js", "statistics.js", "overlay.js"] as const;

const texts = {
  "requests.js": () => import("../../../web/shared/requests.js", { with: { type: "text" } }),
  "page.js": () => import("../../../web/shared/page.js", { with: { type: "text" } }),
  "problem.js": () => import("../../../web/webrtc/problem.js", { with: { type: "text" } }),
  "sdp.js": () => import("../../../web/webrtc/sdp.js", { with: { type: "text" } }),
  "signaling.js": () => import("../../../web/webrtc/signaling.js", { with: { type: "text" } }),
  "connection.js": () => import("../../../web/webrtc/connection.js", { with: { type: "text" } }),
  "extra_codecs.js": () => import("../../../web/webrtc/extra_codecs.js", { with: { type: "text" } }),
  "reader.js": () => import("../../../web/webrtc/reader.js", { with: { type: "text" } }),
  "publisher.js": () => import("../../../web/webrtc/publisher.js", { with: { type: "text" } }),
  "statistics.js": () => import("../../../web/webrtc/statistics.js", { with: { type: "text" } }),
  "overlay.js": () => import("../../../web/webrtc/overlay.js", { with: { type: "text" } }),
  "capture.js": () => import("../../../web/webrtc/capture.js", { with: { type: "text" } }),
  "read_page.js": () => import("../../../web/webrtc/read_page.js", { with: { type: "text" } }),
  "publish_page.js": () => import("../../../web/webrtc/publish_page.js", { with: { type: "text" } }),
  "read.html": () => import("../../../web/webrtc/read.html", { with: { type: "text" } }),
  "publish.html": () => import("../../../web/webrtc/publish.html", { with: { type: "text" } }),
  "page.css": () => import("../../../web/shared/page.css", { with: { type: "text" } }),
  "style.css": () => import("../../../web/webrtc/style.css", { with: { type: "text" } }),
};
type TextName = keyof typeof texts;

async function read(name: TextName): Promise<BundlePart> {
  return { name, text: (await texts[name]()).default };
}

async function readAll(names: readonly TextName[]): Promise<BundlePart[]> {
  return await Promise.all(names.map(read));
}

async function page(html: TextName, scripts: readonly TextName[]): Promise<string> {
  const [{ text }, own, styles] = await Promise.all([
    read(html),
    readAll(scripts),
    readAll(["page.css", "style.css"]),
  ]);
  return fillPage(text, styles.map((style) => style.text).join(""), bundleModule(own, []));
}

const pages: Readonly<Record<WebrtcPage, () => Promise<Asset>>> = {
  read: lazyAsset(() => page("read.html", [...readerParts, ...pageParts, "read_page.js"]), pageFileHeaders),
  publish: lazyAsset(
    () => page("publish.html", [...publisherParts, ...pageParts, "capture.js", "publish_page.js"]),
    pageFileHeaders,
  ),
};

const scriptOf = (parts: readonly TextName[]) =>
  lazyAsset(async () => bundleScript(await readAll(parts)), moduleHeaders);

const moduleOf = (parts: readonly TextName[], exported: string) =>
  lazyAsset(async () => {
    const names = [exported, "describeProblem", "figures", "figureRows"];
    return bundleModule(await readAll([...parts, "statistics.js"]), names);
  }, moduleHeaders);

const modules: Readonly<Record<WebrtcModule, () => Promise<Asset>>> = {
  "reader.js": scriptOf(readerParts),
  "reader.mjs": moduleOf(readerParts, "MediaMTXWebRTCReader"),
  "publisher.js": scriptOf(publisherParts),
  "publisher.mjs": moduleOf(publisherParts, "MediaMTXWebRTCPublisher"),
};

/** For GET and HEAD of `/<path>/` and `/<path>/publish`, with any query, once the client may read or publish. */
export async function webrtcPage(name: WebrtcPage, request: Request): Promise<Response> {
  return assetResponse(request, await pages[name]());
}

/** For GET and HEAD of `…/<name>`; null when there is no such module. */
export async function webrtcModule(name: string, request: Request): Promise<Response | null> {
  return isModule(name) ? assetResponse(request, await modules[name]()) : null;
}

function isModule(name: string): name is WebrtcModule {
  return Object.hasOwn(modules, name);
}
