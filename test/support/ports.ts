/**
 * Ports that are free now, below those that systems give to clients (from 32768 on with Linux), so that nobody gets
 * one by chance before it is used. Each file of tests has a block of them for itself, also against other runs on the
 * machine, and no port of it comes twice: a port stays with its server, whether that listens or not.
 */

const lowest = 10_000;
const blockSize = 500;
const blocks = 44;
const tries = 1000;

interface Block {
  readonly first: number;
  /** Holds the block as long as this file of tests runs: nobody else can listen there. */
  readonly claim: Deno.Listener;
}

/** On loading, so that the leak sanitizers of tests do not see it. */
const block = claimBlock();
const given = new Set<number>();

function claimBlock(): Block {
  for (let i = 0; i < blocks; i++) {
    const first = lowest + i * blockSize;
    try {
      return { first, claim: Deno.listen({ hostname: "127.0.0.1", port: first }) };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`all ${blocks} blocks of ports are in use`);
}

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

/** What `use` makes of a port that others may hold for a moment while they look for a free one. */
export async function whenFree<T>(use: () => T): Promise<T> {
  for (let i = 1;; i++) {
    try {
      return use();
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || i === tries) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Different ones. */
export function freeTcpPorts(count: number): number[] {
  return Array.from({ length: count }, () => find(1, tcpIsFree));
}

/** An even port whose successor is free too: RTP and RTCP. */
export function freeUdpPair(): number {
  return find(2, (port) => udpIsFree(port) && udpIsFree(port + 1));
}

function find(size: 1 | 2, isFree: (port: number) => boolean): number {
  for (let i = 0; i < 2 * tries; i++) {
    // Hardly any is left that nobody has had.
    if (i === tries) given.clear();
    // Not in order: ports that were closed a moment ago are left alone.
    const port = block.first + size + size * Math.floor(Math.random() * (blockSize / size - 1));
    const ports = size === 1 ? [port] : [port, port + 1];
    if (ports.some((one) => given.has(one)) || !isFree(port)) continue;
    for (const one of ports) given.add(one);
    return port;
  }
  throw new Error(`no free port from ${block.first} on`);
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
