/** A caller and a listener joined by a simulated link. Times in microseconds; nothing waits. */
import { CallerHandshake, type CallerOptions } from "../../../../src/protocols/srt/engine/caller.ts";
import {
  Connection,
  type ConnectionOptions,
  type ConnectionSettings,
} from "../../../../src/protocols/srt/engine/connection.ts";
import { defaultKeyRefresh } from "../../../../src/protocols/srt/engine/keys.ts";
import {
  acceptRequest,
  ListenerHandshake,
  rejectRequest,
  restamp,
  unlockRequest,
} from "../../../../src/protocols/srt/engine/listener.ts";
import { unlimitedBandwidth } from "../../../../src/protocols/srt/engine/pacing.ts";
import { destinationOf } from "../../../../src/protocols/srt/wire/packet.ts";
import { portableCrypto } from "../../../../src/rtp/srtp/portable_crypto.ts";
import type { Random } from "../../../support/random.ts";

/** What one direction does to packets; probabilities in 0…1, times in µs. */
export interface LinkConditions {
  readonly delay: number;
  readonly jitter: number;
  readonly loss: number;
  readonly duplication: number;
  /** Probability that a burst of losses begins, and its length in packets. */
  readonly burst: number;
  readonly burstLength: number;
}

export const perfectLink: LinkConditions = {
  delay: 100,
  jitter: 0,
  loss: 0,
  duplication: 0,
  burst: 0,
  burstLength: 0,
};

class Link {
  #bursting = 0;

  constructor(private readonly random: Random, public conditions: LinkConditions) {}

  /** Arrival times of the copies of a packet that is sent at `now`. */
  carry(now: number): number[] {
    const { delay, jitter, loss, duplication, burst, burstLength } = this.conditions;
    if (this.#bursting > 0) {
      this.#bursting--;
      return [];
    }
    if (this.random.next() < burst) this.#bursting = 1 + this.random.int(burstLength);
    if (this.random.next() < loss) return [];
    const arrival = () => now + delay + Math.floor(this.random.next() * jitter);
    return this.random.next() < duplication ? [arrival(), arrival()] : [arrival()];
  }
}

export interface Delivered {
  readonly payload: Uint8Array;
  readonly at: number;
}

export interface EndOptions {
  readonly connection?: Partial<ConnectionOptions>;
  /** Changes to what the handshake has agreed on, such as sequence numbers near the wrap. */
  readonly settings?: (settings: ConnectionSettings) => Partial<ConnectionSettings>;
}

export interface SimulationOptions {
  readonly random: Random;
  readonly toListener: LinkConditions;
  readonly toCaller: LinkConditions;
  readonly caller?: Partial<CallerOptions>;
  readonly listenerPassphrase?: string;
  readonly listenerLatency?: number;
  readonly reject?: number;
  readonly callerEnd?: EndOptions;
  readonly listenerEnd?: EndOptions;
  /** Local clock of the listener, in parts per million faster than that of the caller. */
  readonly drift?: number;
  readonly start?: number;
}

interface Flight {
  readonly at: number;
  readonly order: number;
  readonly bytes: Uint8Array;
  readonly to: "caller" | "listener";
}

export class Simulation {
  now: number;
  readonly fromCaller: Delivered[] = [];
  readonly fromListener: Delivered[] = [];
  readonly closed: string[] = [];
  readonly warnings: string[] = [];
  readonly answers: string[] = [];
  streamId: string | null = null;
  rejected: number | null = null;
  timedOut = false;
  caller: Connection | null = null;
  listener: Connection | null = null;
  readonly linkToListener: Link;
  readonly linkToCaller: Link;
  /** Every packet that was sent, lost ones too. */
  readonly wire: { readonly to: "caller" | "listener"; readonly bytes: Uint8Array }[] = [];
  keepWire = false;
  readonly #handshake: CallerHandshake;
  readonly #listening: ListenerHandshake;
  #accepted: { settings: ConnectionSettings; answer: Uint8Array } | null = null;
  #flights: Flight[] = [];
  #order = 0;

