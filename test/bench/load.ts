import { Histogram, histogramBytes } from "./histogram.ts";
import type { Options } from "./options.ts";
import { frameShape } from "./publisher/h264_frames.ts";
import type { PublisherTotals } from "./publisher/worker.ts";
import type { Target } from "./target.ts";
import { readerKinds } from "./readers/kinds.ts";
import {
  type Counts,
  countsOf,
  type HlsCounts,
  laggards,
  type LoadResult,
  readersIn,
  type ServerCost,
} from "./result.ts";
import { createColumns, mapColumns, phases, PhaseWord, type SharedMemory } from "./shared.ts";
import { cpuSecondsBetween, type CpuTime, cpuTime, pinProcess, residentBytes } from "./sys/process.ts";
import { PublisherThread, ReaderThread } from "./workers.ts";

const settleSeconds = 1;
const serverCore = 0;
const toolCore = 1;

const wait = (count: number) => new Promise<void>((resolve) => setTimeout(resolve, count * 1000));

interface Window {
  readonly seconds: number;
  readonly before: Counts;
  readonly server: { readonly before: CpuTime; readonly after: CpuTime } | null;
  readonly toolSeconds: number;
}

type Measured = Omit<LoadResult, "server" | "disconnections">;

/** Where the stream goes in, and where readers find it. */
export interface Targets {
  readonly publish: Target;
  readonly read: Target;
}

/** One run against a server that listens already. Owns the tool's threads. */
export class LoadRun {
  readonly #memory: SharedMemory;
  readonly #phase: PhaseWord;
  readonly #columns;
  readonly #readers: ReaderThread[] = [];
  readonly #publisher: PublisherThread | null;
  readonly #overTime: { seconds: number; bytes: number }[] = [];

