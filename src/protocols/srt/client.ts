/**
 * A connection that we open: a socket, a timer and a caller's engine of its own.
 *
 * Who closes whom: `close`, the peer's shutdown and the end of an attempt all end the timer and the socket.
 */
import { lookup } from "node:dns/promises";
import { CredentialsError, errorText, ParseError, UserError } from "../../base/errors.ts";
import type { NetAddress } from "../../net/address.ts";
import { ipText, tryParseIp } from "../../net/ip.ts";
import { fastPacketCrypto } from "../../net/packet_crypto.ts";
import { bindUdp, type UdpOptions, type UdpSocket } from "../../net/udp/mod.ts";
import { portableCrypto } from "../../rtp/srtp/mod.ts";
import { CallerHandshake, type CallerResult } from "./engine/caller.ts";
import { Connection, type ConnectionSettings } from "./engine/connection.ts";
import { unlimitedBandwidth } from "./engine/pacing.ts";
import { type SrtStats, StatsReader } from "./stats.ts";
import { steadyNow, type Wakeable, Wakes } from "./wakes.ts";
import { Rejection, rejectionText } from "./wire/handshake.ts";
import { destinationOf, headerSize } from "./wire/packet.ts";
import type { SrtUrl } from "./wire/url.ts";

/** How to dial. */
export interface DialOptions {
  readonly udp: Pick<UdpOptions, "readBufferSize" | "fastPath">;
  /** Milliseconds without anything from the peer, unless the URL says otherwise. */
  readonly idleTimeout: number;
  /** Ends the attempt, or the connection. */
  readonly signal: AbortSignal;
  /** In order, each at its time. */
  readonly deliver: (payload: Uint8Array) => void;
  /** The peer has sent what makes no sense. */
  readonly warn: (text: string) => void;
}

