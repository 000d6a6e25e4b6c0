/** A TURN server for tests: one user, UDP relays on loopback, clients over UDP and TCP. */
import type { NetAddress } from "../../../../../src/net/address.ts";
import { listenTcp } from "../../../../../src/net/tcp/mod.ts";
import { bindUdp, type UdpSocket } from "../../../../../src/net/udp/mod.ts";
import { Scope } from "../../../../../src/base/scope.ts";
import {
  parseChannelData,
  serializeChannelData,
} from "../../../../../src/protocols/webrtc/ice/wire/channel_data.ts";
import { FrameReader, measureTurn } from "../../../../../src/protocols/webrtc/ice/wire/framing.ts";
import {
  attributeType,
  findAttribute,
  parseStun,
  serializeStun,
  type StunAttribute,
  type StunMessage,
  stunMethod,
} from "../../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { checkIntegrity, longTermKey } from "../../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import {
  addressAttribute,
  errorCodeAttribute,
  numberAttribute,
  parseNumber,
  parseText,
  parseXorAddress,
  textAttribute,
} from "../../../../../src/protocols/webrtc/ice/wire/stun_values.ts";

const realm = "test";

interface Client {
  readonly address: NetAddress;
  readonly stream: boolean;
  readonly send: (bytes: Uint8Array) => void;
  relay: UdpSocket | null;
  readonly permitted: Set<string>;
  readonly channels: Map<number, NetAddress>;
}

export interface TurnServerOptions {
  /** Password of a user. */
  readonly passwordOf: (username: string) => string;
  /** Requests that one nonce is good for. */
  readonly requestsPerNonce: number;
  /** Datagrams that are not answered at first. */
  readonly deaf: number;
}

export class TestTurnServer {
  readonly #scope = new Scope();
  readonly #clients = new Map<string, Client>();
  #nonce = 1;
  #requests = 0;
  #deaf: number;
  /** What was done, by method or `channelData`. */
  readonly counts = new Map<string, number>();
  /** Called when a relayed address was given back. */
  onChange: () => void = () => {};

  private constructor(
    private readonly udp: UdpSocket,
    readonly tcpPort: number,
    private readonly options: TurnServerOptions,
  ) {
    this.#deaf = options.deaf;
  }

  get port(): number {
    return this.udp.address.port;
  }

  /** Relayed addresses that exist. */
  get allocations(): number {
    return [...this.#clients.values()].filter(({ relay }) => relay !== null).length;
  }

  static async start(options: TurnServerOptions): Promise<TestTurnServer> {
    const udp = await bindUdp({ hostname: "127.0.0.1", port: 0, readBufferSize: 0, fastPath: "auto" });
    const listener = listenTcp({ hostname: "127.0.0.1", port: 0 });
    const server = new TestTurnServer(udp, listener.address.port, options);
    const scope = server.#scope;
    const fail = (error: unknown) => console.error(error);
    scope.defer(() => udp.close());
    scope.defer(() => listener.close());
    scope.run(() =>
      udp.receive((packets) => {
        for (const { bytes, from } of packets) {
          if (server.#deaf-- > 0) continue;
          const send = (answer: Uint8Array) => udp.send({ bytes: answer, sizes: [answer.length] }, from);
          server.#receive(server.#client(from, false, send), bytes);
        }
      }), fail);
    scope.run(async () => {
      for await (const conn of listener.accept()) {
        scope.defer(() => conn.close());
        scope.run(async () => {
          const frames = new FrameReader(measureTurn);
          const client = server.#client(conn.remote, true, (bytes) => void conn.write(bytes).catch(() => {}));
          for (;;) {
            const chunk = new Uint8Array(4096);
            const size = await conn.read(chunk);
            if (size === null) break;
            for (const bytes of frames.push(chunk.subarray(0, size))) server.#receive(client, bytes);
          }
        }, fail);
      }
    }, fail);
    return server;
  }

  #client(address: NetAddress, stream: boolean, send: (bytes: Uint8Array) => void): Client {
    const key = `${stream} ${address.ip} ${address.port}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = { address, stream, send, relay: null, permitted: new Set(), channels: new Map() };
      this.#clients.set(key, client);
    }
    return client;
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #receive(client: Client, bytes: Uint8Array): void {
    if (bytes[0] >= 0x40) {
      this.#count("channelData");
      const { channel, data } = parseChannelData(bytes);
      const peer = client.channels.get(channel);
      if (peer !== undefined) client.relay?.send({ bytes: data, sizes: [data.length] }, peer);
      return;
    }
    const message = parseStun(bytes);
    const name = Object.entries(stunMethod).find(([, value]) => value === message.method)?.[0] ?? "unknown";
    this.#count(name);
    if (message.class === "indication") return this.#sendIndication(client, message);
    if (message.method === stunMethod.binding) {
      const mapped = addressAttribute(attributeType.xorMappedAddress, client.address, message.transactionId);
      return this.#answer(client, message, "success", [mapped], undefined);
    }
    const key = this.#authenticate(client, message);
    if (key !== undefined) void this.#request(client, message, key);
  }

  #answer(
    client: Client,
    { method, transactionId }: StunMessage,
    kind: "success" | "error",
    attributes: readonly StunAttribute[],
    key: Uint8Array | undefined,
  ): void {
    client.send(
      serializeStun({ method, class: kind, transactionId, attributes }, { key, fingerprint: true }),
    );
  }

  #challenge(client: Client, message: StunMessage, code: number): undefined {
    this.#answer(client, message, "error", [
      errorCodeAttribute({ code, reason: "no" }),
      textAttribute(attributeType.realm, realm),
      textAttribute(attributeType.nonce, `nonce ${this.#nonce}`),
    ], undefined);
  }

