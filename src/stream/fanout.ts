import type { Unit } from "./unit.ts";

/**
 * One per stream and wire form: turns each unit into bytes once and hands the same bytes to all its sinks.
 * Made for the first reader of its form; without readers it must cost next to nothing.
 */
export interface Fanout {
  /** Units that arrived together, in order. Must not throw: what a reader does wrong ends that reader. */
  write(units: readonly Unit[], now: number): void;
  /** The stream has ended. */
  close(): void;
}
