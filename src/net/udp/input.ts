/** UDP packets that come to an address of ours, or to a multicast group: what a URL such as `udp+rtp://` means. */
import { UserError } from "../../base/errors.ts";
import { ipText, tryParseIp } from "../ip.ts";
import { bindUdp } from "./mod.ts";
import type { Datagram, UdpOptions, UdpSocket } from "./socket.ts";

/** Where packets come to, and from whom. */
export interface UdpInputAddress {
  /** Name or address, IPv6 without brackets; a multicast group is joined. */
  readonly hostname: string;
  readonly port: number;
  /** Only packets of this sender count: an IP address in canonical text. */
  readonly source?: string;
  /** Name of the network interface of the group. */
  readonly interfaceName?: string;
}

/**
 * `scheme://host:port?source=IP&interface=name`. Other parameters are refused, so that nobody waits in vain for what a
 * misspelt one should do. Throws UserError.
 */
export function parseUdpInputUrl(url: string): UdpInputAddress {
  const found =
    /^[A-Za-z0-9+.-]+:\/\/(?:[^@/?#]*@)?(?:\[([^\]]+)\]|([^:/?#[\]]+)):(\d{1,5})\/?(?:\?([^#]*))?$/.exec(url);
  if (found === null) {
    throw new UserError("invalid URL: expected scheme://host:port?source=IP&interface=name");
  }
  const port = Number(found[3]);
  if (port === 0 || port > 65535) throw new UserError(`invalid port: ${found[3]}`);
  const parameters = new URLSearchParams(found[4] ?? "");
  for (const name of parameters.keys()) {
    // FFmpeg's own, in URLs that were written for it; what they do has no meaning here or a key of its own.
    if (ffmpegParameters.has(name)) continue;
    if (name !== "source" && name !== "interface") {
      throw new UserError(`invalid URL: unknown parameter '${name}'`);
    }
  }
  const source = parameters.get("source");
  const sourceIp = source === null ? undefined : tryParseIp(source);
  if (source !== null && sourceIp === undefined) {
    throw new UserError(`invalid source: '${source}' is no IP address`);
  }
  const interfaceName = parameters.get("interface");
  return {
    hostname: (found[1] ?? found[2]).replace(/%25.*$/, ""),
    port,
    ...(sourceIp === undefined ? {} : { source: ipText(sourceIp) }),
    ...(interfaceName === null ? {} : { interfaceName }),
  };
}

const ffmpegParameters = new Set([
  "pkt_size",
  "buffer_size",
  "fifo_size",
  "overrun_nonfatal",
  "reuse",
  "ttl",
]);

/** Of the options of a socket, what a configuration says. */
export type UdpInputOptions = Pick<UdpOptions, "readBufferSize" | "fastPath">;

/** Binds, and joins the group. Throws UserError. */
export function openUdpInput(address: UdpInputAddress, options: UdpInputOptions): Promise<UdpSocket> {
  const { hostname, port, interfaceName } = address;
  if (!isMulticast(hostname)) {
    if (interfaceName !== undefined) throw new UserError("interface: is for multicast addresses only");
    return bindUdp({ hostname, port, ...options });
  }
  const at = interfaceName === undefined ? {} : findInterface(interfaceName, hostname.includes(":"));
  return bindUdp({ hostname: "", port, multicast: { group: hostname, ...at }, ...options });
}

/**
 * Hands packets over as they come, until `signal` is aborted. Rejects with what `onBatch` throws.
 */
export async function receiveUdpInput(
  address: UdpInputAddress,
  options: UdpInputOptions,
  signal: AbortSignal,
  onBatch: (packets: readonly Datagram[]) => void,
): Promise<void> {
  let failure: { readonly error: unknown } | null = null;
  // Errors of the system (a peer that refuses what we never sent) pass; whoever waits for packets notices their absence.
  const socket = await openUdpInput(address, options);
  const stop = () => socket.close();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const { source } = address;
  await socket.receive((packets) => {
    try {
      onBatch(source === undefined ? packets : packets.filter(({ from }) => from.ip === source));
    } catch (error) {
      failure ??= { error };
      stop();
    }
  }).finally(() => signal.removeEventListener("abort", stop));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

function isMulticast(hostname: string): boolean {
  const ip = tryParseIp(hostname);
  if (ip === undefined) return false;
  return ip.length === 4 ? ip[0] >> 4 === 0x0e : ip[0] === 0xff;
}

function findInterface(name: string, ipv6: boolean): { interfaceIp: string } | { interfaceIndex: number } {
  const all = Deno.networkInterfaces().filter((one) => one.name === name);
  if (all.length === 0) throw new UserError(`there is no network interface '${name}'`);
  if (ipv6) {
    const index = all.find(({ scopeid }) => scopeid !== null && scopeid !== 0)?.scopeid;
    // Loopback has no address with a scope.
    if (index === undefined || index === null) {
      throw new UserError(`network interface '${name}' has no link-local IPv6 address`);
    }
    return { interfaceIndex: index };
  }
  const address = all.find(({ family }) => family === "IPv4")?.address;
  if (address === undefined) throw new UserError(`network interface '${name}' has no IPv4 address`);
  return { interfaceIp: address };
}
