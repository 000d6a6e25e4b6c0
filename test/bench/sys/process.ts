/** What the process table says about a process, threads included. Linux. */

/** `sysconf(_SC_CLK_TCK)`, 100 on every Linux that Deno runs on. */
const ticksPerSecond = 100;

export interface CpuTime {
  readonly userSeconds: number;
  readonly systemSeconds: number;
}

/** `/proc/<pid>/stat`, fields 14 and 15 (proc(5)); the command in parentheses may hold spaces and parentheses. */
export function parseCpuTime(stat: string): CpuTime {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    userSeconds: Number(fields[11]) / ticksPerSecond,
    systemSeconds: Number(fields[12]) / ticksPerSecond,
  };
}

/** `VmRSS` of `/proc/<pid>/status`, in bytes. */
export function parseResidentBytes(status: string): number {
  const match = status.match(/^VmRSS:\s+(\d+) kB$/m);
  if (match === null) throw new Error("no VmRSS: has the process ended?");
  return Number(match[1]) * 1024;
}

export function cpuTime(pid: number): CpuTime {
  return parseCpuTime(Deno.readTextFileSync(`/proc/${pid}/stat`));
}

export function residentBytes(pid: number): number {
  return parseResidentBytes(Deno.readTextFileSync(`/proc/${pid}/status`));
}

export function cpuSecondsBetween(before: CpuTime, after: CpuTime): number {
  return after.userSeconds + after.systemSeconds - before.userSeconds - before.systemSeconds;
}

/** Binds all threads of a process to one core. */
export async function pinProcess(pid: number, core: number): Promise<void> {
  const { success, stderr } = await new Deno.Command("taskset", {
    args: ["-a", "-p", "-c", String(core), String(pid)],
    stdout: "null",
  }).output();
  if (!success) {
    throw new Error(`can't pin process ${pid} to core ${core}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
