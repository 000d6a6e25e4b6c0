/**
 * Ports that are free now, below those that systems give to clients (from 32768 on with Linux), so that nobody gets
 * one by chance before it is used. Another run of the tests still may: callers that start servers try again.
 */

const lowest = 10_000;
const highest = 32_000;
const tries = 1000;

export function freeTcpPort(): number {
  return freeTcpPorts(1)[0];
}

/** What `use` makes of a free port; of another one when somebody has taken it meanwhile. */
export function withFreeTcpPort<T>(use: (port: number) => T): T {
  for (let i = 1;; i++) {
    try {
      return use(freeTcpPort());
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || i === tries) throw error;
    }
  }
}

/** Different ones. */
export function freeTcpPorts(count: number): number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(find(1, tcpIsFree));
  return [...ports];
}

/** An even port whose successor is free too: RTP and RTCP. */
export function freeUdpPair(): number {
  return find(2, (port) => udpIsFree(port) && udpIsFree(port + 1));
}

function find(step: number, isFree: (port: number) => boolean): number {
  for (let i = 0; i < tries; i++) {
    const port = lowest + step * Math.floor(Math.random() * (highest - lowest) / step);
    if (isFree(port)) return port;
  }
  throw new Error(`no free port between ${lowest} and ${highest}`);
}

function tcpIsFree(port: number): boolean {
  return closes(() => Deno.listen({ hostname: "0.0.0.0", port }));
}

function udpIsFree(port: number): boolean {
  return closes(() => Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port }));
}

function closes(listen: () => { close(): void }): boolean {
  try {
    listen().close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