  constructor(
    private readonly options: Options,
    private readonly targets: Targets,
    private readonly pid: number,
    private readonly print: (line: string) => void,
  ) {
    this.#memory = {
      control: new SharedArrayBuffer(4),
      columns: createColumns(options.readers),
      delays: new SharedArrayBuffer(histogramBytes),
    };
    this.#phase = new PhaseWord(this.#memory.control);
    this.#columns = mapColumns(this.#memory.columns);
    this.#publisher = options.publish === "no" ? null : new PublisherThread();
  }

  async run(): Promise<LoadResult> {
    const { options } = this;
    try {
      if (options.pin) await this.#pin();
      if (options.publish !== "no") {
        await this.#publisher?.start({
          target: this.targets.publish,
          transport: options.publish,
          shape: options.shape,
        });
        await wait(settleSeconds);
      }
      const residentBefore = this.#resident();
      const refusals = await this.#join();
      this.#phase.set(phases.warm);
      await wait(options.warmSeconds);
      const window = await this.#measure();
      const residentWith = this.#resident();
      const totals = await this.#silence();
      const own = readerKinds[options.transport].numbering === "own";
      const lag = own ? { readers: 0, packets: 0 } : laggards(this.#columns);
      const result = this.#result(window, refusals, lag, totals);
      const disconnections = await this.#end();
      const server = window.server === null ? null : serverCost(window.server, result, this.#overTime, {
        before: residentBefore,
        withReaders: residentWith,
        after: this.#resident(),
      });
      return { ...result, disconnections, server };
    } finally {
      for (const thread of this.#readers) thread.terminate();
      this.#publisher?.terminate();
    }
  }

  #resident(): number {
    return this.pid === 0 ? 0 : residentBytes(this.pid);
  }

  async #pin(): Promise<void> {
    if (this.pid !== 0) await pinProcess(this.pid, serverCore);
    await pinProcess(Deno.pid, toolCore);
  }

  async #join(): Promise<string[]> {
    const { readers, threads, sampleEvery, transport } = this.options;
    const jobs = [];
    for (let i = 0; i < threads; i++) {
      const first = Math.floor(i * readers / threads);
      const count = Math.floor((i + 1) * readers / threads) - first;
      const thread = new ReaderThread();
      this.#readers.push(thread);
      jobs.push(
        thread.start({
          memory: this.#memory,
          target: this.targets.read,
          kind: transport,
          first,
          count,
          sampleEvery,
        }),
      );
    }
    const news = await Promise.all(jobs);
    return news.flatMap((one) => [...one.refusals]);
  }

  async #measure(): Promise<Window> {
    const { durationSeconds, memoryEverySeconds } = this.options;
    new Histogram(this.#memory.delays).clear();
    const before = countsOf(this.#columns);
    const serverBefore = this.pid === 0 ? null : cpuTime(this.pid);
    const toolBefore = cpuTime(Deno.pid);
    const start = performance.now();
    this.#phase.set(phases.measuring);
    const elapsed = () => (performance.now() - start) / 1000;
    const step = memoryEverySeconds || durationSeconds;
    while (elapsed() < durationSeconds) {
      await wait(Math.min(step, durationSeconds - elapsed()));
      if (memoryEverySeconds > 0) this.#note(elapsed());
    }
    const after = this.pid === 0 ? null : cpuTime(this.pid);
    const took = elapsed();
    this.#phase.set(phases.draining);
    return {
      seconds: took,
      before,
      server: serverBefore === null || after === null ? null : { before: serverBefore, after },
      toolSeconds: cpuSecondsBetween(toolBefore, cpuTime(Deno.pid)),
    };
  }

  #note(at: number): void {
    const bytes = this.#resident();
    this.#overTime.push({ seconds: Math.round(at), bytes });
    const { lost } = countsOf(this.#columns);
    this.print(
      `${String(Math.round(at)).padStart(6)} s  ${(bytes / 1024 / 1024).toFixed(1)} MiB  ${lost} lost`,
    );
  }

  async #silence(): Promise<PublisherTotals | null> {
    if (this.#publisher === null) return null;
    const totals = await this.#publisher.silence();
    await wait(settleSeconds);
    return totals;
  }

  async #end(): Promise<string[]> {
    this.#phase.set(phases.stopping);
    const reasons = await Promise.all(this.#readers.map((thread) => thread.end()));
    if (this.#publisher !== null) await this.#publisher.end();
    await wait(settleSeconds);
    return reasons.flat();
  }

  #result(
    window: Window,
    refusals: readonly string[],
    lag: { readers: number; packets: number },
    totals: PublisherTotals | null,
  ): Measured {
    const { options } = this;
    const counts = countsOf(this.#columns);
    const delays = new Histogram(this.#memory.delays);
    const own = totals !== null;
    return {
      transport: options.transport,
      unit: readerKinds[options.transport].unit,
      readersWanted: options.readers,
      readersPlaying: readersIn(this.#columns, "playing"),
      bitsPerSecond: options.shape.bitsPerSecond,
      framesPerSecond: options.shape.framesPerSecond,
      packetsPerFrame: frameShape(options.shape).packetsPerFrame,
      measuredSeconds: window.seconds,
      packetsReceived: counts.received - window.before.received,
      framesReceived: counts.frames - window.before.frames,
      // from the first packet on, joining and warm period included
      packetsLost: counts.lost + (own ? lag.packets : 0),
      packetsReordered: counts.reordered,
      packetsDuplicate: counts.duplicate,
      framesMissed: counts.frameGaps,
      framesBackwards: counts.backwards,
      hls: readerKinds[options.transport].scheme === "http" ? hlsCounts(counts, window) : null,
      readersDisconnected: readersIn(this.#columns, "disconnected"),
      readersRefused: readersIn(this.#columns, "refused"),
      readersBehind: own ? lag.readers : 0,
      delayMs: {
        p50: delays.quantile(0.5) / 1000,
        p99: delays.quantile(0.99) / 1000,
        max: delays.quantile(1) / 1000,
        samples: delays.total,
      },
      tool: {
        cpuPercent: 100 * window.toolSeconds / window.seconds,
        publisherWorstLatenessMs: totals?.worstLatenessMs ?? 0,
      },
      refusals,
    };
  }
}

function hlsCounts(counts: Counts, window: Window): HlsCounts {
  return {
    parts: counts.parts,
    lateParts: counts.lateParts,
    stalledPlaylists: counts.stalls,
    partGaps: counts.partGaps,
    httpErrors: counts.httpErrors,
    bitsPerSecond: (counts.kibibytes - window.before.kibibytes) * 1024 * 8 / window.seconds,
  };
}

function serverCost(
  cpu: { readonly before: CpuTime; readonly after: CpuTime },
  result: Measured,
  memoryOverTime: ServerCost["memoryOverTime"],
  resident: { before: number; withReaders: number; after: number },
): ServerCost {
  const seconds = result.measuredSeconds;
  const cpuSeconds = cpuSecondsBetween(cpu.before, cpu.after);
  const percent = (from: number, to: number) => 100 * (to - from) / seconds;
  return {
    cpuPercent: 100 * cpuSeconds / seconds,
    userPercent: percent(cpu.before.userSeconds, cpu.after.userSeconds),
    systemPercent: percent(cpu.before.systemSeconds, cpu.after.systemSeconds),
    cpuMicrosPerReaderAndFrame: 1e6 * cpuSeconds / Math.max(1, result.framesReceived),
    cpuMicrosPerReaderAndSecond: 1e6 * cpuSeconds / Math.max(1, result.readersPlaying) / seconds,
    residentBytesBefore: resident.before,
    residentBytesWithReaders: resident.withReaders,
    residentBytesAfter: resident.after,
    memoryOverTime,
  };
}
