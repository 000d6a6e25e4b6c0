/** The table of ways to read. A protocol is a row here and a class that implements `ReaderLoop`. */
import type { ReaderColumns } from "../shared.ts";
import type { Meter } from "./meter.ts";
import type { RtspTarget } from "./rtsp_dialog.ts";
import { RtspTcpReaders } from "./rtsp_tcp.ts";
import { RtspUdpReaders } from "./rtsp_udp.ts";

/** One thread's share of the readers: numbers `first` to `first + count - 1`. */
export interface ReaderContext {
  readonly target: RtspTarget;
  readonly first: number;
  readonly count: number;
  readonly columns: ReaderColumns;
  readonly meter: Meter;
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
  open(context: ReaderContext): ReaderLoop;
}

export const readerKinds = {
  tcp: { description: "RTSP, interleaved", open: (context) => new RtspTcpReaders(context) },
  udp: { description: "RTSP, UDP unicast", open: (context) => new RtspUdpReaders(context) },
} as const satisfies Record<string, ReaderKind>;

export type ReaderKindName = keyof typeof readerKinds;

export function isReaderKindName(name: string): name is ReaderKindName {
  return Object.hasOwn(readerKinds, name);
}
