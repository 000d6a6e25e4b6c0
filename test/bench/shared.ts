/** What the threads of the tool share: commands from the main thread and counters of every reader. */

export const phases = { joining: 0, warm: 1, measuring: 2, draining: 3, stopping: 4 } as const;
export type Phase = typeof phases[keyof typeof phases];

export const readerStates = { waiting: 0, playing: 1, disconnected: 2, refused: 3 } as const;

/** One Int32Array per counter, indexed by reader: no object per reader, visible to all threads. */
export const columnNames = [
  "state",
  "received",
  "lost",
  "reordered",
  "duplicate",
  "frames",
  "frameGaps",
  "nextSequence",
  // of readers that know frames, not packets
  "backwards",
  // of HTTP players
  "parts",
  "lateParts",
  "partGaps",
  "stalls",
  "httpErrors",
  "kibibytes",
] as const;
export type ColumnName = typeof columnNames[number];
export type ReaderColumns = Readonly<Record<ColumnName, Int32Array>>;

export interface SharedMemory {
  readonly control: SharedArrayBuffer;
  readonly columns: SharedArrayBuffer;
  readonly delays: SharedArrayBuffer;
}

export function createColumns(readers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(readers * columnNames.length * 4);
}

export function mapColumns(memory: SharedArrayBuffer | ArrayBuffer): ReaderColumns {
  const readers = memory.byteLength / (columnNames.length * 4);
  const out: Partial<Record<ColumnName, Int32Array>> = {};
  columnNames.forEach((name, i) => out[name] = new Int32Array(memory, i * readers * 4, readers));
  return out as ReaderColumns;
}

export class PhaseWord {
  readonly #word: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory);
  }

  get(): Phase {
    return Atomics.load(this.#word, 0) as Phase;
  }

  set(phase: Phase): void {
    Atomics.store(this.#word, 0, phase);
  }
}
