/** A client that sends its request as often as the test says, and tells what it is answered. */
import { CallerHandshake } from "../../../../src/protocols/srt/engine/caller.ts";
import { HandshakeType, parseHandshake } from "../../../../src/protocols/srt/wire/handshake.ts";
import { headerSize, parseControl } from "../../../../src/protocols/srt/wire/packet.ts";
import { guarded } from "../../../support/guarded.ts";

export interface RawClientOptions {
  /** Empty for none. */
  readonly passphrase?: string;
  /** Its own address. */
  readonly hostname?: string;
  /** Of the handshake. */
  readonly version?: number;
}

export class RawClient implements AsyncDisposable {
  #request = new Uint8Array(0);

  private constructor(private readonly socket: Deno.DatagramConn, private readonly to: Deno.NetAddr) {}

  /** Sends the request for a connection. */
  static async request(
    port: number,
    streamId: string,
    { passphrase = "", hostname = "127.0.0.1", version = 5 }: RawClientOptions = {},
  ): Promise<RawClient> {
    const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    const client = new RawClient(socket, { transport: "udp", hostname: "127.0.0.1", port });
    const handshake = new CallerHandshake({
      socketId: 1 + crypto.getRandomValues(new Uint16Array(1))[0],
      streamId,
      passphrase,
      keyLength: 16,
      mode: "ctr",
      receiveLatency: 120,
      sendLatency: 120,
      timeout: 60_000_000,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    }, 0);
    await socket.send(handshake.take(0)!, client.to);
    handshake.receive(await client.#receive(), 0);
    client.#request = handshake.take(0)!.slice();
    new DataView(client.#request.buffer).setUint32(headerSize, version);
    client.repeat();
    return client;
  }

  repeat(): void {
    void this.socket.send(this.#request, this.to);
  }

  async #receive(): Promise<Uint8Array> {
    const [bytes] = await guarded("an answer", this.socket.receive());
    return bytes;
  }

  /** The handshake type of the next answer: a code of rejection. */
  async answer(): Promise<number> {
    const { type } = parseHandshake(parseControl(await this.#receive()).body);
    return type === HandshakeType.conclusion ? 0 : type;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    return Promise.resolve();
  }
}
