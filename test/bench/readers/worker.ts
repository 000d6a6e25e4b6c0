/** A thread that runs its share of the readers until the main thread says stop. */
import { Histogram } from "../histogram.ts";
import { mapColumns, phases, PhaseWord, readerStates, type SharedMemory } from "../shared.ts";
import { nowMicros } from "../sys/libc.ts";
import { endWorker, onMessage, post } from "../worker_scope.ts";
import { type ReaderKindName, readerKinds, type ReaderLoop } from "./kinds.ts";
import { Meter } from "./meter.ts";
import type { Target } from "../target.ts";

export interface ReaderJob {
  readonly memory: SharedMemory;
  readonly target: Target;
  readonly kind: ReaderKindName;
  readonly first: number;
  readonly count: number;
  readonly sampleEvery: number;
}

export type ReaderNews =
  | { readonly type: "joined"; readonly count: number; readonly refusals: readonly string[] }
  | { readonly type: "closed"; readonly reasons: readonly string[] }
  | { readonly type: "failed"; readonly reason: string };

const pollMs = 20;
const keepAliveMicros = 20e6;
const maxReported = 5;
const joinTogether = 16;

onMessage<ReaderJob>((job) => {
  run(job)
    .catch((error) => post<ReaderNews>({ type: "failed", reason: String(error) }))
    .finally(endWorker);
});

async function run(job: ReaderJob): Promise<void> {
  const columns = mapColumns(job.memory.columns);
  const phase = new PhaseWord(job.memory.control);
  const meter = new Meter(columns, new Histogram(job.memory.delays), job.sampleEvery, nowMicros);
  const reasons: string[] = [];
  const disconnected = (reader: number, reason: string) => {
    columns.state[reader] = readerStates.disconnected;
    if (reasons.length < maxReported) reasons.push(reason);
  };
  const loop = readerKinds[job.kind].open({ ...job, columns, meter, disconnected });
  let keptAlive = nowMicros();
  const poll = async (timeoutMs: number) => {
    const waiting = loop.poll(timeoutMs);
    if (waiting !== undefined) await waiting;
    if (nowMicros() - keptAlive < keepAliveMicros) return;
    loop.keepAlive();
    keptAlive = nowMicros();
  };
  await join(job, loop, columns.state, poll);
  while (phase.get() !== phases.stopping) {
    meter.measuring = phase.get() === phases.measuring;
    await poll(pollMs);
  }
  loop.close();
  post<ReaderNews>({ type: "closed", reasons });
}

/** A few at a time; those that play already are drained in between. */
async function join(
  job: ReaderJob,
  loop: ReaderLoop,
  states: Int32Array,
  poll: (timeoutMs: number) => Promise<void>,
): Promise<void> {
  const refusals: string[] = [];
  const end = job.first + job.count;
  let joined = 0;
  for (let first = job.first; first < end; first += joinTogether) {
    const readers = Array.from({ length: Math.min(joinTogether, end - first) }, (_, i) => first + i);
    const errors = await loop.join(readers);
    for (const [i, error] of errors.entries()) {
      states[readers[i]] = error === null ? readerStates.playing : readerStates.refused;
      if (error === null) joined++;
      else if (refusals.length < maxReported) refusals.push(error.message);
    }
    await poll(0);
  }
  post<ReaderNews>({ type: "joined", count: joined, refusals });
}
