/** A small RTSP client that does what it is told, right or wrong. */
import type { ByteConn } from "../../../../src/net/byte_conn.ts";
import { HeaderMap } from "../../../../src/protocols/rtsp/wire/header_map.ts";
import { serializeInterleaved } from "../../../../src/protocols/rtsp/wire/interleaved.ts";
import { MessageReader } from "../../../../src/protocols/rtsp/wire/message_reader.ts";
import { rtspVersion, serializeRequest } from "../../../../src/protocols/rtsp/wire/request.ts";
import type { RtspResponse } from "../../../../src/protocols/rtsp/wire/response.ts";
import { parseSession } from "../../../../src/protocols/rtsp/wire/session.ts";
import { parseTransport, type Transport } from "../../../../src/protocols/rtsp/wire/transport.ts";
import { equal } from "../../../support/assert.ts";
import type { TestServer } from "./server.ts";
import { Inbox } from "./waiting.ts";

export interface Frame {
  readonly channel: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

export type Headers = Readonly<Record<string, string>>;

/** The part of a connection that the client needs: a socket, or a tunnel. */
export type ClientStream = Pick<ByteConn, "read" | "write" | "close">;

export function socketStream(conn: Deno.TcpConn | Deno.TlsConn): ClientStream {
  let closed = false;
  return {
    read: async (into) => {
      try {
        return await conn.read(into);
      } catch (error) {
        if (closed || error instanceof Deno.errors.ConnectionReset) return null;
        if (error instanceof Deno.errors.UnexpectedEof) return null;
        throw error;
      }
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    close: () => {
      if (closed) return;
      closed = true;
      conn.close();
    },
  };
}

export async function dial(server: TestServer): Promise<ClientStream> {
  const hostname = "127.0.0.1";
  const conn = await Deno.connect({ hostname, port: server.port });
  // Else a request behind media waits for the delayed acknowledgement of the media.
  conn.setNoDelay(true);
  if (!server.secure) return socketStream(conn);
  return socketStream(await Deno.startTls(conn, { hostname, caCerts: [server.certificate] }));
}

export class RtspClient implements AsyncDisposable {
  readonly responses = new Inbox<RtspResponse>();
  /** Media: on even channels. */
  readonly frames = new Inbox<Frame>();
  /** RTCP: on odd channels. */
  readonly reports = new Inbox<Frame>();
  /** From the last Session header. */
  session: string | null = null;
  /** False: requests carry no Session header. */
  sendsSession = true;
  /** Added to every request. */
  headers: Headers = {};
  #sequence = 0;
  #closed = false;
  readonly #reading: Promise<void> | null;

  /** `reads` false: nothing is read from the socket. */
  constructor(readonly server: TestServer, readonly stream: ClientStream, reads = true) {
    this.#reading = reads ? this.#readAll() : null;
  }

  static async connect(server: TestServer): Promise<RtspClient> {
    return new RtspClient(server, await dial(server));
  }

  async #readAll(): Promise<void> {
    const reader = new MessageReader();
    try {
      for (;;) {
        const count = await this.stream.read(reader.space());
        if (count === null) return;
        reader.filled(count);
        for (let message = reader.next(); message !== null; message = reader.next()) {
          if (message.kind === "response") this.responses.push(message.response);
          if (message.kind === "frame") {
            const { channel, payload } = reader;
            (channel % 2 === 0 ? this.frames : this.reports).push({ channel, payload: payload.slice() });
          }
        }
      }
    } finally {
      this.responses.end();
      this.frames.end();
      this.reports.end();
    }
  }

  /** Sends without waiting for the answer. */
  async send(method: string, url: string, headers: Headers = {}, body = ""): Promise<void> {
    const map = new HeaderMap([["CSeq", String(++this.#sequence)]]);
    if (this.session !== null && this.sendsSession) map.add("Session", this.session);
    for (const [name, value] of Object.entries({ ...this.headers, ...headers })) map.set(name, value);
    const bytes = serializeRequest({
      ...rtspVersion,
      method,
      url,
      headers: map,
      body: new TextEncoder().encode(body),
    });
    await this.stream.write(bytes);
  }

  async answer(): Promise<RtspResponse> {
    const response = await this.responses.next("a response");
    const header = response.headers.get("Session");
    if (header !== undefined) this.session = parseSession(header).id;
    return response;
  }

  async request(method: string, url: string, headers: Headers = {}, body = ""): Promise<RtspResponse> {
    await this.send(method, url, headers, body);
    const response = await this.answer();
    equal(response.headers.get("CSeq"), headers["CSeq"] ?? String(this.#sequence));
    return response;
  }

  /** Like `request`, but anything but 200 fails the test. */
  async expect(method: string, url: string, headers: Headers = {}, body = ""): Promise<RtspResponse> {
    const response = await this.request(method, url, headers, body);
    equal(response.status, 200, `${method} ${url}`);
    return response;
  }

  async setup(url: string, transport: string, headers: Headers = {}): Promise<Transport> {
    const response = await this.expect("SETUP", url, { Transport: transport, ...headers });
    return parseTransport(response.headers.get("Transport")!);
  }

  sendFrame(channel: number, payload: Uint8Array): Promise<void> {
    return this.stream.write(serializeInterleaved(channel, payload));
  }

  /** The server has closed the connection. */
  closed(): Promise<void> {
    return this.responses.ended("the connection");
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.stream.close();
    }
    await this.#reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
