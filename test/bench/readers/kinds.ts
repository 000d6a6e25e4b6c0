/** The table of ways to read. A protocol is a row here and a class that implements `ReaderLoop`. */
import type { ReaderColumns } from "../shared.ts";
import type { Scheme, Target } from "../target.ts";
import { HlsReaders } from "./hls/readers.ts";
import type { Meter } from "./meter.ts";
import { RtmpReaders } from "./rtmp/readers.ts";
import { SrtReaders } from "./srt/readers.ts";
import { RtspTcpReaders } from "./rtsp_tcp.ts";
import { RtspUdpReaders } from "./rtsp_udp.ts";
import { WhepReaders } from "./whep/readers.ts";

/** One thread's share of the readers: numbers `first` to `first + count - 1`. */
export interface ReaderContext {
  readonly target: Target;
  readonly first: number;
  readonly count: number;
  readonly columns: ReaderColumns;
  readonly meter: Meter;
  /** A reader that played is gone, for this reason. */
  disconnected(reader: number, reason: string): void;
}

/** All readers of one thread. Protocols that need the event loop return promises; the others block the thread. */
export interface ReaderLoop {
  /** Connects these readers until they play; returns each one's error, null for success. */
  join(readers: readonly number[]): (Error | null)[] | Promise<(Error | null)[]>;
  /** Takes what has arrived, waiting for at most `timeoutMs`. */
  poll(timeoutMs: number): void | Promise<void>;
  /** Called every 20 seconds. */
  keepAlive(): void;
  close(): void;
}

export interface ReaderKind {
  readonly description: string;
  readonly scheme: Scheme;
  /** What continuity is checked of. */
  readonly unit: "packets" | "frames";
  /** Do all readers see the same numbers? Only then the last ones show who has stayed behind. */
  readonly numbering: "shared" | "own";
  open(context: ReaderContext): ReaderLoop;
}

export const readerKinds = {
  tcp: {
    description: "RTSP, interleaved",
    scheme: "rtsp",
    unit: "packets",
    numbering: "shared",
    open: (context) => new RtspTcpReaders(context),
  },
  udp: {
    description: "RTSP, UDP unicast",
    scheme: "rtsp",
    unit: "packets",
    numbering: "shared",
    open: (context) => new RtspUdpReaders(context),
  },
  rtmp: {
    description: "RTMP",
    scheme: "rtmp",
    unit: "frames",
    numbering: "shared",
    open: (context) => new RtmpReaders(context),
  },
  hls: {
    description: "Low-Latency HLS",
    scheme: "http",
    unit: "frames",
    numbering: "shared",
    open: (context) => new HlsReaders(context),
  },
  srt: {
    description: "SRT",
    scheme: "srt",
    unit: "frames",
    numbering: "shared",
    open: (context) => new SrtReaders(context),
  },
  whep: {
    description: "WebRTC",
    scheme: "whep",
    unit: "packets",
    numbering: "own",
    open: (context) => new WhepReaders(context),
  },
} as const satisfies Record<string, ReaderKind>;

export type ReaderKindName = keyof typeof readerKinds;

export function isReaderKindName(name: string): name is ReaderKindName {
  return Object.hasOwn(readerKinds, name);
}
