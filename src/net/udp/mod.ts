/** UDP sockets: `bindUdp` chooses the implementation. */
import { descriptors, libc, linux, setIntOption } from "../ffi/mod.ts";
import { parseIp } from "../ip.ts";
import { type ListenAddress, listenOn, systemErrorText } from "../listen_address.ts";
import { LinuxUdpSocket } from "./linux.ts";
import { PortableUdpSocket } from "./portable.ts";
import type { UdpOptions, UdpSocket } from "./socket.ts";
import { UserError } from "../../base/errors.ts";

export type { Datagram, PacketBatch, UdpGroup, UdpOptions, UdpSocket, UdpStats } from "./socket.ts";

type MulticastOptions = NonNullable<UdpOptions["multicast"]>;

/** All hosts (RFC 1112 §4): a group that everybody is in, joined for a moment where nothing else sets the TTL. */
const allHostsGroup = "224.0.0.1";

/**
 * Binds, and joins the multicast group if one is given. Multicast sockets have the family of the group (IPv4 without one) and
 * share their port with others, and
 * what they send also reaches receivers on this machine. `implementation` of the result says which one was chosen.
 * Throws UserError.
 */
export async function bindUdp(options: UdpOptions): Promise<UdpSocket> {
  const { multicast } = options;
  const everywhere = options.hostname === "" || options.hostname === "::";
  const anyOfFamily = multicast?.group?.includes(":") ? "::" : "0.0.0.0";
  const hostname = !everywhere ? options.hostname : multicast === undefined ? "" : anyOfFamily;
  const address: ListenAddress = { hostname, port: options.port };
  const socket = listenOn("udp", address, (systemName) =>
    Deno.listenDatagram({
      transport: "udp",
      hostname: systemName,
      port: options.port,
      reuseAddress: multicast !== undefined,
      loopback: multicast !== undefined,
    }));
  const library = options.fastPath === "auto" ? libc() : undefined;
  const { hostname: ip, port } = socket.addr as Deno.NetAddr;
  const descriptor = library === undefined ? undefined : descriptors()?.claim("udp", { ip, port });
  try {
    if (multicast !== undefined) await applyMulticast(socket, multicast, descriptor);
  } catch (error) {
    if (descriptor !== undefined) descriptors()?.release(descriptor);
    socket.close();
    const group = multicast?.group ?? "multicast";
    throw new UserError(`unable to join ${group} on port ${options.port}: ${systemErrorText(error)}`);
  }
  if (library === undefined || descriptor === undefined) return new PortableUdpSocket(socket, options);
  return new LinuxUdpSocket(socket, options, library, descriptor);
}

async function applyMulticast(
  socket: Deno.DatagramConn,
  { group, interfaceIp, interfaceIndex, ttl }: MulticastOptions,
  descriptor: number | undefined,
): Promise<void> {
  if (group?.includes(":")) {
    await socket.joinMulticastV6(group, interfaceIndex ?? 0);
    const library = libc();
    if (library !== undefined && descriptor !== undefined) {
      setIntOption(library, descriptor, linux.IPPROTO_IPV6, linux.IPV6_MULTICAST_ALL, 0);
    }
    return;
  }
  const at = interfaceIp ?? "0.0.0.0";
  const membership = group === undefined ? undefined : await socket.joinMulticastV4(group, at);
  const library = libc();
  if (library !== undefined && descriptor !== undefined) {
    const set = (name: number, value: number) =>
      setIntOption(library, descriptor, linux.IPPROTO_IP, name, value);
    // Without this, groups that other sockets have joined come in too when they use the same port.
    set(linux.IP_MULTICAST_ALL, 0);
    if (ttl !== undefined) set(linux.IP_MULTICAST_TTL, ttl);
    if (interfaceIp !== undefined) {
      library.setsockopt(descriptor, linux.IPPROTO_IP, linux.IP_MULTICAST_IF, parseIp(interfaceIp), 4);
    }
    return;
  }
  if (ttl === undefined) return;
  const helper = membership ?? await socket.joinMulticastV4(allHostsGroup, at);
  await helper.setTTL(ttl);
  if (membership === undefined) await helper.leave();
}
