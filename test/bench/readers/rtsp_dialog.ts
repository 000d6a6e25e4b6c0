import {
  afInet,
  lastError,
  libc,
  msgNoSignal,
  setTimeouts,
  sockCloseOnExec,
  socketAddress,
  sockStream,
} from "../sys/libc.ts";
import type { Conversation } from "./lockstep.ts";

const answerTimeoutSeconds = 20;
const maxAnswerBytes = 64 * 1024;

/** The server and the stream, with the name resolved: readers connect by number. */
export interface RtspTarget {
  /** Without credentials. */
  readonly url: string;
  readonly ip: string;
  readonly port: number;
  /** The whole `Authorization` value, empty when the URL has no credentials. */
  readonly authorization: string;
}

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
  readonly fd: number;
  #pending = new Uint8Array(0);
  #sequence = 0;
  #session = "";
  readonly #area = new Uint8Array(16 * 1024);
  readonly #pointer = Deno.UnsafePointer.of(this.#area);

  constructor(private readonly target: RtspTarget) {
    this.fd = libc().socket(afInet, sockStream | sockCloseOnExec, 0);
    if (this.fd < 0) throw new Error(`socket: ${lastError()}`);
    setTimeouts(this.fd, answerTimeoutSeconds);
    if (libc().connect(this.fd, socketAddress(target.ip, target.port), 16) < 0) {
      const reason = lastError();
      this.close();
      throw new Error(`can't connect to ${target.ip}:${target.port}: ${reason}`);
    }
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
    libc().close(this.fd);
  }

  #send(method: string, url: string, headers: Record<string, string>): void {
    this.#sequence++;
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${this.#sequence}`, "User-Agent: bench"];
    if (this.target.authorization !== "") lines.push(`Authorization: ${this.target.authorization}`);
    if (this.#session !== "") lines.push(`Session: ${this.#session}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    const bytes = encoder.encode(lines.join("\r\n") + "\r\n\r\n");
    if (libc().send(this.fd, bytes, bytes.length, msgNoSignal) < 0) {
      throw new Error(`${method} could not be sent: ${lastError()}`);
    }
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
      const size = libc().recv(this.fd, this.#pointer, this.#area.length, 0);
      if (size === 0) throw new Error("the server closed the connection");
      if (size < 0) throw new Error(`no answer: ${lastError()}`);
      this.#pending = concat([this.#pending, this.#area.subarray(0, size)]);
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