function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** An established connection. */
export class SrtClient implements Wakeable {
  readonly #wakes = new Wakes();
  readonly #stats = new StatsReader();
  readonly #connected = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<string>();
  readonly #abort: () => void;
  readonly #socketId: number;
  #handshake: CallerHandshake | null;
  #connection: Connection | null = null;
  #receiving: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(
    private readonly url: SrtUrl,
    private readonly options: DialOptions,
    private readonly socket: UdpSocket,
    private readonly remote: NetAddress,
  ) {
    const socketId = this.#socketId = (crypto.getRandomValues(new Uint32Array(1))[0] & 0x3fff_fffe) + 1;
    this.#handshake = new CallerHandshake({
      socketId,
      streamId: url.streamId,
      passphrase: url.passphrase,
      keyLength: url.keyLength,
      mode: "ctr",
      receiveLatency: url.receiveLatency,
      sendLatency: url.peerLatency,
      timeout: url.connectTimeout * 1000,
      random: randomBytes,
    }, steadyNow());
    this.#abort = () => this.close();
  }

  /** Settles when the connection is established. Throws UserError. */
  static async dial(url: SrtUrl, options: DialOptions): Promise<SrtClient> {
    const ip = await resolve(url.hostname);
    const hostname = ip.includes(":") ? "::" : "0.0.0.0";
    const socket = await bindUdp({
      hostname,
      port: 0,
      readBufferSize: options.udp.readBufferSize,
      fastPath: options.udp.fastPath,
    });
    const client = new SrtClient(url, options, socket, { ip, port: url.port });
    await client.#connect();
    return client;
  }

  async #connect(): Promise<void> {
    this.#receiving = this.socket.receive((packets) => {
      const now = steadyNow();
      for (const { bytes, from } of packets) {
        if (from.port === this.remote.port && from.ip === this.remote.ip) this.#receive(bytes, now);
      }
    });
    this.options.signal.addEventListener("abort", this.#abort);
    if (this.options.signal.aborted) this.close();
    else this.tick(steadyNow());
    this.#wakes.schedule(this);
    try {
      await this.#connected.promise;
    } catch (error) {
      this.close();
      await this.#receiving;
      throw error;
    }
  }

  #receive(bytes: Uint8Array, now: number): void {
    // Our port is easier to guess than our number.
    if (bytes.length < headerSize || destinationOf(bytes) !== this.#socketId) return;
    if (this.#connection !== null) this.#connection.receive(bytes, now);
    else if (this.#handshake !== null) {
      try {
        const result = this.#handshake.receive(bytes, now);
        if (result !== null) this.#decided(result);
        else this.tick(now);
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        this.options.warn(errorText(error));
      }
    }
    this.#wakes.schedule(this);
  }

  #decided(result: CallerResult): void {
    this.#handshake = null;
    switch (result.kind) {
      case "connected":
        this.#connection = this.#establish(result.settings);
        return this.#connected.resolve();
      case "rejected":
        return this.#connected.reject(refusal(result.code));
      case "timeout":
        return this.#connected.reject(new UserError("the server does not answer"));
    }
  }

  #establish(settings: ConnectionSettings): Connection {
    const { url, options, socket, remote } = this;
    const limit = url.maxBandwidth ?? unlimitedBandwidth;
    return new Connection(settings, {
      crypto: fastPacketCrypto ?? portableCrypto,
      random: randomBytes,
      bandwidth: { kind: "limit", bytesPerSecond: limit },
      keyRefresh: { every: url.keyRefreshRate, announce: url.keyPreAnnounce },
      idleTimeout: (url.idleTimeout ?? options.idleTimeout) * 1000,
    }, {
      room: (size) => socket.room(size),
      output: (bytes, sizes) => socket.send({ bytes, sizes }, remote),
      deliver: options.deliver,
      closed: (reason) => this.#end(reason === "shutdown" ? "EOF" : "the server is silent"),
      warn: options.warn,
    });
  }

  get nextWake(): number {
    return this.#connection?.nextWake ?? this.#handshake?.nextWake ?? Infinity;
  }

  tick(now: number): void {
    if (this.#connection !== null) return this.#connection.tick(now);
    const packet = this.#handshake?.take(now) ?? null;
    if (packet !== null) this.socket.send({ bytes: packet, sizes: [packet.length] }, this.remote);
    const result = this.#handshake?.check(now) ?? null;
    if (result !== null) this.#decided(result);
  }

  /** Payloads that belong together, which nobody changes afterwards. */
  send(payloads: readonly Uint8Array[]): void {
    this.#connection?.send(payloads, steadyNow());
    this.#wakes.schedule(this);
  }

  /** Null after the end. */
  stats(): SrtStats | null {
    return this.#connection === null ? null : this.#stats.read(this.#connection, steadyNow());
  }

  /** Settles, with the reason, when the connection has ended and everything is closed. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** Tells the peer. */
  close(): void {
    this.#connection?.close(steadyNow());
    this.#connected.reject(new UserError("terminated"));
    this.#end("terminated");
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection = null;
    this.#handshake = null;
    this.options.signal.removeEventListener("abort", this.#abort);
    this.#wakes.close();
    this.socket.close();
    void this.#receiving.then(() => this.#closed.resolve(reason));
  }
}

function refusal(code: number): UserError {
  const text = `connection refused: ${rejectionText(code)}`;
  const isSecret = code === Rejection.badSecret || code === Rejection.unsecure;
  return isSecret ? new CredentialsError(text) : new UserError(text);
}

async function resolve(hostname: string): Promise<string> {
  const ip = tryParseIp(hostname);
  // In the form in which senders of packets are told.
  if (ip !== undefined) return ipText(ip);
  try {
    return (await lookup(hostname)).address;
  } catch {
    throw new UserError(`the name '${hostname}' cannot be resolved`);
  }
}

/** Connects to a listener. Throws UserError with the reason of a refusal. */
export function dialSrt(url: SrtUrl, options: DialOptions): Promise<SrtClient> {
  return SrtClient.dial(url, options);
}
