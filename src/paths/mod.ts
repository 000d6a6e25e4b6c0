/** Live paths: what the app starts, and what the API shows of them. Protocol rooms need only `contracts.ts`. */
export * from "./contracts.ts";
export { LivePaths, type LivePathsOptions } from "./manager.ts";
export type { OnDemandSource } from "./on_demand.ts";
export type { CreateOnDemandSource, PathSnapshot, SourceHost } from "./path.ts";
