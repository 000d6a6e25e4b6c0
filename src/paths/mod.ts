/** Paths: names, what is published on them, and who reads. Protocol rooms see `contracts.ts` only. */
export * from "./contracts.ts";
export { LivePaths, type LivePathsOptions } from "./manager.ts";
