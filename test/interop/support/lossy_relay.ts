import { Random } from "../../support/random.ts";

export interface LossyLink {
  /** Milliseconds there and back. */
  readonly roundTripMs: number;
  /** Of each packet and way, 0…1. */
  readonly loss: number;
  readonly seed: number;
}

/** UDP between clients and a server, late and with losses. `close` ends it. */
export class LossyRelay implements AsyncDisposable {
  readonly #outside: Deno.DatagramConn;
  readonly #inside = new Map<string, Deno.DatagramConn>();
  readonly #tasks: Promise<void>[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #random: Random;
  lost = 0;
  carried = 0;
  #closed = false;

  constructor(private readonly serverPort: number, private readonly link: LossyLink) {
    this.#random = new Random(link.seed);
    this.#outside = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    this.#tasks.push(this.#pump(this.#outside, (bytes, from) => {
      const inside = this.#insideOf(from);
      this.#later(() => inside.send(bytes, this.#server));
    }));
  }

  get port(): number {
    return (this.#outside.addr as Deno.NetAddr).port;
  }

  get #server(): Deno.NetAddr {
    return { transport: "udp", hostname: "127.0.0.1", port: this.serverPort };
  }

  /** Each client has an own port towards the server, as through a router. */
  #insideOf(client: Deno.NetAddr): Deno.DatagramConn {
    const key = `${client.hostname} ${client.port}`;
    let inside = this.#inside.get(key);
    if (inside === undefined) {
      inside = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      this.#inside.set(key, inside);
      this.#tasks.push(this.#pump(inside, (bytes) => this.#later(() => this.#outside.send(bytes, client))));
    }
    return inside;
  }

  async #pump(
    socket: Deno.DatagramConn,
    each: (bytes: Uint8Array, from: Deno.NetAddr) => void,
  ): Promise<void> {
    while (!this.#closed) {
      try {
        const [bytes, from] = await socket.receive(new Uint8Array(2048));
        if (this.#random.next() < this.link.loss) this.lost++;
        else each(bytes, from as Deno.NetAddr);
      } catch {
        // Closed, or the client is gone.
      }
    }
  }

  #later(send: () => Promise<number>): void {
    this.carried++;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closed) send().catch(() => {});
    }, this.link.roundTripMs / 2);
    this.#timers.add(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#outside.close();
    for (const socket of this.#inside.values()) socket.close();
    await Promise.all(this.#tasks);
  }
}
