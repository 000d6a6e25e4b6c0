/** The readable page of the API: Swagger UI from its npm package, without any request to elsewhere. */
import { type Asset, assetResponse, lazyAsset, notFoundAnswer } from "../../net/http/mod.ts";

const kept = "public, max-age=3600";
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Control API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
`;
const start = `SwaggerUIBundle({ url: "/v3/openapi.json", dom_id: "#api", validatorUrl: null });\n`;

const script = { "content-type": "text/javascript; charset=utf-8", "x-content-type-options": "nosniff" };
const files: Readonly<Record<string, () => Promise<Asset>>> = {
  "": lazyAsset(() => Promise.resolve(page), {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-cache",
  }),
  "start.js": lazyAsset(() => Promise.resolve(start), { ...script, "cache-control": "no-cache" }),
  "swagger-ui-bundle.js": lazyAsset(
    async () => (await import("swagger-ui-dist/swagger-ui-bundle.js", { with: { type: "text" } })).default,
    { ...script, "cache-control": kept },
  ),
  "swagger-ui.css": lazyAsset(
    async () => (await import("swagger-ui-dist/swagger-ui.css", { with: { type: "text" } })).default,
    { "content-type": "text/css; charset=utf-8", "cache-control": kept },
  ),
};

/** `file`: name behind `/docs/`, empty for the page. */
export async function docsAnswer(file: string, request: Request): Promise<Response> {
  if (!Object.hasOwn(files, file)) return notFoundAnswer();
  return assetResponse(request, await files[file]());
}
