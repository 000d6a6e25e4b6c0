/** How the media of one section comes from a server: what is asked for in SETUP, and what follows from the answer. */
import { UserError } from "../../../base/errors.ts";
import type { NetAddress } from "../../../net/address.ts";
import { tryParseIp } from "../../../net/ip.ts";
import { bindUdp, type Datagram, type UdpOptions, type UdpSocket } from "../../../net/udp/mod.ts";
import { emptyReport, emptyRtp } from "../wire/firewall.ts";
import type { Transport } from "../wire/transport.ts";
import type { ClientConn } from "./conn.ts";

/** As in the configuration, without `automatic`. */
export type DeliveryKind = "udp" | "multicast" | "tcp";

/** The media of one section on its way in. */
export interface Delivery {
  /** For the Transport header of SETUP. */
  readonly offer: Transport;
  /** The answer of the server. Throws UserError when it is not what was asked for. */
  accept(answer: Transport): Promise<void>;
  /** PLAY has been answered, or is about to be. */
  openFirewall(): void;
  sendReport(report: Uint8Array): void;
  /** Settles when nothing more comes. */
  close(): Promise<void>;
}

/** Where packets go. */
export interface DeliveryTarget {
  rtp(packet: Uint8Array, now: number): void;
  rtcp(packet: Uint8Array, now: number): void;
  /** Everything that arrived together has been handed over. */
  flush(now: number): void;
}

/** What the sockets of UDP deliveries are opened with. */
export interface DatagramSettings extends Pick<UdpOptions, "readBufferSize" | "fastPath"> {
  /** Lowest and highest port. */
  readonly portRange: readonly number[];
  /** Packets count whatever port they come from. */
  readonly anyPort: boolean;
  /** A packet could not be handled: a defect, or a stream that cannot go on. */
  readonly onError: (error: unknown) => void;
}

/** Which channel means what. */
export type ChannelMap = Map<number, { readonly target: DeliveryTarget; readonly isRtcp: boolean }>;

/** Interleaved with the answers of the server. `channel`: the first of two that are asked for. */
export class InterleavedDelivery implements Delivery {
  readonly offer: Transport;
  #channels: readonly [number, number];

  constructor(
    private readonly conn: ClientConn,
    private readonly channels: ChannelMap,
    private readonly target: DeliveryTarget,
    channel: number,
  ) {
    this.#channels = [channel, channel + 1];
    this.offer = {
      profile: "AVP",
      protocol: "TCP",
      delivery: "unicast",
      interleaved: this.#channels,
      mode: "play",
    };
  }

  accept({ protocol, interleaved }: Transport): Promise<void> {
    if (protocol !== "TCP") throw new UserError("the server refuses to send the media over TCP");
    // Without the parameter the wish is granted.
    if (interleaved !== undefined) this.#channels = interleaved;
    const [rtp, rtcp] = this.#channels;
    if (this.channels.has(rtp) || this.channels.has(rtcp)) {
      throw new UserError(`the server sends several medias on the same channels (${rtp}-${rtcp})`);
    }
    this.channels.set(rtp, { target: this.target, isRtcp: false });
    if (rtcp !== rtp) this.channels.set(rtcp, { target: this.target, isRtcp: true });
    return Promise.resolve();
  }

  openFirewall(): void {}

