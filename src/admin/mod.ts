/** Servers for operators: the control API. */
export type { ClientKind, ClientSnapshot, ClientSource, ClientSources } from "./api/clients.ts";
export type { ApiSources } from "./api/route.ts";
export { ApiServer, type ApiServerOptions } from "./api/server.ts";
