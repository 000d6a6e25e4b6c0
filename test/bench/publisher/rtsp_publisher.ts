import { type RtspAnswer, takeAnswer } from "../readers/rtsp_dialog.ts";
import type { Target } from "../target.ts";
import type { H264Frames } from "./h264_frames.ts";

export type PublishTransport = "tcp" | "udp";

const encoder = new TextEncoder();

/** A minimal RTSP publisher: ANNOUNCE, SETUP, RECORD, then frames. */
export class RtspPublisher {
  readonly #connection: Deno.TcpConn;
  readonly #target: Target;
  readonly #area = new Uint8Array(64 * 1024);
  #pending = new Uint8Array(0);
  #sequence = 0;
  #session = "";
  #rtp: Deno.DatagramConn | undefined;
  #rtcp: Deno.DatagramConn | undefined;
  #rtpTo: Deno.NetAddr | undefined;
  #rtcpTo: Deno.NetAddr | undefined;

  private constructor(connection: Deno.TcpConn, target: Target) {
    this.#connection = connection;
    this.#target = target;
  }

  static async connect(
    target: Target,
    transport: PublishTransport,
    frames: H264Frames,
  ): Promise<RtspPublisher> {
    const connection = await Deno.connect({ hostname: target.ip, port: target.port });
    connection.setNoDelay(true);
    const publisher = new RtspPublisher(connection, target);
    try {
      await publisher.#start(transport, frames);
    } catch (error) {
      publisher.close();
      throw error;
    }
    return publisher;
  }

  async send(frame: { bytes: Uint8Array; packets: readonly Uint8Array[] }): Promise<void> {
    if (this.#rtp === undefined || this.#rtpTo === undefined) return await this.#write(frame.bytes);
    for (const packet of frame.packets) await this.#rtp.send(packet, this.#rtpTo);
  }

  async sendReport(report: Uint8Array): Promise<void> {
    if (this.#rtcp !== undefined && this.#rtcpTo !== undefined) {
      await this.#rtcp.send(report, this.#rtcpTo);
      return;
    }
    const framed = new Uint8Array(4 + report.length);
    framed.set([0x24, 1, report.length >> 8, report.length]);
    framed.set(report, 4);
    await this.#write(framed);
  }

  keepAlive(): Promise<void> {
    return this.#write(this.#request("GET_PARAMETER", this.#target.url, {}, ""));
  }

  /** Throws away what the server sends (reports, answers) until the connection ends. */
  async drain(): Promise<void> {
    try {
      while (await this.#connection.read(this.#area) !== null);
    } catch {
      // closed by us or by the server: the next write tells
    }
  }

  async teardown(): Promise<void> {
    await this.#write(this.#request("TEARDOWN", this.#target.url, {}, ""));
    this.close();
  }

  close(): void {
    this.#connection.close();
    this.#rtp?.close();
    this.#rtcp?.close();
  }

  async #start(transport: PublishTransport, frames: H264Frames): Promise<void> {
    const url = this.#target.url;
    await this.#ask("ANNOUNCE", url, { "Content-Type": "application/sdp" }, frames.sdp());
    let wanted = "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record";
    if (transport === "udp") {
      this.#rtp = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
      this.#rtcp = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
      const ports = [this.#rtp, this.#rtcp].map((socket) => (socket.addr as Deno.NetAddr).port);
      wanted = `RTP/AVP/UDP;unicast;client_port=${ports[0]}-${ports[1]};mode=record`;
    }
    const answer = await this.#ask("SETUP", `${url}/trackID=0`, { Transport: wanted }, "");
    this.#session = (answer.headers.get("session") ?? "").split(";")[0];
    const serverPorts = answer.headers.get("transport")?.match(/server_port=(\d+)-(\d+)/);
    if (transport === "udp") {
      if (!serverPorts) throw new Error("the server gave no UDP ports");
      this.#rtpTo = { transport: "udp", hostname: this.#target.ip, port: Number(serverPorts[1]) };
      this.#rtcpTo = { transport: "udp", hostname: this.#target.ip, port: Number(serverPorts[2]) };
    }
    await this.#ask("RECORD", url, { Range: "npt=0.000-" }, "");
  }

  #request(method: string, url: string, headers: Record<string, string>, body: string): Uint8Array {
    this.#sequence++;
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${this.#sequence}`, "User-Agent: bench"];
    if (this.#target.authorization !== "") lines.push(`Authorization: ${this.#target.authorization}`);
    if (this.#session !== "") lines.push(`Session: ${this.#session}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (body !== "") lines.push(`Content-Length: ${encoder.encode(body).length}`);
    return encoder.encode(lines.join("\r\n") + "\r\n\r\n" + body);
  }

  async #ask(
    method: string,
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<RtspAnswer> {
    await this.#write(this.#request(method, url, headers, body));
    while (true) {
      const taken = takeAnswer(this.#pending, []);
      if (taken !== null) {
        this.#pending = this.#pending.slice(taken.size);
        if (taken.answer.status === 200) return taken.answer;
        throw new Error(`${method} was answered with ${taken.answer.status}`);
      }
      const size = await this.#connection.read(this.#area);
      if (size === null) throw new Error(`the server closed the connection after ${method}`);
      const joined = new Uint8Array(this.#pending.length + size);
      joined.set(this.#pending);
      joined.set(this.#area.subarray(0, size), this.#pending.length);
      this.#pending = joined;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) at += await this.#connection.write(bytes.subarray(at));
  }
}
