/** Figures for Prometheus. */
export { EventLoopDelay } from "./event_loop.ts";
export { createMetrics } from "./handler.ts";
export { processFamilies } from "./process.ts";
export type { MetricsSources } from "./sections.ts";
