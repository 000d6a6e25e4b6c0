/** A relayed address as a way out, shared by all sessions of a mux. */
import type { NetAddress } from "../../../net/address.ts";
import type { Datagram, PacketBatch } from "../../../net/udp/mod.ts";
import type { TurnAllocation } from "./engine/turn_allocation.ts";
import { lastingRoom, type Link } from "./link.ts";
import { RouteTable } from "./routes.ts";
import type { MuxSession } from "./session.ts";
import { candidatePriority, typePreference } from "./wire/candidate.ts";

/** Servers that are reached with less delay come first. */
const localPreference = { udp: 65535, tcp: 65534, tls: 65533 } as const;

export class RelayLink implements Link {
  readonly kind = "relay";
  readonly priority: number;
  readonly name: string;
  readonly #routes = new RouteTable<MuxSession>();
  #received: Datagram[] = [];

  constructor(
    private readonly allocation: TurnAllocation,
    readonly relayed: NetAddress,
    readonly mapped: NetAddress | null,
    transport: keyof typeof localPreference,
    private readonly now: () => number,
  ) {
    this.priority = candidatePriority(typePreference.relay, localPreference[transport]);
    this.name = `relay ${relayed.ip} ${relayed.port}`;
  }

  canReach({ ip }: NetAddress): boolean {
    return ip.includes(":") === this.relayed.ip.includes(":");
  }

  room(size: number): Uint8Array {
    return lastingRoom.take(size);
  }

  send(batch: PacketBatch, to: NetAddress): void {
    this.allocation.send(batch, to);
  }

  /** True for the first one since `takeReceived`. */
  receive(from: NetAddress, bytes: Uint8Array): boolean {
    return this.#received.push({ bytes, from }) === 1;
  }

  takeReceived(): readonly Datagram[] {
    const received = this.#received;
    this.#received = [];
    return received;
  }

  sessionOf(from: NetAddress): MuxSession | null {
    return this.#routes.find(from);
  }

  mayBind(from: NetAddress, session: MuxSession, now: number): boolean {
    return this.#routes.mayBind(from, session, now);
  }

  bind(from: NetAddress, session: MuxSession, now: number): void {
    this.#routes.bind(from, session, now);
    this.allocation.bindChannel(from, this.now());
  }

  unbind(from: NetAddress, session: MuxSession): void {
    this.#routes.unbind(from, session);
  }
}