  sendReport(report: Uint8Array): void {
    this.conn.sendFrame(this.#channels[1], report);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Sockets for RTP and RTCP, and what they receive. */
class SocketPair {
  #receiving: Promise<unknown> = Promise.resolve();

  constructor(readonly rtp: UdpSocket, readonly rtcp: UdpSocket) {}

  receive(
    target: DeliveryTarget,
    accepts: (from: NetAddress, isRtcp: boolean) => boolean,
    onError: (error: unknown) => void,
  ): void {
    const handle = (packets: readonly Datagram[], isRtcp: boolean) => {
      const now = Date.now();
      try {
        for (const { bytes, from } of packets) {
          if (!accepts(from, isRtcp)) continue;
          if (isRtcp) target.rtcp(bytes, now);
          else target.rtp(bytes, now);
        }
        target.flush(now);
      } catch (error) {
        onError(error);
      }
    };
    this.#receiving = Promise.all([
      this.rtp.receive((packets) => handle(packets, false)),
      this.rtcp.receive((packets) => handle(packets, true)),
    ]);
  }

  async close(): Promise<void> {
    this.rtp.close();
    this.rtcp.close();
    await this.#receiving;
  }
}

const bindTries = 100;

/** Even port for RTP, the next one for RTCP (RFC 3550 §11). */
async function bindPair(settings: DatagramSettings): Promise<SocketPair> {
  const [low = 0, high = 0] = settings.portRange;
  const first = low + low % 2;
  const pairs = Math.floor((Math.min(high, 65535) - first + 1) / 2);
  if (first < 1 || pairs < 1) {
    throw new UserError(`rtspUDPSourcePortRange: ${low} to ${high} has no pair of ports`);
  }
  const { readBufferSize, fastPath } = settings;
  const options = { hostname: "", readBufferSize, fastPath };
  const start = Math.floor(Math.random() * pairs);
  let last: unknown;
  for (let i = 0; i < Math.min(bindTries, pairs); i++) {
    const port = first + 2 * ((start + i) % pairs);
    try {
      const rtp = await bindUdp({ ...options, port });
      try {
        return new SocketPair(rtp, await bindUdp({ ...options, port: port + 1 }));
      } catch (error) {
        rtp.close();
        throw error;
      }
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** To a pair of ports of ours. */
export class UdpDelivery implements Delivery {
  readonly offer: Transport;
  #server: { readonly ip: string; readonly ports: readonly [number, number] | undefined } | null = null;

  private constructor(
    private readonly pair: SocketPair,
    private readonly target: DeliveryTarget,
    private readonly settings: DatagramSettings,
    private readonly serverIp: string,
  ) {
    const clientPort = [pair.rtp.address.port, pair.rtcp.address.port] as const;
    this.offer = { profile: "AVP", protocol: "UDP", delivery: "unicast", clientPort, mode: "play" };
  }

  static async open(
    conn: ClientConn,
    target: DeliveryTarget,
    settings: DatagramSettings,
  ): Promise<UdpDelivery> {
    return new UdpDelivery(await bindPair(settings), target, settings, conn.remote.ip);
  }

  accept({ delivery, serverPort, source }: Transport): Promise<void> {
    if (delivery === "multicast") {
      throw new UserError("the server sends by multicast only: set rtspTransport: multicast");
    }
    const { anyPort, onError } = this.settings;
    const ports = serverPort === undefined || serverPort[0] === 0 ? undefined : serverPort;
    if (ports === undefined && !anyPort) {
      throw new UserError(
        "the server does not tell its ports: set rtspAnyPort: yes to accept packets of any",
      );
    }
    // Of no use when it is a name, or the address behind a NAT that some cameras tell.
    const ip = source !== undefined && tryParseIp(source) !== undefined ? source : this.serverIp;
    this.#server = { ip: this.serverIp, ports };
    const ips = new Set([this.serverIp, ip]);
    const accepts = (from: NetAddress, isRtcp: boolean) =>
      ips.has(from.ip) && (anyPort || from.port === ports?.[isRtcp ? 1 : 0]);
    this.pair.receive(this.target, accepts, onError);
    return Promise.resolve();
  }

  openFirewall(): void {
    const server = this.#server;
    if (server?.ports === undefined) return;
    const { ip, ports } = server;
    this.pair.rtp.send({ bytes: emptyRtp, sizes: [emptyRtp.length] }, { ip, port: ports[0] });
    this.sendReport(emptyReport);
  }

  sendReport(report: Uint8Array): void {
    const server = this.#server;
    if (server?.ports === undefined) return;
    this.pair.rtcp.send({ bytes: report, sizes: [report.length] }, { ip: server.ip, port: server.ports[1] });
  }

  close(): Promise<void> {
    return this.pair.close();
  }
}

/** From a group that the server names. */
export class MulticastDelivery implements Delivery {
  readonly offer: Transport = { profile: "AVP", protocol: "UDP", delivery: "multicast", mode: "play" };
  #pair: SocketPair | null = null;
  #reports: NetAddress | null = null;

  constructor(
    private readonly conn: ClientConn,
    private readonly target: DeliveryTarget,
    private readonly settings: DatagramSettings,
  ) {}

  async accept({ delivery, destination, port, source }: Transport): Promise<void> {
    if (delivery !== "multicast" || destination === undefined || port === undefined) {
      throw new UserError("the server does not send by multicast");
    }
    const { readBufferSize, fastPath, onError } = this.settings;
    const { ip } = this.conn.local;
    // A server on this machine sends from the interface that its groups are routed to.
    const isLocal = this.conn.remote.ip === ip;
    const interfaceIp = ip.includes(":") || isLocal ? {} : { interfaceIp: ip };
    const options = {
      hostname: "",
      readBufferSize,
      fastPath,
      multicast: { group: destination, ...interfaceIp },
    };
    const rtp = await bindUdp({ ...options, port: port[0] });
    try {
      this.#pair = new SocketPair(rtp, await bindUdp({ ...options, port: port[1] }));
    } catch (error) {
      rtp.close();
      throw error;
    }
    this.#reports = { ip: destination, port: port[1] };
    const ips = new Set([this.conn.remote.ip, source ?? ""]);
    this.#pair.receive(this.target, (from) => isLocal || ips.has(from.ip), onError);
  }

  openFirewall(): void {}

  sendReport(report: Uint8Array): void {
    if (this.#reports !== null) {
      this.#pair?.rtcp.send({ bytes: report, sizes: [report.length] }, this.#reports);
    }
  }

  async close(): Promise<void> {
    await this.#pair?.close();
  }
}
