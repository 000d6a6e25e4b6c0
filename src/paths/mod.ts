/** Live paths: what protocol rooms may see of them, and the manager that the app starts and the API asks. */
export * from "./contracts.ts";
export { LivePaths, type LivePathsOptions } from "./manager.ts";
export type { OnDemandSource } from "./on_demand.ts";
export type { CreateOnDemandSource, CreateSource, PathSnapshot, PathSource, SourceHost } from "./path.ts";
export { StaticSource } from "./static_source.ts";
export type { SupervisedState, SupervisedStatus } from "./supervisor.ts";
