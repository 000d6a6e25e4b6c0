/** A client written out by hand, as encoders behave, and an engine that is fed by it. */
import { concat } from "../../../../src/base/bytes.ts";
import { type ServerAction, ServerEngine } from "../../../../src/protocols/rtmp/engine/server.ts";
import { MessageType, type RawMessage } from "../../../../src/protocols/rtmp/wire/chunk/header.ts";
import { ChunkReader } from "../../../../src/protocols/rtmp/wire/chunk/reader.ts";
import { type OutgoingMessage, serializeMessages } from "../../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { serverHelloSize } from "../../../../src/protocols/rtmp/wire/handshake/client.ts";
import { clientHelloSize } from "../../../../src/protocols/rtmp/wire/handshake/server.ts";
import {
  type Command,
  commandMessage,
  parseCommand,
} from "../../../../src/protocols/rtmp/wire/message/command.ts";
import { amf0Object, type Amf0Value } from "../../../../src/containers/flv/amf0/value.ts";
import { Random } from "../../../support/random.ts";

const random = new Random(11);
export const randomBytes = (size: number): Uint8Array => random.bytes(size);

/** Copies into what can be filled. */
export function feed(
  target: { space(): Uint8Array; filled(count: number): void },
  bytes: Uint8Array,
  drain: () => void,
): void {
  for (let at = 0; at < bytes.length;) {
    const space = target.space();
    const part = bytes.subarray(at, at + space.length);
    space.set(part);
    target.filled(part.length);
    at += part.length;
    drain();
  }
}

export class ScriptedClient {
  readonly engine = new ServerEngine(randomBytes);
  readonly reader = new ChunkReader();
  /** What the engine asked for, without the bytes to send. */
  readonly actions: Exclude<ServerAction, { kind: "send" }>[] = [];
  #sent: Uint8Array[] = [];
  chunkSize = 128;

  constructor(handshake = true) {
    if (!handshake) return;
    const hello = new Uint8Array(clientHelloSize);
    hello[0] = 3;
    this.raw(concat([hello, new Uint8Array(clientHelloSize - 1)]));
    this.received(concat(this.#sent.splice(0)));
    this.reader.takeRaw(serverHelloSize);
  }

  raw(bytes: Uint8Array): this {
    feed(this.engine, bytes, () => this.#drain());
    return this;
  }

  #drain(): void {
    for (let action = this.engine.next(0); action !== null; action = this.engine.next(0)) {
      if (action.kind === "send") this.#sent.push(action.bytes);
      else this.actions.push(action);
      if (action.kind === "request") return;
    }
  }

  /** Goes on after a request was decided. */
  goOn(bytes: Uint8Array): this {
    this.#sent.push(bytes);
    this.#drain();
    return this;
  }

  received(bytes: Uint8Array): void {
    feed(this.reader, bytes, () => {});
  }

  send(...messages: OutgoingMessage[]): this {
    return this.raw(serializeMessages(messages, this.chunkSize));
  }

  command(name: string, transactionId: number, object: Amf0Value, ...args: Amf0Value[]): this {
    return this.send(commandMessage(0, name, transactionId, object, ...args));
  }

  connect(properties: Record<string, Amf0Value> = {}): this {
    const object = amf0Object({ app: "live", tcUrl: "rtmp://host/live", flashVer: "test", ...properties });
    return this.command("connect", 1, object);
  }

  /** Everything that the server has said since the last call. */
  heard(): RawMessage[] {
    const messages: RawMessage[] = [];
    for (const bytes of this.#sent.splice(0)) {
      feed(this.reader, bytes, () => {
        for (let message = this.reader.next(); message !== null; message = this.reader.next()) {
          messages.push(message);
        }
      });
    }
    return messages;
  }

  heardCommands(): Command[] {
    return this.heard().filter(({ type }) => type === MessageType.commandAmf0)
      .map(({ type, body }) => parseCommand(type, body));
  }

  /** `onStatus` as code, answers as name and transaction. */
  heardNames(): string[] {
    return this.heardCommands().map((command) => {
      const info = command.args[0];
      const code = typeof info === "object" && info !== null && info.kind === "object"
        ? info.entries.get("code")
        : undefined;
      return command.name === "onStatus" ? String(code) : `${command.name} ${command.transactionId}`;
    });
  }
}
