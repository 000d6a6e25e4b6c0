import { adminRefusal, type AuthManager } from "../../auth/mod.ts";
import type { Logger } from "../../base/logger.ts";
import { productName } from "../../base/product.ts";
import { errorAnswer, type HttpExchange, type HttpHandler, notFoundAnswer } from "../../net/http/mod.ts";
import { allocationProfile, cpuProfile, heapSnapshot } from "./profiles.ts";

const defaultSeconds = 30;
const maxSeconds = 300;
/** A snapshot takes about as much memory again, and a second of standstill for each 100 MiB. */
const maxSnapshotHeap = 1024 * 1024 * 1024;

const index = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${productName}: profiles</title>
<h1>Profiles</h1>
<p>Open the files with Chrome's developer tools: Performance for the first, Memory for the others.</p>
<ul>
<li><a href="/debug/pprof/profile?seconds=10">profile</a>: where the processor time goes (<code>seconds</code>: 1 to ${maxSeconds})</li>
<li><a href="/debug/pprof/allocs?seconds=10">allocs</a>: where memory is asked for (<code>seconds</code>)</li>
<li><a href="/debug/pprof/heap">heap</a>: everything in memory; the server stands still meanwhile</li>
</ul>
`;

/** Serves `/debug/pprof/`; one profile at a time. */
export function createProfiles(auth: AuthManager, logger: Logger): HttpHandler {
  let busy = false;
  return async (exchange) => {
    const refused = await adminRefusal(exchange, "pprof", auth, logger);
    if (refused !== null) return refused;
    if (exchange.request.method !== "GET") return notFoundAnswer();
    if (exchange.path === "/debug/pprof/" || exchange.path === "/debug/pprof") {
      return new Response(index, { headers: { "content-type": "text/html; charset=utf-8" } });
    }
    const kind = kinds[exchange.path];
    if (kind === undefined) return notFoundAnswer();
    const seconds = secondsOf(exchange);
    if (seconds === null) {
      return errorAnswer(400, `invalid seconds: a number from 1 to ${maxSeconds} is expected`);
    }
    if (busy) return errorAnswer(503, "another profile is being taken", { "retry-after": "30" });
    if (kind.suffix === "heapsnapshot" && Deno.memoryUsage().heapUsed > maxSnapshotHeap) {
      return errorAnswer(503, "the heap is too large for a snapshot");
    }
    busy = true;
    const done = () => busy = false;
    logger.info(`taking a profile: ${exchange.path}`);
    let body: string | ReadableStream<Uint8Array>;
    try {
      body = await kind.take(seconds, exchange.request.signal);
    } catch (error) {
      done();
      throw error;
    }
    if (typeof body === "string") done();
    return new Response(typeof body === "string" ? body : watched(body, done), {
      headers: {
        "content-type": "application/json",
        "content-disposition": `attachment; filename="${productName.toLowerCase()}.${kind.suffix}"`,
        "cache-control": "no-store",
      },
    });
  };
}

/** Calls `done` when all has been read, nothing more can be, or nobody wants more. */
export function watched(body: ReadableStream<Uint8Array>, done: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done: isOver } = await reader.read().catch((error) => {
        done();
        throw error;
      });
      if (!isOver) return controller.enqueue(value);
      done();
      controller.close();
    },
    cancel: async (reason) => {
      done();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

interface Kind {
  readonly suffix: "cpuprofile" | "heapprofile" | "heapsnapshot";
  take(seconds: number, signal: AbortSignal): Promise<string> | ReadableStream<Uint8Array>;
}

const kinds: Readonly<Record<string, Kind | undefined>> = {
  "/debug/pprof/profile": { suffix: "cpuprofile", take: cpuProfile },
  "/debug/pprof/allocs": { suffix: "heapprofile", take: allocationProfile },
  "/debug/pprof/heap": { suffix: "heapsnapshot", take: heapSnapshot },
};

/** Null when it is no number, or none in the bounds. */
function secondsOf({ query }: HttpExchange): number | null {
  const text = new URLSearchParams(query).get("seconds") ?? "";
  if (text === "") return defaultSeconds;
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= maxSeconds ? value : null;
}