  constructor(private readonly o: SimulationOptions) {
    this.now = o.start ?? 1_000_000;
    this.linkToListener = new Link(o.random, o.toListener);
    this.linkToCaller = new Link(o.random, o.toCaller);
    this.#listening = new ListenerHandshake(o.random.bytes(32));
    this.#handshake = new CallerHandshake({
      socketId: 77,
      streamId: "publish:test",
      passphrase: "",
      keyLength: 16,
      mode: "ctr",
      receiveLatency: 120,
      sendLatency: 120,
      timeout: 30_000_000,
      random: (size) => o.random.bytes(size),
      ...o.caller,
    }, this.now);
  }

  /** The listener's clock. */
  local(now: number): number {
    return now * (1 + (this.o.drift ?? 0) / 1_000_000) + 5_000_000;
  }

  #global(local: number): number {
    return Math.ceil((local - 5_000_000) / (1 + (this.o.drift ?? 0) / 1_000_000));
  }

  #options(end: EndOptions | undefined): ConnectionOptions {
    return {
      crypto: portableCrypto,
      random: (size) => this.o.random.bytes(size),
      bandwidth: { kind: "limit", bytesPerSecond: unlimitedBandwidth },
      keyRefresh: defaultKeyRefresh,
      idleTimeout: 10_000_000,
      ...end?.connection,
    };
  }

  #send(to: "caller" | "listener", bytes: Uint8Array, sizes: readonly number[]): void {
    const link = to === "listener" ? this.linkToListener : this.linkToCaller;
    let at = 0;
    for (const size of sizes) {
      const packet = bytes.slice(at, at + size);
      at += size;
      if (this.keepWire) this.wire.push({ to, bytes: packet });
      // A copy for each: receivers decrypt in place.
      for (const arrival of link.carry(this.now)) this.inject(to, packet.slice(), arrival);
    }
  }

  inject(to: "caller" | "listener", bytes: Uint8Array, at: number): void {
    const flight = { at, order: this.#order++, bytes, to };
    let index = this.#flights.length;
    while (index > 0 && this.#flights[index - 1].at > at) index--;
    this.#flights.splice(index, 0, flight);
  }

  #create(end: "caller" | "listener", settings: ConnectionSettings): Connection {
    const options = end === "caller" ? this.o.callerEnd : this.o.listenerEnd;
    const delivered = end === "caller" ? this.fromListener : this.fromCaller;
    const to = end === "caller" ? "listener" : "caller";
    const changed = { ...settings, ...options?.settings?.(settings) };
    return new Connection(changed, this.#options(options), {
      room: (size) => new Uint8Array(size),
      output: (bytes, sizes) => this.#send(to, bytes, sizes),
      deliver: (payload) => delivered.push({ payload: payload.slice(), at: this.now }),
      closed: (reason) => this.closed.push(`${end} ${reason}`),
      warn: (text) => this.warnings.push(`${end}: ${text}`),
    });
  }

  #arrive({ to, bytes }: Flight): void {
    if (to === "caller") return this.#toCaller(bytes);
    if (destinationOf(bytes) === 0) return this.#toListener(bytes);
    this.listener?.receive(bytes, this.local(this.now));
  }

  #toCaller(bytes: Uint8Array): void {
    if (this.caller !== null) return this.caller.receive(bytes, this.now);
    const result = this.#handshake.receive(bytes, this.now);
    if (result?.kind === "connected") this.caller = this.#create("caller", result.settings);
    else if (result?.kind === "rejected") this.rejected = result.code;
    else if (result?.kind === "timeout") this.timedOut = true;
  }

  #toListener(bytes: Uint8Array): void {
    const now = this.local(this.now);
    const event = this.#listening.receive(bytes, "10.0.0.1", 5000, now);
    if (event === null) return;
    if (event.kind !== "request") return this.#send("caller", event.bytes, [event.bytes.length]);
    this.streamId = event.request.streamId;
    if (this.#accepted !== null) {
      const answer = restamp(this.#accepted.answer, this.#accepted.settings, now);
      return this.#send("caller", answer, [answer.length]);
    }
    const { reject, listenerPassphrase, listenerLatency } = this.o;
    const unlocked = reject !== undefined
      ? { known: false as const, code: reject }
      : unlockRequest(event.request, listenerPassphrase ?? "");
    if (!unlocked.known) {
      const answer = rejectRequest(event.request, unlocked.code);
      return this.#send("caller", answer, [answer.length]);
    }
    this.#accepted = acceptRequest(event.request, {
      socketId: 88,
      keys: unlocked.keys,
      latency: listenerLatency ?? 120,
      now,
    });
    this.listener = this.#create("listener", this.#accepted.settings);
    this.#send("caller", this.#accepted.answer, [this.#accepted.answer.length]);
  }

  get #nextWake(): number {
    const flight = this.#flights.length > 0 ? this.#flights[0].at : Infinity;
    const caller = this.caller === null
      ? this.rejected === null && !this.timedOut ? this.#handshake.nextWake : Infinity
      : this.caller.nextWake;
    const listener = this.listener === null ? Infinity : this.#global(this.listener.nextWake);
    return Math.min(flight, caller, listener);
  }

  #step(): void {
    while (this.#flights.length > 0 && this.#flights[0].at <= this.now) this.#arrive(this.#flights.shift()!);
    if (this.caller === null) {
      const packet = this.#handshake.take(this.now);
      if (packet !== null) this.#send("listener", packet, [packet.length]);
      if (this.#handshake.check(this.now)?.kind === "timeout") this.timedOut = true;
    } else if (this.caller.nextWake <= this.now) this.caller.tick(this.now);
    const local = this.local(this.now);
    if (this.listener !== null && this.listener.nextWake <= local) this.listener.tick(local);
  }

  /** Lets time pass until `end`. */
  run(end: number): void {
    let stuck = 0;
    for (let next = this.#nextWake; next <= end; next = this.#nextWake) {
      stuck = next > this.now ? 0 : stuck + 1;
      if (stuck > 10_000) throw new Error(`time stands still at ${this.now}: ${this.#describe()}`);
      this.now = Math.max(this.now, next);
      this.#step();
    }
    this.now = end;
  }

  #describe(): string {
    const ends = [this.caller, this.listener].map((end) =>
      end === null ? "none" : `${end.nextWake} (in ${end.receiver.nextWake}, out ${end.sender.nextWake})`
    );
    return `caller ${ends[0]}, listener ${ends[1]}`;
  }

  close(): void {
    this.caller?.close(this.now);
    this.listener?.close(this.local(this.now));
  }

  /** Until both ends are connected, or the caller has given up. */
  connect(limit = 30_000_000): boolean {
    const end = this.now + limit;
    while (this.now < end && this.rejected === null && !this.timedOut) {
      if (this.caller !== null && this.listener !== null) return true;
      this.run(Math.min(end, Math.max(this.now + 1, this.#nextWake)));
    }
    return this.caller !== null && this.listener !== null;
  }
}
