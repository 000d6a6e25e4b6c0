/**
 * A bad network between UDP clients and a server, both on 127.0.0.1: packets are lost, come twice, or are overtaken by
 * others. The same seed gives the same fate to the n-th packet of a direction.
 */
import { Random } from "../../support/random.ts";

/** Parts of all packets, in each direction. */
export interface Trouble {
  readonly lost: number;
  readonly twice?: number;
  /** Held back until two others have passed, or for `heldMs`. */
  readonly late?: number;
}

const heldPackets = 2;
const heldMs = 20;
const host = "127.0.0.1";

type Send = (bytes: Uint8Array) => void;

interface Held {
  readonly bytes: Uint8Array;
  /** Packets that are still to pass. */
  left: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** One direction. */
class Leg {
  readonly #held: Held[] = [];
  readonly #random: Random;
  passed = 0;
  lost = 0;

  constructor(private readonly trouble: Trouble, seed: number, private readonly send: Send) {
    this.#random = new Random(seed);
  }

  take(bytes: Uint8Array): void {
    const { lost, twice = 0, late = 0 } = this.trouble;
    // Always three draws: what happens to one packet does not change what happens to the next.
    const [loss, copy, delay] = [this.#random.next(), this.#random.next(), this.#random.next()];
    if (loss < lost) this.lost++;
    else if (delay < late) this.#hold(bytes);
    else {
      this.passed++;
      this.send(bytes);
      if (copy < twice) this.send(bytes);
      this.#letGo();
    }
  }

  #hold(bytes: Uint8Array): void {
    const held: Held = { bytes, left: heldPackets, timer: setTimeout(() => this.#release(held), heldMs) };
    this.#held.push(held);
  }

  #letGo(): void {
    for (const held of [...this.#held]) if (--held.left === 0) this.#release(held);
  }

  #release(held: Held): void {
    clearTimeout(held.timer);
    this.#held.splice(this.#held.indexOf(held), 1);
    this.passed++;
    this.send(held.bytes);
  }

  close(): void {
    for (const { timer } of this.#held.splice(0)) clearTimeout(timer);
  }
}

interface Way {
  readonly upstream: Deno.DatagramConn;
  readonly there: Leg;
  readonly back: Leg;
}

/** Clients send to `port`; the server sees a port of its own for each of them. */
export class UdpRelay implements AsyncDisposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: host, port: 0 });
  readonly #ways = new Map<string, Way>();
  readonly #tasks: Promise<void>[] = [];

  constructor(
    private readonly serverPort: number,
    private readonly trouble: Trouble,
    private readonly seed: number,
  ) {
    this.#tasks.push(this.#run());
  }

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  /** Packets of both directions together. */
  get counts(): { readonly passed: number; readonly lost: number } {
    const legs = [...this.#ways.values()].flatMap(({ there, back }) => [there, back]);
    const sum = (name: "passed" | "lost") => legs.reduce((total, leg) => total + leg[name], 0);
    return { passed: sum("passed"), lost: sum("lost") };
  }

  async #run(): Promise<void> {
    for await (const [bytes, from] of this.#socket) {
      const client = from as Deno.NetAddr;
      const key = `${client.hostname} ${client.port}`;
      let way = this.#ways.get(key);
      if (way === undefined) this.#ways.set(key, way = this.#open(client));
      way.there.take(bytes);
    }
  }

  #open(client: Deno.NetAddr): Way {
    const upstream = Deno.listenDatagram({ transport: "udp", hostname: host, port: 0 });
    const server: Deno.NetAddr = { transport: "udp", hostname: host, port: this.serverPort };
    // A client that is gone is told so by the system; that is its own business.
    const sender = (socket: Deno.DatagramConn, to: Deno.NetAddr): Send => (bytes) =>
      void socket.send(bytes, to).catch(() => {});
    const back = new Leg(this.trouble, this.seed + 1, sender(this.#socket, client));
    this.#tasks.push((async () => {
      for await (const [bytes] of upstream) back.take(bytes);
    })());
    return { upstream, back, there: new Leg(this.trouble, this.seed, sender(upstream, server)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    for (const { upstream, there, back } of this.#ways.values()) {
      upstream.close();
      there.close();
      back.close();
    }
    await Promise.all(this.#tasks);
  }
}
