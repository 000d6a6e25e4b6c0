import { type ReaderColumns, readerStates } from "./shared.ts";

/** What a run measured. Field names of the JSON file; units in the names. */
export interface LoadResult {
  readonly transport: string;
  readonly readersWanted: number;
  readonly readersPlaying: number;
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
  readonly packetsPerFrame: number;
  readonly measuredSeconds: number;
  readonly packetsReceived: number;
  readonly framesReceived: number;
  readonly packetsLost: number;
  readonly packetsReordered: number;
  readonly packetsDuplicate: number;
  /** Frames that sampled readers never saw the beginning of. */
  readonly framesMissed: number;
  readonly readersDisconnected: number;
  readonly readersRefused: number;
  /** Readers that had not got the last packet one second after the publisher's silence. */
  readonly readersBehind: number;
  readonly delayMs: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
    readonly samples: number;
  };
  readonly server: ServerCost | null;
  readonly tool: { readonly cpuPercent: number; readonly publisherWorstLatenessMs: number };
  readonly refusals: readonly string[];
}

export interface ServerCost {
  readonly cpuPercent: number;
  readonly userPercent: number;
  readonly systemPercent: number;
  /** CPU time over the frames that all readers got in the measured time. */
  readonly cpuMicrosPerReaderAndFrame: number;
  readonly residentBytesBefore: number;
  readonly residentBytesWithReaders: number;
  readonly residentBytesAfter: number;
  readonly memoryOverTime: readonly { readonly seconds: number; readonly bytes: number }[];
}

export interface Counts {
  readonly received: number;
  readonly lost: number;
  readonly reordered: number;
  readonly duplicate: number;
  readonly frames: number;
  readonly frameGaps: number;
}

const sum = (column: Int32Array) => column.reduce((total, value) => total + value, 0);

export function countsOf(columns: ReaderColumns): Counts {
  return {
    received: sum(columns.received),
    lost: sum(columns.lost),
    reordered: sum(columns.reordered),
    duplicate: sum(columns.duplicate),
    frames: sum(columns.frames),
    frameGaps: sum(columns.frameGaps),
  };
}

export function readersIn(columns: ReaderColumns, state: keyof typeof readerStates): number {
  return columns.state.filter((value) => value === readerStates[state]).length;
}

/**
 * After the publisher's silence all readers must stand at the same sequence number: the most advanced one's. Returns
 * how many do not, and how many packets they lack.
 */
export function laggards(columns: ReaderColumns): { readers: number; packets: number } {
  let front = -1;
  for (const [reader, next] of columns.nextSequence.entries()) {
    if (columns.received[reader] === 0) continue;
    if (front < 0 || ((next - front) & 0xffff) < 0x8000) front = next;
  }
  let readers = 0;
  let packets = 0;
  for (const [reader, next] of columns.nextSequence.entries()) {
    if (columns.state[reader] !== readerStates.playing) continue;
    const missing = columns.received[reader] === 0 ? 1 : (front - next) & 0xffff;
    if (missing === 0) continue;
    readers++;
    packets += missing;
  }
  return { readers, packets };
}

/** Nothing lost, nobody gone. */
export function isClean(result: LoadResult): boolean {
  return result.packetsLost === 0 && result.readersDisconnected === 0 && result.readersBehind === 0 &&
    result.readersRefused === 0 && result.framesMissed === 0;
}

const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

export function formatResult(result: LoadResult): string {
  const { server, delayMs, tool } = result;
  const rows: [string, string][] = [
    ["readers", `${result.readersPlaying} of ${result.readersWanted} over ${result.transport}`],
    [
      "stream",
      `${result.bitsPerSecond / 1e6} Mbit/s, ${result.framesPerSecond} frames/s, ` +
      `${result.packetsPerFrame} packets a frame`,
    ],
    ["measured", `${result.measuredSeconds.toFixed(1)} s, ${result.packetsReceived} packets received`],
    [
      "packets",
      `${result.packetsLost} lost, ${result.packetsReordered} reordered, ${result.packetsDuplicate} duplicate`,
    ],
    [
      "readers in trouble",
      `${result.readersRefused} refused, ${result.readersDisconnected} disconnected, ${result.readersBehind} behind`,
    ],
    [
      "delay",
      `p50 ${delayMs.p50.toFixed(2)} ms, p99 ${delayMs.p99.toFixed(2)} ms, max ${delayMs.max.toFixed(2)} ms`,
    ],
  ];
  if (result.framesMissed > 0) rows.push(["frames missed", `${result.framesMissed} (sampled readers)`]);
  if (server !== null) {
    rows.push(
      [
        "server CPU",
        `${server.cpuPercent.toFixed(1)} % (user ${server.userPercent.toFixed(1)}, ` +
        `system ${server.systemPercent.toFixed(1)})`,
      ],
      ["per reader and frame", `${server.cpuMicrosPerReaderAndFrame.toFixed(2)} µs`],
      [
        "server memory",
        `${mebibytes(server.residentBytesBefore)} before, ${
          mebibytes(server.residentBytesWithReaders)
        } with readers, ` +
        `${mebibytes(server.residentBytesAfter)} after`,
      ],
    );
  }
  rows.push([
    "tool",
    `CPU ${tool.cpuPercent.toFixed(1)} %, publisher at worst ${
      tool.publisherWorstLatenessMs.toFixed(1)
    } ms late`,
  ]);
  for (const refusal of result.refusals) rows.push(["refused", refusal]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