  #authenticate(client: Client, message: StunMessage): Uint8Array | undefined {
    const user = findAttribute(message, attributeType.username);
    const nonce = findAttribute(message, attributeType.nonce);
    if (user === undefined || nonce === undefined) return this.#challenge(client, message, 401);
    const username = parseText(user, "USERNAME");
    const key = longTermKey(username, realm, this.options.passwordOf(username));
    if (checkIntegrity(message, key) !== "right") return this.#challenge(client, message, 401);
    if (++this.#requests % this.options.requestsPerNonce === 0) this.#nonce++;
    if (parseText(nonce, "NONCE") !== `nonce ${this.#nonce}`) return this.#challenge(client, message, 438);
    return key;
  }

  async #request(client: Client, message: StunMessage, key: Uint8Array): Promise<void> {
    const { transactionId } = message;
    const done = (...attributes: StunAttribute[]) =>
      this.#answer(client, message, "success", attributes, key);
    const peerValue = findAttribute(message, attributeType.xorPeerAddress);
    const peer = peerValue === undefined ? undefined : parseXorAddress(peerValue, transactionId);
    switch (message.method) {
      case stunMethod.allocate: {
        client.relay ??= await this.#openRelay(client);
        done(
          addressAttribute(attributeType.xorRelayedAddress, client.relay.address, transactionId),
          addressAttribute(attributeType.xorMappedAddress, client.address, transactionId),
          numberAttribute(attributeType.lifetime, 600),
        );
        break;
      }
      case stunMethod.refresh: {
        const lifetime = findAttribute(message, attributeType.lifetime);
        if (lifetime !== undefined && parseNumber(lifetime, "LIFETIME") === 0) {
          client.relay?.close();
          client.relay = null;
          this.onChange();
        }
        done(numberAttribute(attributeType.lifetime, 600));
        break;
      }
      case stunMethod.createPermission:
        if (peer !== undefined) client.permitted.add(peer.ip);
        done();
        break;
      case stunMethod.channelBind: {
        const number = findAttribute(message, attributeType.channelNumber);
        if (peer === undefined || number === undefined) return;
        client.channels.set(parseNumber(number, "CHANNEL-NUMBER") >>> 16, peer);
        done();
        break;
      }
    }
  }

  async #openRelay(client: Client): Promise<UdpSocket> {
    const relay = await bindUdp({ hostname: "127.0.0.1", port: 0, readBufferSize: 0, fastPath: "no" });
    this.#scope.defer(() => relay.close());
    this.#scope.run(() =>
      relay.receive((packets) => {
        for (const { bytes, from } of packets) this.#relayed(client, from, bytes);
      }), (error) => console.error(error));
    return relay;
  }

  #relayed(client: Client, from: NetAddress, data: Uint8Array): void {
    if (!client.permitted.has(from.ip)) return;
    for (const [channel, peer] of client.channels) {
      if (peer.ip !== from.ip || peer.port !== from.port) continue;
      this.#count("channelDataOut");
      return client.send(
        serializeChannelData(channel, { bytes: data, sizes: [data.length] }, client.stream).bytes,
      );
    }
    const transactionId = crypto.getRandomValues(new Uint8Array(12));
    client.send(serializeStun({
      method: stunMethod.data,
      class: "indication",
      transactionId,
      attributes: [
        addressAttribute(attributeType.xorPeerAddress, from, transactionId),
        { type: attributeType.data, value: data },
      ],
    }, { fingerprint: false }));
  }

  #sendIndication(client: Client, message: StunMessage): void {
    const peer = findAttribute(message, attributeType.xorPeerAddress);
    const data = findAttribute(message, attributeType.data);
    if (peer === undefined || data === undefined) return;
    const to = parseXorAddress(peer, message.transactionId);
    if (client.permitted.has(to.ip)) client.relay?.send({ bytes: data, sizes: [data.length] }, to);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }
}
