import { type ColumnName, type ReaderColumns, readerStates } from "./shared.ts";

/** What a run measured. Field names of the JSON file; units in the names. */
export interface LoadResult {
  readonly transport: string;
  /** What continuity is checked of, and what the `packets…` fields count. */
  readonly unit: "packets" | "frames";
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
  /** Frames with a time before the one of the frame before them. */
  readonly framesBackwards: number;
  readonly hls: HlsCounts | null;
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
  /** The first few reasons. */
  readonly refusals: readonly string[];
  readonly disconnections: readonly string[];
}

/** Parts, late parts and stalls of the measured time; gaps and errors from the beginning on. */
export interface HlsCounts {
  readonly parts: number;
  /** Received more than 2.5 part targets after the publisher sent their first frame. */
  readonly lateParts: number;
  /** Blocking reloads that took more than 2.5 part targets, or came back without the part they waited for. */
  readonly stalledPlaylists: number;
  /** Jumps in the numbers of parts or segments. */
  readonly partGaps: number;
  readonly httpErrors: number;
  /** Of all bodies, to all players. */
  readonly bitsPerSecond: number;
}

export interface ServerCost {
  readonly cpuPercent: number;
  readonly userPercent: number;
  readonly systemPercent: number;
  /** CPU time over the frames that all readers got in the measured time. */
  readonly cpuMicrosPerReaderAndFrame: number;
  readonly cpuMicrosPerReaderAndSecond: number;
  readonly residentBytesBefore: number;
  readonly residentBytesWithReaders: number;
  readonly residentBytesAfter: number;
  readonly memoryOverTime: readonly { readonly seconds: number; readonly bytes: number }[];
}

export type Counts = Readonly<Record<Exclude<ColumnName, "state" | "nextSequence">, number>>;

const sum = (column: Int32Array) => column.reduce((total, value) => total + value, 0);

export function countsOf(columns: ReaderColumns): Counts {
  return {
    received: sum(columns.received),
    lost: sum(columns.lost),
    reordered: sum(columns.reordered),
    duplicate: sum(columns.duplicate),
    frames: sum(columns.frames),
    frameGaps: sum(columns.frameGaps),
    backwards: sum(columns.backwards),
    parts: sum(columns.parts),
    lateParts: sum(columns.lateParts),
    partGaps: sum(columns.partGaps),
    stalls: sum(columns.stalls),
    httpErrors: sum(columns.httpErrors),
    kibibytes: sum(columns.kibibytes),
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
    result.readersRefused === 0 && result.framesMissed === 0 && result.framesBackwards === 0 &&
    (result.hls === null || isCleanHls(result.hls));
}

function isCleanHls(hls: HlsCounts): boolean {
  return hls.lateParts === 0 && hls.stalledPlaylists === 0 && hls.partGaps === 0 && hls.httpErrors === 0;
}

const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

function hlsRows(hls: HlsCounts): [string, string][] {
  return [
    [
      "parts",
      `${hls.parts}, ${hls.lateParts} late, ${hls.partGaps} gaps, ${
        (hls.bitsPerSecond / 1e6).toFixed(0)
      } Mbit/s`,
    ],
    ["playlists", `${hls.stalledPlaylists} stalled, ${hls.httpErrors} HTTP errors`],
  ];
}

export function formatResult(result: LoadResult): string {
  const { server, delayMs, tool } = result;
  const rows: [string, string][] = [
    ["readers", `${result.readersPlaying} of ${result.readersWanted} over ${result.transport}`],
    [
      "stream",
      `${result.bitsPerSecond / 1e6} Mbit/s, ${result.framesPerSecond} frames/s, ` +
      `${result.packetsPerFrame} packets a frame`,
    ],
    ["measured", `${result.measuredSeconds.toFixed(1)} s, ${result.packetsReceived} ${result.unit} received`],
    [
      result.unit,
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
  if (result.framesBackwards > 0) rows.push(["frames back in time", String(result.framesBackwards)]);
  if (result.hls !== null) rows.push(...hlsRows(result.hls));
  if (server !== null) {
    rows.push(
      [
        "server CPU",
        `${server.cpuPercent.toFixed(1)} % (user ${server.userPercent.toFixed(1)}, ` +
        `system ${server.systemPercent.toFixed(1)})`,
      ],
      [
        "per reader",
        `${server.cpuMicrosPerReaderAndFrame.toFixed(2)} µs a frame, ` +
        `${server.cpuMicrosPerReaderAndSecond.toFixed(0)} µs a second`,
      ],
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
  for (const reason of result.refusals) rows.push(["refused", reason]);
  for (const reason of result.disconnections) rows.push(["disconnected", reason]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
