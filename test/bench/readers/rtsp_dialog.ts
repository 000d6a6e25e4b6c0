import type { Target } from "../target.ts";
import { createReceiveArea, TcpConnection } from "../sys/tcp_connection.ts";
import type { Conversation } from "./lockstep.ts";

const maxAnswerBytes = 64 * 1024;
const receiveBytes = 16 * 1024;

export interface RtspAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The control connection of one reader, blocking until PLAY is answered. Media that arrives meanwhile stays
 * in `rest`, for the caller to take over.
 */
export class RtspDialog {
  readonly #connection: TcpConnection;
  #pending = new Uint8Array(0);
  #sequence = 0;
  #session = "";
  readonly #area = createReceiveArea(receiveBytes);

  constructor(private readonly target: Target) {
    this.#connection = new TcpConnection(target.ip, target.port);
  }

  get fd(): number {
    return this.#connection.fd;
  }

  /** Bytes after the last answer. */
  get rest(): Uint8Array {
    return this.#pending;
  }

  /** DESCRIBE, SETUP of the first video track (the first track when there is no video), PLAY. */
  *start(transport: string): Conversation {
    const { url } = this.target;
    this.#send("DESCRIBE", url, { Accept: "application/sdp" });
    yield;
    const description = this.#expect("DESCRIBE");
    const base = description.headers.get("content-base") ?? url;
    this.#send("SETUP", firstVideoControl(description.body, base), { Transport: transport });
    yield;
    this.#session = (this.#expect("SETUP").headers.get("session") ?? "").split(";")[0];
    this.#send("PLAY", url, { Range: "npt=0.000-" });
    yield;
    this.#expect("PLAY");
  }

  /** Sends without waiting for the answer. */
  sendOnly(method: string): void {
    this.#send(method, this.target.url, {});
  }

  close(): void {
    this.#connection.close();
  }

  #send(method: string, url: string, headers: Record<string, string>): void {
    this.#sequence++;
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${this.#sequence}`, "User-Agent: bench"];
    if (this.target.authorization !== "") lines.push(`Authorization: ${this.target.authorization}`);
    if (this.#session !== "") lines.push(`Session: ${this.#session}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    this.#connection.send(encoder.encode(lines.join("\r\n") + "\r\n\r\n"));
  }

  #expect(method: string): RtspAnswer {
    const answer = this.#receive();
    if (answer.status !== 200) throw new Error(`${method} was answered with ${answer.status}`);
    return answer;
  }

  #receive(): RtspAnswer {
    const media: Uint8Array[] = [];
    while (true) {
      const taken = takeAnswer(this.#pending, media);
      if (taken !== null) {
        this.#pending = concat([...media, this.#pending.subarray(taken.size)]);
        return taken.answer;
      }
      if (this.#pending.length > maxAnswerBytes) throw new Error("the answer is too long");
      const size = this.#connection.receive(this.#area);
      this.#pending = concat([this.#pending, this.#area.bytes.subarray(0, size)]);
    }
  }
}

/**
 * The answer at the start of `bytes` and its size, null when it is not complete. Interleaved frames before it are
 * counted into the size and, once the answer is there, copied to `media`.
 */
export function takeAnswer(
  bytes: Uint8Array,
  media: Uint8Array[],
): { answer: RtspAnswer; size: number } | null {
  let at = 0;
  while (bytes[at] === 0x24) {
    if (at + 4 > bytes.length) return null;
    at += 4 + (bytes[at + 2] << 8 | bytes[at + 3]);
    if (at >= bytes.length) return null;
  }
  const text = decoder.decode(bytes.subarray(at));
  const headerEnd = text.indexOf("\r\n\r\n");
  if (headerEnd < 0) return null;
  const [statusLine, ...lines] = text.slice(0, headerEnd).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const bodySize = Number(headers.get("content-length") ?? 0);
  // the header is ASCII: characters are bytes
  const bodyStart = at + headerEnd + 4;
  if (bytes.length < bodyStart + bodySize) return null;
  if (at > 0) media.push(bytes.slice(0, at));
  const body = decoder.decode(bytes.subarray(bodyStart, bodyStart + bodySize));
  return { answer: { status: Number(statusLine.split(" ")[1]), headers, body }, size: bodyStart + bodySize };
}

/** RFC 2326 C.1.1: `a=control`, absolute or relative to the content base. */
export function firstVideoControl(sdp: string, base: string): string {
  const sections = sdp.split(/^m=/m).slice(1);
  const section = sections.find((text) => text.startsWith("video")) ?? sections[0];
  if (section === undefined) throw new Error("the stream's description has no track");
  const control = section.match(/^a=control:(.*?)\r?$/m)?.[1].trim() ?? "";
  if (/^rtsps?:\/\//.test(control)) return control;
  return base.endsWith("/") ? base + control : `${base}/${control}`;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
