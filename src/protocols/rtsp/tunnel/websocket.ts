import type { NetAddress } from "../../../net/address.ts";
import type { ByteConn } from "../../../net/byte_conn.ts";
import {
  serializeWebsocketClose,
  serializeWebsocketFrame,
  WebsocketDecoder,
} from "../wire/tunnel/websocket_frame.ts";

const readSize = 8192;
const normalClosure = 1000;

/** RTSP inside binary WebSocket frames. Where one frame ends and the next begins means nothing. */
export class WebsocketConn implements ByteConn {
  readonly #decoder: WebsocketDecoder;
  readonly #buffer = new Uint8Array(readSize);
  #pending: Uint8Array[] = [];
  #ended = false;
  /** Writes of media and of control frames, one after the other. */
  #writes: Promise<void> = Promise.resolve();
  /** What the next pong has to say, while it waits for its turn. */
  #pong: Uint8Array | null = null;

  /**
   * `rest`: what came behind the head of the upgrade request, or of its answer. `peer`: which side the other one is.
   * Throws ParseError when that is no WebSocket.
   */
  constructor(private readonly conn: ByteConn, rest: Uint8Array, private readonly peer: "client" | "server") {
    this.#decoder = new WebsocketDecoder(peer);
    this.#take(rest);
  }

  get local(): NetAddress {
    return this.conn.local;
  }

  get remote(): NetAddress {
    return this.conn.remote;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#pending.length === 0) {
      if (this.#ended) return null;
      const count = await this.conn.read(this.#buffer);
      if (count === null) return null;
      this.#take(this.#buffer.slice(0, count));
    }
    const first = this.#pending[0];
    const count = Math.min(into.length, first.length);
    into.set(first.subarray(0, count));
    if (count === first.length) this.#pending.shift();
    else this.#pending[0] = first.subarray(count);
    return count;
  }

  #take(bytes: Uint8Array): void {
    for (const event of this.#decoder.decode(bytes)) {
      if (event.kind === "data") this.#pending.push(event.bytes);
      else if (event.kind === "ping") {
        this.#answerPing(event.bytes);
      } else if (event.kind === "close") {
        this.#ended = true;
        // A failure shows at the next read or write of the connection.
        this.#send(serializeWebsocketClose(normalClosure, this.#mask())).catch(() => {});
      }
    }
  }

  /** One answer waits at most, for the last ping (RFC 6455 §5.5.3): the peer may send many and read nothing. */
  #answerPing(bytes: Uint8Array): void {
    const waits = this.#pong !== null;
    this.#pong = bytes;
    if (waits) return;
    this.#writes = this.#writes.then(() => {
      const frame = serializeWebsocketFrame("pong", this.#pong!, this.#mask());
      this.#pong = null;
      return this.conn.write(frame);
    }).catch(() => {});
  }

  /** RFC 6455 §5.3: what clients send is masked. */
  #mask(): Uint8Array | null {
    return this.peer === "server" ? crypto.getRandomValues(new Uint8Array(4)) : null;
  }

  #send(frame: Uint8Array): Promise<void> {
    const sent = this.#writes.then(() => this.conn.write(frame));
    this.#writes = sent.catch(() => {});
    return sent;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#send(serializeWebsocketFrame("binary", bytes, this.#mask()));
  }

  /** A frame cannot be written by halves. */
  tryWrite(): number {
    return 0;
  }

  close(): void {
    this.conn.close();
  }
}
