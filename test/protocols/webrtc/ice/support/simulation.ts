/** Agents on a network of our own, in a time of our own: the same seed gives the same run. */
import type { NetAddress } from "../../../../../src/net/address.ts";
import type { PacketBatch } from "../../../../../src/net/udp/socket.ts";
import type { IceCandidate, IceState } from "../../../../../src/protocols/webrtc/contracts.ts";
import { IceAgent } from "../../../../../src/protocols/webrtc/ice/engine/agent.ts";
import type { IceBase } from "../../../../../src/protocols/webrtc/ice/engine/base.ts";
import { candidatePriority } from "../../../../../src/protocols/webrtc/ice/wire/candidate.ts";
import { parseStun } from "../../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { Random } from "../../../../support/random.ts";

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** What a packet meets on its way. */
export type Filter = (from: NetAddress, to: NetAddress) => boolean;

const addressKey = ({ ip, port }: NetAddress) => `${ip} ${port}`;

export class Network {
  now = 0;
  /** 0–1. */
  loss = 0;
  /** False drops the packet. */
  filter: Filter = () => true;
  readonly random: Random;
  #events: Event[] = [];
  readonly #hosts = new Map<string, (from: NetAddress, bytes: Uint8Array) => void>();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  attach(address: NetAddress, receive: (from: NetAddress, bytes: Uint8Array) => void): void {
    this.#hosts.set(addressKey(address), receive);
  }

  at(time: number, run: () => void): void {
    this.#events.push({ at: time, run });
  }

  send(from: NetAddress, to: NetAddress, bytes: Uint8Array): void {
    if (this.random.next() < this.loss || !this.filter(from, to)) return;
    const delay = 10 + this.random.int(30);
    const copy = bytes.slice();
    this.at(this.now + delay, () => this.#hosts.get(addressKey(to))?.(from, copy));
  }

  /** Runs what happens until `end`, or until `done` is true; says whether it became true. */
  run(end: number, done: () => boolean = () => false): boolean {
    while (!done()) {
      let next = 0;
      for (let i = 1; i < this.#events.length; i++) if (this.#events[i].at < this.#events[next].at) next = i;
      const event = this.#events[next];
      if (event === undefined || event.at > end) {
        this.now = end;
        return false;
      }
      this.#events.splice(next, 1);
      this.now = Math.max(this.now, event.at);
      event.run();
    }
    return true;
  }
}

class Socket implements IceBase {
  readonly kind = "udp";
  readonly name: string;

  constructor(private readonly network: Network, readonly address: NetAddress, readonly priority: number) {
    this.name = addressKey(address);
  }

  canReach(to: NetAddress): boolean {
    return to.ip.includes(":") === this.address.ip.includes(":");
  }

  room(size: number): Uint8Array {
    return new Uint8Array(size);
  }

  send({ bytes, sizes }: PacketBatch, to: NetAddress): void {
    let at = 0;
    for (const size of sizes) this.network.send(this.address, to, bytes.slice(at, at += size));
  }
}

export interface EndOptions {
  readonly addresses: readonly NetAddress[];
  readonly lite?: boolean;
  readonly controlling?: boolean;
  readonly tieBreaker?: bigint;
}

/** One agent with its sockets. */
export class End {
  readonly agent: IceAgent;
  readonly states: IceState[] = [];
  readonly candidates: readonly IceCandidate[];
  readonly forgotten: string[] = [];
  readonly sockets: readonly Socket[];
  #dueAt = Infinity;
  #credentials = 0;

  constructor(private readonly network: Network, readonly name: string, options: EndOptions) {
    const { random } = network;
    this.agent = new IceAgent({
      lite: options.lite ?? false,
      controlling: options.controlling ?? false,
      local: this.newCredentials(),
      tieBreaker: options.tieBreaker ?? BigInt(random.int(2 ** 31)),
      newTransactionId: () => random.bytes(12),
      random: () => random.next(),
      events: {
        onState: (state) => this.states.push(state),
        onHeard: () => {},
        onForgotten: ({ ufrag }) => this.forgotten.push(ufrag),
      },
    });
    this.sockets = options.addresses.map((address, i) =>
      new Socket(network, address, candidatePriority(126, 65535 - i))
    );
    for (const socket of this.sockets) {
      this.agent.addBase(socket);
      network.attach(socket.address, (from, bytes) => {
        this.agent.receive(socket, from, parseStun(bytes), network.now);
        this.wake();
      });
    }
    this.candidates = this.sockets.map(({ address, priority }, i) => ({
      foundation: `${i}`,
      component: 1,
      transport: "udp",
      priority,
      host: address.ip,
      port: address.port,
      type: "host",
      relatedAddress: null,
      tcpType: null,
    }));
  }

  newCredentials() {
    return {
      ufrag: `${this.name}${this.#credentials++}`,
      password: `password of ${this.name}${this.#credentials}`,
    };
  }

  get state(): IceState {
    return this.agent.state;
  }

  /** Both ends of the selected pair. */
  get selected(): string | null {
    const pair = this.agent.selected;
    return pair === null ? null : `${pair.base.name} ${addressKey(pair.remote)}`;
  }

  wake(): void {
    this.#tick();
  }

  #tick(): void {
    const due = this.agent.tick(this.network.now);
    if (due === this.#dueAt || due === Infinity) return;
    this.#dueAt = due;
    this.network.at(due, () => {
      if (this.#dueAt === due) this.#tick();
    });
  }
}

/** Exchanges descriptions, as signalling would. */
export function introduce(network: Network, a: End, b: End): void {
  a.agent.start(b.agent.local, b.candidates, network.now);
  b.agent.start(a.agent.local, a.candidates, network.now);
  a.wake();
  b.wake();
}
