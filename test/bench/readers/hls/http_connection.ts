import type { Epoll } from "../../sys/epoll.ts";
import { type ReceiveArea, receivedEnd, TcpConnection } from "../../sys/tcp_connection.ts";
import type { Target } from "../../target.ts";
import { type HttpResponse, HttpResponseParser } from "./http_response.ts";

const encoder = new TextEncoder();

export interface Exchange {
  readonly path: string;
  readonly cookies: string;
  /** How many bytes of the body are wanted. */
  readonly keep: number;
  readonly done: (response: HttpResponse) => void;
  readonly failed: (reason: string) => void;
}

/** What connections of one thread share. */
export interface HttpHost {
  readonly target: Target;
  readonly epoll: Epoll;
  readonly area: ReceiveArea;
}

/**
 * One connection that is kept alive, with one request at a time. A server may close an idle connection just when the next
 * request is on its way: such a request is sent once more over a new one.
 */
export class HttpConnection {
  readonly #parser = new HttpResponseParser();
  #connection: TcpConnection | undefined;
  #exchange: Exchange | undefined;
  #hasAnswered = false;
  #hasBytes = false;

  constructor(private readonly host: HttpHost, private readonly tag: number) {}

  get isBusy(): boolean {
    return this.#exchange !== undefined;
  }

  request(exchange: Exchange): void {
    this.#exchange = exchange;
    try {
      this.#send(exchange);
    } catch (error) {
      this.#again(exchange, error);
    }
  }

  /** The connection's descriptor is ready. */
  ready(failed: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const size = connection.receiveNow(this.host.area);
    if (size > 0) this.#take(size);
    else if (size === receivedEnd || failed) this.#ended();
  }

  close(): void {
    if (this.#connection === undefined) return;
    this.host.epoll.remove(this.#connection.fd);
    this.#connection.close();
    this.#connection = undefined;
    this.#hasAnswered = false;
  }

  #send(exchange: Exchange): void {
    const { target, epoll } = this.host;
    if (this.#connection === undefined) {
      this.#connection = new TcpConnection(target.ip, target.port);
      epoll.add(this.#connection.fd, this.tag);
    }
    this.#hasBytes = false;
    this.#parser.begin(exchange.keep);
    const lines = [
      `GET ${exchange.path} HTTP/1.1`,
      `Host: ${target.host}:${target.port}`,
      "User-Agent: bench",
    ];
    if (target.authorization !== "") lines.push(`Authorization: ${target.authorization}`);
    if (exchange.cookies !== "") lines.push(`Cookie: ${exchange.cookies}`);
    this.#connection.send(encoder.encode(lines.join("\r\n") + "\r\n\r\n"));
  }

  #take(size: number): void {
    if (this.#exchange === undefined) return this.close();
    this.#hasBytes = true;
    let response: HttpResponse | null;
    try {
      response = this.#parser.push(this.host.area.bytes, 0, size);
    } catch (error) {
      return this.#fail(error);
    }
    if (response === null) return;
    this.#hasAnswered = true;
    if (!response.keepsAlive) this.close();
    const { done } = this.#exchange;
    this.#exchange = undefined;
    done(response);
  }

  #ended(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) this.close();
    else this.#again(exchange, new Error("the server closed the connection"));
  }

  #again(exchange: Exchange, error: unknown): void {
    if (!this.#hasAnswered || this.#hasBytes) return this.#fail(error);
    this.close();
    try {
      this.#send(exchange);
    } catch (second) {
      this.#fail(second);
    }
  }

  #fail(error: unknown): void {
    this.close();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.failed(error instanceof Error ? error.message : String(error));
  }
}
