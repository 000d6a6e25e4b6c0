import type { Fanout } from "../../stream/fanout.ts";
import type { Unit } from "../../stream/unit.ts";

/** What takes the units of a stream at the moment. */
export interface UnitTarget {
  write(units: readonly Unit[], now: number): void;
}

/** The place of HLS in a stream: the muxer comes and goes, the place stays. */
export class HlsFanout implements Fanout {
  #target: UnitTarget | null = null;

  attach(target: UnitTarget): void {
    this.#target = target;
  }

  detach(target: UnitTarget): void {
    if (this.#target === target) this.#target = null;
  }

  write(units: readonly Unit[], now: number): void {
    this.#target?.write(units, now);
  }

  /** Muxers are readers of the path, which closes them. */
  close(): void {
    this.#target = null;
  }
}
