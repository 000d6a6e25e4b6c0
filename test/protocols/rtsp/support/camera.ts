/** An RTSP server that answers as a test wants it to. */
import { HeaderMap } from "../../../../src/protocols/rtsp/wire/header_map.ts";
import { serializeInterleaved } from "../../../../src/protocols/rtsp/wire/interleaved.ts";
import { MessageReader } from "../../../../src/protocols/rtsp/wire/message_reader.ts";
import {
  type RtspRequest,
  rtspVersion,
  serializeRequest,
} from "../../../../src/protocols/rtsp/wire/request.ts";
import { type RtspResponse, serializeResponse } from "../../../../src/protocols/rtsp/wire/response.ts";
import { Inbox } from "./waiting.ts";

/** What a test changes; the rest is answered as usual. */
export interface Answer {
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

type Reply = Answer | null | undefined;

const sdp = "v=0\r\ns=camera\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n";

export class Camera implements AsyncDisposable {
  readonly requests = new Inbox<RtspRequest>();
  readonly responses = new Inbox<RtspResponse>();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();
  readonly #running: Promise<unknown>[] = [];

  /** `answer`: null leaves a request without answer, undefined answers as usual. */
  constructor(
    private readonly answer: (request: RtspRequest) => Reply | Promise<Reply> = () => undefined,
  ) {
    this.#running.push(this.#accept());
  }

  get url(): string {
    return `rtsp://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}/live`;
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conns.add(conn);
      this.#running.push(this.#serve(conn).catch(() => {}).finally(() => this.#forget(conn)));
    }
  }

  #forget(conn: Deno.Conn): void {
    if (!this.#conns.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // Its loop was faster.
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const reader = new MessageReader();
    for (;;) {
      const count = await conn.read(reader.space());
      if (count === null) return conn.close();
      reader.filled(count);
      for (let message = reader.next(); message !== null; message = reader.next()) {
        if (message.kind === "response") this.responses.push(message.response);
        if (message.kind !== "request") continue;
        this.requests.push(message.request);
        const answer = await this.answer(message.request);
        if (answer !== null) await conn.write(this.#respond(message.request, answer));
      }
    }
  }

  #respond(request: RtspRequest, answer: Answer = {}): Uint8Array {
    const usual = usualAnswer(request);
    const headers = new HeaderMap([["CSeq", request.headers.get("CSeq") ?? ""], ...usual.headers ?? []]);
    for (const [name, value] of answer.headers ?? []) headers.set(name, value);
    const status = answer.status ?? 200;
    const text = status === 200 ? answer.body ?? usual.body ?? "" : "";
    return serializeResponse({
      ...rtspVersion,
      status,
      reason: "",
      headers,
      body: new TextEncoder().encode(text),
    });
  }

  /** An interleaved frame to everybody. */
  async sendFrame(channel: number, packet: Uint8Array): Promise<void> {
    for (const conn of this.#conns) await conn.write(serializeInterleaved(channel, packet)).catch(() => {});
  }

  /** A request of the server to everybody. */
  async ask(method: string): Promise<void> {
    const headers = new HeaderMap([["CSeq", "77"]]);
    const request = { ...rtspVersion, method, url: this.url, headers, body: new Uint8Array(0) };
    for (const conn of this.#conns) await conn.write(serializeRequest(request));
  }

  methods(): string[] {
    return this.requests.all.map(({ method }) => method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of [...this.#conns]) this.#forget(conn);
    await Promise.all(this.#running);
  }
}

function usualAnswer(request: RtspRequest): Answer {
  switch (request.method) {
    case "OPTIONS":
      return { headers: [["Public", "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"]] };
    case "DESCRIBE":
      return { headers: [["Content-Type", "application/sdp"]], body: sdp };
    case "SETUP": {
      const transport = request.headers.get("Transport") ?? "";
      const ports = transport.includes("client_port") ? ";server_port=9-10" : "";
      return { headers: [["Session", "abc"], ["Transport", transport + ports]] };
    }
    default:
      return {};
  }
}
