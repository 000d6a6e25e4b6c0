import { Epoll } from "../../sys/epoll.ts";
import { nowMicros } from "../../sys/libc.ts";
import { createReceiveArea } from "../../sys/tcp_connection.ts";
import type { ReaderContext, ReaderLoop } from "../kinds.ts";
import { HttpConnection, type HttpHost } from "./http_connection.ts";
import { HlsPlayer } from "./player.ts";

const receiveBytes = 256 * 1024;
const joinTimeoutMicros = 30e6;
const joinPollMs = 20;

/** Low-latency HLS players, each with its own connections and its own session. */
export class HlsReaders implements ReaderLoop {
  readonly #host: HttpHost;
  readonly #connections: HttpConnection[] = [];
  readonly #players = new Map<number, HlsPlayer>();

  constructor(private readonly context: ReaderContext) {
    this.#host = { target: context.target, epoll: new Epoll(), area: createReceiveArea(receiveBytes) };
  }

  join(readers: readonly number[]): (Error | null)[] {
    const players = readers.map((reader) =>
      new HlsPlayer(this.context, reader, () => this.#connect(), nowMicros)
    );
    for (const player of players) {
      this.#players.set(player.reader, player);
      player.start();
    }
    const deadline = nowMicros() + joinTimeoutMicros;
    while (players.some((player) => !player.hasSettled) && nowMicros() < deadline) this.poll(joinPollMs);
    return players.map((player) => {
      if (player.hasSettled && player.failure === "") return null;
      this.#players.delete(player.reader);
      player.close();
      return new Error(player.failure || "no part has come");
    });
  }

  poll(timeoutMs: number): void {
    const { epoll } = this.#host;
    const ready = epoll.wait(timeoutMs);
    for (let i = 0; i < ready; i++) this.#connections[epoll.tag(i)].ready(epoll.failed(i));
    const now = nowMicros();
    for (const player of this.#players.values()) player.tick(now);
  }

  /** Players ask all the time. */
  keepAlive(): void {}

  close(): void {
    for (const player of this.#players.values()) player.close();
    for (const connection of this.#connections) connection.close();
    this.#host.epoll.close();
  }

  #connect(): HttpConnection {
    const connection = new HttpConnection(this.#host, this.#connections.length);
    this.#connections.push(connection);
    return connection;
  }
}
