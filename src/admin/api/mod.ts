/** The control API. */
export { apiRoutes, createApi } from "./app.ts";
export type { ApiSources } from "./route.ts";
