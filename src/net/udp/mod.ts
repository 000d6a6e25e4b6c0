/** UDP sockets: `bindUdp` chooses the implementation. */
import type { ListenAddress } from "../listen_address.ts";
import { listenOn } from "../listen_address.ts";
import { PortableUdpSocket } from "./portable.ts";
import type { UdpOptions, UdpSocket } from "./socket.ts";

export type { Datagram, PacketBatch, UdpGroup, UdpOptions, UdpSocket, UdpStats } from "./socket.ts";

/**
 * Binds at once, except that joining a multicast group takes a moment. Throws UserError.
 * `implementation` of the result says which one was chosen.
 */
export async function bindUdp(options: UdpOptions): Promise<UdpSocket> {
  const group = options.multicast?.group;
  const address: ListenAddress = {
    hostname: options.hostname === "::" ? "" : options.hostname,
    port: options.port,
  };
  const socket = listenOn("udp", address, (hostname) =>
    Deno.listenDatagram({
      transport: "udp",
      hostname,
      port: options.port,
      // Several receivers of one group share its port.
      reuseAddress: group !== undefined,
      loopback: options.multicast !== undefined,
    }));
  await 0;
  return new PortableUdpSocket(socket, options);
}
