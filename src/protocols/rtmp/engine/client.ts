/**
 * The client's side of a connection, to publish or to play: bytes in, actions out, in the manner of `ServerEngine`.
 * It begins with an action that sends the handshake.
 */
import { type Amf0Value } from "../../../containers/flv/amf0/value.ts";
import { MessageType, type RawMessage } from "../wire/chunk/header.ts";
import type { OutgoingMessage } from "../wire/chunk/writer.ts";
import { ClientHandshake, serverHelloSize } from "../wire/handshake/client.ts";
import { handshakeSize } from "../wire/handshake/packet.ts";
import type { Rc4 } from "../wire/handshake/rc4.ts";
import {
  type Command,
  commandMessage,
  errorName,
  parseCommand,
  resultName,
} from "../wire/message/command.ts";
import { connectObject } from "../wire/message/connect.ts";
import { setChunkSize, windowAcknowledgementSize } from "../wire/message/protocol_control.ts";
import { parseStatus } from "../wire/message/status.ts";
import { setBufferLength } from "../wire/message/user_control.ts";
import type { RtmpUrl } from "../wire/url.ts";
import { type AdobeAnswer, answerAdobe } from "./adobe_auth.ts";
import { defaultWindow, Link, type MediaMessage, mediaMessage, ourChunkSize } from "./link.ts";

const playBufferMs = 100;

export interface ClientOptions {
  readonly action: "publish" | "play";
  readonly url: RtmpUrl;
  /** Codecs that we offer or take in the form of Enhanced RTMP; empty: plain FLV only. */
  readonly fourCcs: readonly string[];
  /** Encrypt with RTMPE. */
  readonly encrypted: boolean;
  /** What a `retry` said; empty for the first attempt. */
  readonly authQuery: string;
  /** Gives that many random bytes. */
  readonly random: (size: number) => Uint8Array;
}

export type ClientAction =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** From here on everything sent goes through the cipher. */
  | { readonly kind: "encrypt"; readonly cipher: Rc4 }
  /** Media may be sent to (or will come from) the stream with this id. */
  | { readonly kind: "ready"; readonly streamId: number }
  | MediaMessage
  /** Connect anew with this `authQuery`. */
  | { readonly kind: "retry"; readonly authQuery: string }
  /** The server says no, or that the stream is over. */
  | { readonly kind: "end"; readonly reason: string; readonly credentials: boolean };

const connectTransaction = 1;
const createStreamTransaction = 4;

/** Statuses after which a stream that plays does not go on. */
const endCodes = new Set([
  "NetStream.Play.UnpublishNotify",
  "NetStream.Play.Stop",
  "NetStream.Play.Complete",
  "NetStream.Unpublish.Success",
  "NetConnection.Connect.Closed",
]);

type State = "hello" | "connecting" | "creating" | "starting" | "streaming" | "over";

export class ClientEngine {
  readonly #link = new Link();
  readonly #options: ClientOptions;
  #state: State = "hello";
  #handshake: ClientHandshake | null = null;
  #streamId = 0;
  readonly #actions: ClientAction[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Where the next read shall write; never empty. */
  space(): Uint8Array<ArrayBuffer> {
    return this.#link.reader.space();
  }

  filled(count: number): void {
    this.#link.reader.filled(count);
  }

  /** The memory of what was handled may be used again: nobody keeps views of it. */
  rewind(): void {
    this.#link.reader.rewind();
  }

  /** Null: bytes from the server are needed. Throws ParseError. */
  next(now: number): ClientAction | null {
    for (;;) {
      const action = this.#actions.shift();
      if (action !== undefined) return action;
      if (this.#state === "hello") {
        if (!this.#greet(now)) return null;
        continue;
      }
      const message = this.#link.next();
      if (message === null) {
        const bytes = this.#link.takeReplies();
        return bytes && { kind: "send", bytes };
      }
      this.#handle(message);
    }
  }

  #greet(now: number): boolean {
    if (this.#handshake === null) {
      const { encrypted, random } = this.#options;
      this.#handshake = new ClientHandshake(encrypted, Math.floor(now) % 2 ** 32, random(2 * handshakeSize));
      this.#actions.push({ kind: "send", bytes: this.#handshake.hello });
      return true;
    }
    const hello = this.#link.reader.takeRaw(serverHelloSize);
    if (hello === null) return false;
    const { bytes, ciphers } = this.#handshake.answer(hello);
    this.#actions.push({ kind: "send", bytes });
    if (ciphers !== null) {
      this.#link.reader.decryptWith(ciphers.incoming);
      this.#actions.push({ kind: "encrypt", cipher: ciphers.outgoing });
    }
    this.#state = "connecting";
    this.#connect();
    return true;
  }

