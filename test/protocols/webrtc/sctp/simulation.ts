/** Two peers over a wire with a delay, losses and reordering, in a time of its own. */
import { DataChannels, type DataChannelsOptions } from "../../../../src/protocols/webrtc/sctp/mod.ts";
import { Random } from "../../../support/random.ts";

export const mtu = 1163;

export interface WireOptions {
  readonly seed: number;
  /** Of each packet, 0 to 1. */
  readonly loss: number;
  readonly delayMs: number;
  /** Added by chance: packets overtake each other. */
  readonly jitterMs: number;
}

type Side = "server" | "client";

export interface Received {
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly kind: "text" | "binary";
}

const stepMs = 5;
const ticksEveryMs = 100;

export class Simulation {
  now = 0;
  readonly received: { server: Received[]; client: Received[] } = { server: [], client: [] };
  readonly closeReasons: { server: string[]; client: string[] } = { server: [], client: [] };
  readonly packets: Uint8Array[] = [];
  readonly server: DataChannels;
  readonly client: DataChannels;
  readonly #random: Random;
  #wire: { to: Side; at: number; bytes: Uint8Array }[] = [];
  /** Nothing arrives. */
  cut = false;

  constructor(private readonly options: WireOptions, extra: Partial<DataChannelsOptions> = {}) {
    this.#random = new Random(options.seed);
    this.server = this.#create("server", extra);
    this.client = this.#create("client", extra);
  }

  #create(role: Side, extra: Partial<DataChannelsOptions>): DataChannels {
    const to = role === "server" ? "client" : "server";
    return new DataChannels({
      role,
      mtu,
      send: (bytes) => this.#send(to, bytes),
      onMessage: ({ label }, bytes, kind) => this.received[role].push({ label, bytes: bytes.slice(), kind }),
      onClose: (reason) => this.closeReasons[role].push(reason),
      random: (size) => this.#random.bytes(size),
      ...extra,
    }, this.now);
  }

  #send(to: Side, bytes: Uint8Array): void {
    if (bytes.length > mtu) throw new Error(`a packet of ${bytes.length} bytes`);
    this.packets.push(bytes);
    if (this.cut || this.#random.next() < this.options.loss) return;
    const at = this.now + this.options.delayMs + this.#random.int(this.options.jitterMs + 1);
    this.#wire.push({ to, at, bytes });
  }

  /** Until `done`, or for so long; false when the time ran out. */
  run(limitMs: number, done: () => boolean = () => false): boolean {
    for (const end = this.now + limitMs; this.now < end; this.now += stepMs) {
      if (done()) return true;
      const due = this.#wire.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at);
      this.#wire = this.#wire.filter(({ at }) => at > this.now);
      for (const { to, bytes } of due) this[to].receive(bytes, this.now);
      if (this.now % ticksEveryMs !== 0) continue;
      this.server.tick(this.now);
      this.client.tick(this.now);
    }
    return done();
  }
}

export const goodWire: WireOptions = { seed: 1, loss: 0, delayMs: 10, jitterMs: 0 };
