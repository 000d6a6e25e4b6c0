/** HTTP servers. */
export { errorAnswer, notFoundAnswer, pause, redirectAnswer, unauthorizedAnswer } from "./answers.ts";
export { BodyError, type BodyLimits, readBody } from "./body.ts";
export { answerAsset, type Asset, type AssetAnswer, type AssetRequest, lazyAsset } from "./assets.ts";
export { type ByteAnswer, byteAnswer } from "./byte_answer.ts";
export { type HttpCredentials, httpCredentials } from "./credentials.ts";
export {
  type HttpExchange,
  type HttpHandler,
  HttpServer,
  type HttpServerOptions,
  type HttpSettings,
} from "./server.ts";
