import { type ReceiveArea, TcpConnection } from "../../sys/tcp_connection.ts";
import { stampFrame, stampMicros } from "../../stamp.ts";
import type { Target } from "../../target.ts";
import type { Conversation } from "../lockstep.ts";
import type { Meter } from "../meter.ts";
import { ChunkReader, headSize, type MessageSink, messageTypes } from "./chunk_reader.ts";
import {
  type Command,
  parseCommand,
  serializeAcknowledgement,
  serializeCommand,
  serializePong,
} from "./messages.ts";
import { frameStart, stampIn } from "./video_tag.ts";

const version = 3;
const handshakeBytes = 1536;
const userControlPing = 6;
/** Until the server names another one. */
const defaultWindow = 2_500_000;

/** RTMP has no path, but an application and a stream in it: all but the last element, and the last with the query. */
export function splitPath(target: Target): { app: string; key: string } {
  const [path, query] = target.path.slice(1).split("?", 2);
  const parameters = new URLSearchParams(query ?? "");
  if (target.username !== "") {
    parameters.set("user", target.username);
    parameters.set("pass", target.password);
  }
  const text = parameters.size === 0 ? "" : `?${parameters}`;
  const slash = path.lastIndexOf("/");
  return slash < 0
    ? { app: path, key: text }
    : { app: path.slice(0, slash), key: path.slice(slash + 1) + text };
}

/** One player's connection: blocking until the stream plays, then fed with what has arrived. */
export class RtmpSession implements MessageSink {
  readonly #connection: TcpConnection;
  readonly #chunks = new ChunkReader(this);
  readonly #commands: Command[] = [];
  #window = defaultWindow;
  #received = 0;
  #acknowledged = 0;
  #lastTimestamp = -1;

  constructor(
    private readonly target: Target,
    private readonly reader: number,
    private readonly meter: Meter,
    private readonly area: ReceiveArea,
  ) {
    this.#connection = new TcpConnection(target.ip, target.port);
  }

  get fd(): number {
    return this.#connection.fd;
  }

  *start(): Conversation {
    const { app, key } = splitPath(this.target);
    const hello = new Uint8Array(1 + handshakeBytes);
    hello[0] = version;
    this.#connection.send(hello);
    yield;
    this.#connection.send(this.#handshake());
    const tcUrl = `rtmp://${this.target.host}:${this.target.port}/${app}`;
    this.#connection.send(serializeCommand(0, "connect", 1, { app, flashVer: "LNX 9,0,124,2", tcUrl }));
    yield;
    this.#result("connect", 1);
    this.#connection.send(serializeCommand(0, "createStream", 2, null));
    yield;
    const stream = this.#result("createStream", 2).number;
    this.#connection.send(serializeCommand(stream, "play", 3, null, key));
    yield;
    this.#playing();
  }

  /** Takes the first `size` bytes of the area. Throws when the connection is of no use any more. */
  take(size: number, from = 0): void {
    this.#chunks.push(this.area.bytes, from, size);
    this.#received += size - from;
    if (this.#received - this.#acknowledged < this.#window) return;
    this.#acknowledged = this.#received;
    this.#connection.send(serializeAcknowledgement(this.#received % 2 ** 32));
  }

  receiveNow(): number {
    return this.#connection.receiveNow(this.area);
  }

  close(): void {
    this.#connection.close();
  }

  message(type: number, timestamp: number, length: number, head: Uint8Array): void {
    switch (type) {
      case messageTypes.video:
        this.#video(timestamp, head, length);
        break;
      case messageTypes.command:
        this.#commands.push(parseCommand(head.subarray(0, Math.min(length, headSize))));
        break;
      case messageTypes.windowSize:
        this.#window = Math.max(1, new DataView(head.buffer).getUint32(0));
        break;
      case messageTypes.userControl:
        if (head[0] === 0 && head[1] === userControlPing) {
          this.#connection.send(serializePong(new DataView(head.buffer).getUint32(2)));
        }
    }
  }

  #video(timestamp: number, head: Uint8Array, length: number): void {
    const start = frameStart(head, length);
    if (start === 0) return;
    const isBackwards = timestamp < this.#lastTimestamp;
    this.#lastTimestamp = timestamp;
    const stamp = stampIn(head, start, Math.min(length, headSize));
    if (stamp < 0) this.meter.foreignFrame(this.reader);
    else this.meter.frame(this.reader, stampFrame(head, stamp), stampMicros(head, stamp));
    if (isBackwards) this.meter.backwards(this.reader);
  }

  /** S0, S1 and S2 have to come; C2 repeats S1. */
  #handshake(): Uint8Array<ArrayBuffer> {
    const wanted = 1 + 2 * handshakeBytes;
    const answer = new Uint8Array(wanted);
    let size = 0;
    while (size < wanted) {
      const received = this.#connection.receive(this.area);
      const part = Math.min(received, wanted - size);
      answer.set(this.area.bytes.subarray(0, part), size);
      size += part;
      if (part < received) this.take(received, part);
    }
    if (answer[0] !== version) throw new Error(`the server speaks version ${answer[0]} of RTMP`);
    return answer.slice(1, 1 + handshakeBytes);
  }

  #result(name: string, transaction: number): Command {
    while (true) {
      const answer = this.#commands.find((command) => command.transaction === transaction);
      if (answer?.name === "_result") return answer;
      if (answer !== undefined) throw new Error(`${name} was answered with ${answer.name} ${answer.code}`);
      this.take(this.#connection.receive(this.area));
    }
  }

  #playing(): void {
    while (true) {
      for (const { name, code } of this.#commands.splice(0)) {
        if (name !== "onStatus") continue;
        if (code === "NetStream.Play.Start") return;
        if (!/\.(Reset|PublishNotify|Start)$/.test(code)) throw new Error(`play was answered with ${code}`);
      }
      this.take(this.#connection.receive(this.area));
    }
  }
}
