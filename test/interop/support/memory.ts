import { residentBytes } from "../../bench/sys/process.ts";
import { ok } from "../../support/assert.ts";

const limitMs = 180_000;
const slack = 96 * 1024 * 1024;

/** Resolves when the process has hardly more memory than `before`, in bytes. */
export async function memoryReturns(pid: number, before: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  let now = residentBytes(pid);
  while (now > before + slack && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    now = residentBytes(pid);
  }
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  ok(now <= before + slack, `${mebibytes(before)} MiB before, ${mebibytes(now)} MiB after`);
}
