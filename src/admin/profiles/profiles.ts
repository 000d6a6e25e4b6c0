/** What V8 can tell of the process, in the formats of Chrome's developer tools. */
import { pause } from "../../base/scope.ts";
import { Readable } from "node:stream";
import { getHeapSnapshot } from "node:v8";

import { Inspector } from "./inspector.ts";

/** Bytes between two samples; V8's own default. */
const allocationInterval = 32 * 1024;

/** Where the processor time went: text of a `.cpuprofile`. Ends early when the client leaves. */
export async function cpuProfile(seconds: number, signal: AbortSignal): Promise<string> {
  using inspector = new Inspector();
  await inspector.call("Profiler.enable");
  await inspector.call("Profiler.start");
  await pause(seconds * 1000, signal);
  const { profile } = await inspector.call("Profiler.stop");
  await inspector.call("Profiler.disable");
  return JSON.stringify(profile);
}

/** Where memory was asked for, as far as it is still in use: text of a `.heapprofile`. */
export async function allocationProfile(seconds: number, signal: AbortSignal): Promise<string> {
  using inspector = new Inspector();
  await inspector.call("HeapProfiler.enable");
  await inspector.call("HeapProfiler.startSampling", { samplingInterval: allocationInterval });
  await pause(seconds * 1000, signal);
  const { profile } = await inspector.call("HeapProfiler.stopSampling");
  await inspector.call("HeapProfiler.disable");
  return JSON.stringify(profile);
}

/** Everything on the heap: a `.heapsnapshot`. The process stands still while it is taken. */
export function heapSnapshot(): ReadableStream<Uint8Array> {
  return Readable.toWeb(getHeapSnapshot()) as unknown as ReadableStream<Uint8Array>;
}
