/** HTTP servers. */
export { errorAnswer, notFoundAnswer, redirectAnswer, unauthorizedAnswer } from "./answers.ts";
export { type Asset, assetResponse, lazyAsset, pageHeaders, revalidated, scriptHeaders } from "./assets.ts";
export { BodyError, type BodyLimits, readBody } from "./body.ts";
export { bundleModule, type BundlePart, bundleScript, fillPage } from "./bundle.ts";
export { type ByteAnswer, byteAnswer } from "./byte_answer.ts";
export { type HttpCredentials, httpCredentials } from "./credentials.ts";
export {
  type HttpExchange,
  type HttpHandler,
  HttpServer,
  type HttpServerOptions,
  type HttpSettings,
} from "./server.ts";