  #connect(): void {
    const { action, url, fourCcs, authQuery } = this.#options;
    this.#send([setChunkSize(ourChunkSize)]);
    this.#link.setChunkSize(ourChunkSize);
    const object = connectObject({
      app: url.app + authQuery,
      tcUrl: url.tcUrl + authQuery,
      // Servers of FLV times look whether an encoder or a player comes.
      flashVer: action === "publish" ? "FMLE/3.0 (compatible; FMSc/1.0)" : "LNX 9,0,124,2",
      fourCcs,
    }, action === "publish");
    this.#send([
      windowAcknowledgementSize(defaultWindow),
      commandMessage(0, "connect", connectTransaction, object),
    ]);
  }

  #handle(message: RawMessage): void {
    if (message.type === MessageType.commandAmf0 || message.type === MessageType.commandAmf3) {
      this.#handleCommand(parseCommand(message.type, message.body));
      return;
    }
    const media = mediaMessage(message);
    if (media === null || this.#options.action === "publish" || this.#state === "over") return;
    // Some servers send media without having said that they start.
    if (this.#state === "starting") this.#start();
    if (this.#state === "streaming") this.#actions.push(media);
  }

  #handleCommand(command: Command): void {
    switch (command.name) {
      case resultName:
        return this.#handleResult(command);
      case errorName:
        return this.#handleError(command);
      case "onStatus":
        return this.#handleStatus(command);
      case "close":
        return this.#end("the server closes the connection");
    }
  }

  #handleResult(command: Command): void {
    if (command.transactionId === connectTransaction && this.#state === "connecting") {
      this.#state = "creating";
      this.#createStream();
    } else if (command.transactionId === createStreamTransaction && this.#state === "creating") {
      const id = command.args[0];
      this.#streamId = typeof id === "number" ? id : 1;
      this.#state = "starting";
      this.#requestStream();
    }
  }

  #createStream(): void {
    const { action, url } = this.#options;
    const before = action === "publish"
      ? [
        commandMessage(0, "releaseStream", 2, null, url.key),
        commandMessage(0, "FCPublish", 3, null, url.key),
      ]
      : [];
    this.#send([...before, commandMessage(0, "createStream", createStreamTransaction, null)]);
  }

  #requestStream(): void {
    const { action, url } = this.#options;
    const id = this.#streamId;
    const args: Amf0Value[] = action === "publish" ? [url.key, "live"] : [url.key, -2000];
    this.#send([
      commandMessage(id, action, 5, null, ...args),
      ...(action === "play" ? [setBufferLength(id, playBufferMs)] : []),
    ]);
  }

  #handleError(command: Command): void {
    const { code, description } = parseStatus(command);
    const reason = description || code || "the server refuses";
    if (command.transactionId === connectTransaction && this.#state === "connecting") {
      const { url, random } = this.#options;
      const challenge = Array.from(random(4), (byte) => byte.toString(16).padStart(2, "0")).join("");
      const answer: AdobeAnswer | null = answerAdobe(description, url.user, url.pass, challenge);
      if (answer?.kind === "retry") {
        this.#state = "over";
        this.#actions.push({ kind: "retry", authQuery: answer.query });
      } else this.#end(answer?.reason ?? reason, answer !== null);
    } else if (command.transactionId === createStreamTransaction) this.#end(reason);
    // Answers to releaseStream and FCPublish do not matter: many servers do not know them.
  }

  #handleStatus(command: Command): void {
    const { level, code, description } = parseStatus(command);
    if (level === "error" || endCodes.has(code)) {
      return this.#end(description ? `${code}: ${description}` : code);
    }
    const started = this.#options.action === "publish" ? "NetStream.Publish.Start" : "NetStream.Play.Start";
    if (code === started && this.#state === "starting") this.#start();
  }

  #start(): void {
    this.#state = "streaming";
    this.#actions.push({ kind: "ready", streamId: this.#streamId });
  }

  #end(reason: string, credentials = false): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#actions.push({ kind: "end", reason, credentials });
  }

  #send(messages: readonly OutgoingMessage[]): void {
    this.#actions.push({ kind: "send", bytes: this.#link.serialize(messages) });
  }

  /** What a publisher says before it goes. */
  finish(): Uint8Array {
    const { url } = this.#options;
    return this.#link.serialize([
      commandMessage(0, "FCUnpublish", 6, null, url.key),
      commandMessage(0, "deleteStream", 7, null, this.#streamId),
    ]);
  }

  /** How media is to be chunked. */
  get chunkSize(): number {
    return ourChunkSize;
  }
}
