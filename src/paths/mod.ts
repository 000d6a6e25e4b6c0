/** Live paths: what protocol rooms may see of them, and the manager that the app starts and the API asks. */
export * from "./contracts.ts";
export { LivePaths, type LivePathsOptions } from "./manager.ts";
export type { OnDemandSource } from "./on_demand.ts";
export type { CreateOnDemandSource, PathSnapshot, SourceHost } from "./path.ts";
