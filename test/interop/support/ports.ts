/** Ports that are free now. Somebody may take one before it is used: callers that start servers try again. */

const pairTries = 200;

export function freeTcpPort(): number {
  return freeTcpPorts(1)[0];
}

/** Different ones. */
export function freeTcpPorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "0.0.0.0", port: 0 }));
  return listeners.map((listener) => {
    listener.close();
    return (listener.addr as Deno.NetAddr).port;
  });
}

function udpIsFree(port: number): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** An even port whose successor is free too: RTP and RTCP. */
export function freeUdpPair(): number {
  for (let i = 0; i < pairTries; i++) {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    const port = (socket.addr as Deno.NetAddr).port & ~1;
    socket.close();
    if (port > 1024 && udpIsFree(port) && udpIsFree(port + 1)) return port;
  }
  throw new Error("no free pair of UDP ports");
}
