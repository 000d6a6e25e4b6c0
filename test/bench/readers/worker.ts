/** A thread that runs its share of the readers until the main thread says stop. */
import { Histogram } from "../histogram.ts";
import { mapColumns, phases, PhaseWord, readerStates, type SharedMemory } from "../shared.ts";
import { nowMicros } from "../sys/libc.ts";
import { endWorker, onMessage, post } from "../worker_scope.ts";
import { type ReaderKindName, readerKinds, type ReaderLoop } from "./kinds.ts";
import { Meter } from "./meter.ts";
import type { RtspTarget } from "./rtsp_dialog.ts";

export interface ReaderJob {
  readonly memory: SharedMemory;
  readonly target: RtspTarget;
  readonly kind: ReaderKindName;
  readonly first: number;
  readonly count: number;
  readonly sampleEvery: number;
}

export type ReaderNews =
  | { readonly type: "joined"; readonly count: number; readonly refusals: readonly string[] }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly reason: string };

const pollMs = 20;
const keepAliveMicros = 20e6;
const maxReportedRefusals = 5;

onMessage<ReaderJob>((job) => {
  run(job)
    .catch((error) => post<ReaderNews>({ type: "failed", reason: String(error) }))
    .finally(endWorker);
});

async function run(job: ReaderJob): Promise<void> {
  const columns = mapColumns(job.memory.columns);
  const phase = new PhaseWord(job.memory.control);
  const meter = new Meter(columns, new Histogram(job.memory.delays), job.sampleEvery, nowMicros);
  const loop = readerKinds[job.kind].open({ ...job, columns, meter });
  await join(job, loop, columns.state);
  let keptAlive = nowMicros();
  while (phase.get() !== phases.stopping) {
    meter.measuring = phase.get() === phases.measuring;
    const waiting = loop.poll(pollMs);
    if (waiting !== undefined) await waiting;
    if (nowMicros() - keptAlive > keepAliveMicros) {
      loop.keepAlive();
      keptAlive = nowMicros();
    }
  }
  loop.close();
  post<ReaderNews>({ type: "closed" });
}

/** One after the other; those that play already are drained in between. */
async function join(job: ReaderJob, loop: ReaderLoop, states: Int32Array): Promise<void> {
  const refusals: string[] = [];
  let joined = 0;
  for (let reader = job.first; reader < job.first + job.count; reader++) {
    try {
      await loop.join(reader);
      states[reader] = readerStates.playing;
      joined++;
    } catch (error) {
      states[reader] = readerStates.refused;
      if (refusals.length < maxReportedRefusals) {
        refusals.push(error instanceof Error ? error.message : `${error}`);
      }
    }
    await loop.poll(0);
  }
  post<ReaderNews>({ type: "joined", count: joined, refusals });
}
