/** The control API. */
export type { ClientKind, ClientSnapshot, ClientSource, ClientSources } from "./clients.ts";
export type { ApiSources } from "./route.ts";
export { ApiServer, type ApiServerOptions } from "./server.ts";
