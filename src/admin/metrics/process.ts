/** Figures of the process, under the names that Prometheus' client libraries use where they have one. */
import process from "node:process";
import { productVersion } from "../../base/product.ts";
import type { EventLoopDelay } from "./event_loop.ts";
import type { Family } from "./exposition.ts";

/** `started` in milliseconds since 1970. */
export function processFamilies(started: number, delay: EventLoopDelay): Family[] {
  const { rss, heapTotal, heapUsed, external } = Deno.memoryUsage();
  const { user, system } = process.cpuUsage();
  const gauge = (name: string, help: string, value: number): Family => ({
    name,
    type: "gauge",
    help,
    samples: [{ labels: {}, value }],
  });
  const quantiles = delay.quantiles();
  return [
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "Processor time, user and system.",
      samples: [{ labels: {}, value: (user + system) / 1e6 }],
    },
    gauge("process_start_time_seconds", "Start of the process since 1970.", started / 1000),
    gauge("process_resident_memory_bytes", "Memory that the process holds.", rss),
    gauge("process_heap_bytes", "Memory of the JavaScript heap.", heapTotal),
    gauge("process_heap_used_bytes", "What of it is in use.", heapUsed),
    gauge("process_external_memory_bytes", "Memory of buffers outside of the heap.", external),
    {
      name: "event_loop_delay_seconds",
      type: "gauge",
      help: "How late timers have fired in the last minute.",
      samples: Object.entries(quantiles).map(([quantile, value]) => ({ labels: { quantile }, value })),
    },
    {
      name: "build_info",
      type: "gauge",
      help: "Version of the server.",
      samples: [{
        labels: { version: productVersion, deno: Deno.version.deno, v8: Deno.version.v8 },
        value: 1,
      }],
    },
  ];
}
