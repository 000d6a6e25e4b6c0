import { Slab } from "../../../base/slab.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { Datagram, PacketBatch, UdpSocket } from "../../../net/udp/mod.ts";
import type { IceBase } from "./engine/base.ts";
import { RouteTable } from "./routes.ts";
import type { MuxSession } from "./session.ts";
import { candidatePriority, typePreference } from "./wire/candidate.ts";

/** A base that packets come in by, and who gets them. */
export interface Link extends IceBase {
  sessionOf(from: NetAddress): MuxSession | null;
  mayBind(from: NetAddress, session: MuxSession, now: number): boolean;
  bind(from: NetAddress, session: MuxSession, now: number): void;
  unbind(from: NetAddress, session: MuxSession): void;
}

/** What takes the packets of a link that arrived together. */
export type Deliver = (link: Link, packets: readonly Datagram[]) => void;

/** For links that copy what they send, or send it later. */
export const lastingRoom = new Slab();

/** The UDP socket that all sessions share. */
export class UdpLink implements Link {
  readonly kind = "udp";
  readonly priority: number = candidatePriority(typePreference.host, 65535);
  readonly name: string;
  readonly routes = new RouteTable<MuxSession>();
  readonly #families: { readonly ipv4: boolean; readonly ipv6: boolean };

  constructor(readonly socket: UdpSocket) {
    const { ip, port } = socket.address;
    this.name = `udp ${ip} ${port}`;
    this.#families = { ipv4: !ip.includes(":") || ip === "::", ipv6: ip.includes(":") };
  }

  canReach({ ip }: NetAddress): boolean {
    return ip.includes(":") ? this.#families.ipv6 : this.#families.ipv4;
  }

  room(size: number): Uint8Array {
    return this.socket.room(size);
  }

  send(batch: PacketBatch, to: NetAddress): void {
    this.socket.send(batch, to);
  }

  sessionOf(from: NetAddress): MuxSession | null {
    return this.routes.find(from);
  }

  mayBind(from: NetAddress, session: MuxSession, now: number): boolean {
    return this.routes.mayBind(from, session, now);
  }

  bind(from: NetAddress, session: MuxSession, now: number): void {
    this.routes.bind(from, session, now);
  }

  unbind(from: NetAddress, session: MuxSession): void {
    this.routes.unbind(from, session);
  }
}
