/**
 * The server's side of a connection: bytes in, actions out.
 *
 * ```ts
 * engine.filled(await conn.read(engine.space()));
 * for (let action = engine.next(now); action !== null; action = engine.next(now)) …
 * ```
 *
 * After a `request` the owner decides with `accept` or `reject` before it asks for the next action.
 */
import { ParseError } from "../../../base/errors.ts";
import { amf0Object } from "../../../containers/flv/amf0/value.ts";
import { MessageType, type RawMessage } from "../wire/chunk/header.ts";
import type { OutgoingMessage } from "../wire/chunk/writer.ts";
import { handshakeSize } from "../wire/handshake/packet.ts";
import type { Rc4 } from "../wire/handshake/rc4.ts";
import { answerClientHello, clientHelloSize, type ServerHello } from "../wire/handshake/server.ts";
import {
  type Command,
  commandMessage,
  parseCommand,
  resultName,
  textArgument,
} from "../wire/message/command.ts";
import { anyFourCc, CapsEx, type ConnectRequest, FourCcInfo, parseConnect } from "../wire/message/connect.ts";
import {
  BandwidthLimit,
  setChunkSize,
  setPeerBandwidth,
  windowAcknowledgementSize,
} from "../wire/message/protocol_control.ts";
import { onStatus } from "../wire/message/status.ts";
import { userControl, UserEvent } from "../wire/message/user_control.ts";
import { parseTarget, type StreamTarget } from "../wire/url.ts";
import { defaultWindow, Link, type MediaMessage, mediaMessage, ourChunkSize } from "./link.ts";

/** All streams have this id: a connection carries one. */
export const mediaStreamId = 1;

export interface StreamRequest extends StreamTarget {
  readonly action: "publish" | "play";
  readonly connect: ConnectRequest;
}

export type ServerAction =
  /** Bytes for the peer; in the order of the actions. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** From here on everything sent goes through the cipher; what is received the engine deciphers itself. */
  | { readonly kind: "encrypt"; readonly cipher: Rc4 }
  | { readonly kind: "request"; readonly request: StreamRequest }
  | MediaMessage
  /** The client is done with its stream. */
  | { readonly kind: "end"; readonly reason: string };

/** Why a request is refused, as clients know it. */
export type Refusal = "unauthorized" | "noStream" | "failed";

const refusalCodes = {
  publish: {
    unauthorized: "NetStream.Publish.Unauthorized",
    noStream: "NetStream.Publish.BadName",
    failed: "NetStream.Publish.BadName",
  },
  play: {
    unauthorized: "NetStream.Play.Failed",
    noStream: "NetStream.Play.StreamNotFound",
    failed: "NetStream.Play.Failed",
  },
} as const;

type State =
  | { readonly at: "hello" }
  | { readonly at: "helloAnswered"; readonly hello: ServerHello }
  | { readonly at: "connecting" }
  | { readonly at: "connected"; readonly connect: ConnectRequest }
  | { readonly at: "requested" | "streaming"; readonly request: StreamRequest };

export class ServerEngine {
  readonly #link = new Link();
  #state: State = { at: "hello" };
  readonly #actions: ServerAction[] = [];

  /** `random`: gives that many random bytes. */
  constructor(private readonly random: (size: number) => Uint8Array) {}

  /** Where the next read shall write; never empty. */
  space(): Uint8Array<ArrayBuffer> {
    return this.#link.reader.space();
  }

  filled(count: number): void {
    this.#link.reader.filled(count);
  }

  /** To be called when no body that came with an action is kept. */
  rewind(): void {
    this.#link.reader.rewind();
  }

  /** Null: more bytes are needed. Throws ParseError; the connection is of no use then. */
  next(now: number): ServerAction | null {
    for (;;) {
      const action = this.#actions.shift();
      if (action !== undefined) return action;
      if (this.#state.at === "hello" || this.#state.at === "helloAnswered") {
        if (!this.#handshake(now)) return null;
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

  #handshake(now: number): boolean {
    const { reader } = this.#link;
    const state = this.#state;
    if (state.at === "hello") {
      const bytes = reader.takeRaw(clientHelloSize);
      if (bytes === null) return false;
      const hello = answerClientHello(bytes, Math.floor(now) % 2 ** 32, this.random(2 * handshakeSize));
      this.#actions.push({ kind: "send", bytes: hello.bytes });
      this.#state = { at: "helloAnswered", hello };
    } else if (state.at === "helloAnswered") {
      if (reader.takeRaw(handshakeSize) === null) return false;
      const { ciphers } = state.hello;
      if (ciphers !== null) {
        reader.decryptWith(ciphers.incoming);
        this.#actions.push({ kind: "encrypt", cipher: ciphers.outgoing });
      }
      this.#state = { at: "connecting" };
    }
    return true;
  }

  #handle(message: RawMessage): void {
    if (message.type === MessageType.commandAmf0 || message.type === MessageType.commandAmf3) {
      this.#handleCommand(parseCommand(message.type, message.body), message.streamId);
      return;
    }
    const state = this.#state;
    // Players send metadata of their own, and encoders that were refused go on for a while: nobody wants it.
    if (state.at !== "streaming" || state.request.action !== "publish") return;
    const media = mediaMessage(message);
    if (media !== null) this.#actions.push(media);
  }

  #handleCommand(command: Command, streamId: number): void {
    switch (command.name) {
      case "connect":
        return this.#connect(command);
      case "createStream":
        return this.#answer(command, mediaStreamId);
      case "releaseStream":
        return this.#answer(command, undefined);
      case "FCPublish":
        this.#answer(command, undefined);
        // Flash Media Live Encoder and its descendants wait for this before they publish.
        return this.#send([
          commandMessage(
            0,
            "onFCPublish",
            0,
            null,
            amf0Object({ code: "NetStream.Publish.Start", description: textArgument(command, 0) }),
          ),
        ]);
      case "FCSubscribe":
        return this.#send([
          commandMessage(
            0,
            "onFCSubscribe",
            0,
            null,
            amf0Object({ code: "NetStream.Play.Start", description: textArgument(command, 0) }),
          ),
        ]);
      case "publish":
      case "play":
        return this.#request(command.name, command);
      case "FCUnpublish":
      case "closeStream":
      case "deleteStream":
        return this.#endStream(command, streamId);
      default:
        // getStreamLength, _checkbw, pause … : clients go on without an answer.
        return;
    }
  }

  #connect(command: Command): void {
    if (this.#state.at !== "connecting") throw new ParseError("connect", "comes a second time");
    const connect = parseConnect(command);
    this.#send([
      windowAcknowledgementSize(defaultWindow),
      setPeerBandwidth(defaultWindow, BandwidthLimit.dynamic),
      setChunkSize(ourChunkSize),
    ]);
    this.#link.setChunkSize(ourChunkSize);
    const info: Record<string, string | number> = {
      level: "status",
      code: "NetConnection.Connect.Success",
      description: "Connection succeeded.",
      objectEncoding: 0,
    };
    const enhanced = connect.fourCcs.size === 0 && connect.capsEx === 0 ? {} : {
      videoFourCcInfoMap: amf0Object({ [anyFourCc]: FourCcInfo.canForward }),
      audioFourCcInfoMap: amf0Object({ [anyFourCc]: FourCcInfo.canForward }),
      capsEx: CapsEx.multitrack | CapsEx.modEx | CapsEx.timestampNanoOffset,
    };
    this.#send([
      commandMessage(
        0,
        resultName,
        command.transactionId,
        amf0Object({ fmsVer: "LNX 9,0,124,2", capabilities: 31 }),
        amf0Object({ ...info, ...enhanced }),
      ),
    ]);
    this.#state = { at: "connected", connect };
  }

  #answer(command: Command, value: number | undefined): void {
    if (this.#state.at === "connecting") throw new ParseError(command.name, "comes before connect");
    if (command.transactionId !== 0) {
      this.#send([commandMessage(0, resultName, command.transactionId, null, value)]);
    }
  }

  #request(action: "publish" | "play", command: Command): void {
    const state = this.#state;
    if (state.at === "connecting") throw new ParseError(action, "comes before connect");
    if (state.at !== "connected") throw new ParseError(action, "the connection has a stream already");
    const { connect } = state;
    const target = parseTarget(connect.tcUrl, connect.app, textArgument(command, 0));
    const request: StreamRequest = { action, connect, ...target };
    this.#state = { at: "requested", request };
    this.#actions.push({ kind: "request", request });
  }

  #endStream(command: Command, streamId: number): void {
    const state = this.#state;
    if (state.at !== "streaming") return;
    // FCUnpublish names the key; deleteStream follows it.
    if (command.name === "deleteStream" && command.args[0] !== mediaStreamId && streamId !== mediaStreamId) {
      return;
    }
    this.#actions.push({ kind: "end", reason: `${command.name} by the client` });
    this.#state = { at: "connected", connect: state.request.connect };
  }

  #send(messages: readonly OutgoingMessage[]): void {
    this.#actions.push({ kind: "send", bytes: this.#link.serialize(messages) });
  }

  /** The bytes that tell the client it may go on. */
  accept(): Uint8Array {
    const request = this.#requested();
    this.#state = { at: "streaming", request };
    if (request.action === "publish") {
      return this.#link.serialize([
        onStatus(mediaStreamId, "status", "NetStream.Publish.Start", "publish start"),
      ]);
    }
    return this.#link.serialize([
      userControl(UserEvent.streamIsRecorded, mediaStreamId),
      userControl(UserEvent.streamBegin, mediaStreamId),
      onStatus(mediaStreamId, "status", "NetStream.Play.Reset", "play reset"),
      onStatus(mediaStreamId, "status", "NetStream.Play.Start", "play start"),
      onStatus(mediaStreamId, "status", "NetStream.Data.Start", "data start"),
      onStatus(mediaStreamId, "status", "NetStream.Play.PublishNotify", "publish notify"),
    ]);
  }

  /** The bytes that tell the client why not; the owner closes the connection after them. */
  reject(refusal: Refusal, description: string): Uint8Array {
    const request = this.#requested();
    this.#state = { at: "connected", connect: request.connect };
    const code = refusalCodes[request.action][refusal];
    return this.#link.serialize([onStatus(mediaStreamId, "error", code, description)]);
  }

  #requested(): StreamRequest {
    if (this.#state.at !== "requested") throw new Error("there is no request to decide on");
    return this.#state.request;
  }

  /** The bytes that tell a player that its stream is over, before the connection is closed. */
  streamEnded(): Uint8Array {
    return this.#link.serialize([
      userControl(UserEvent.streamEof, mediaStreamId),
      onStatus(mediaStreamId, "status", "NetStream.Play.UnpublishNotify", "stream is over"),
    ]);
  }

  /** The bytes of a ping when it is time for one; to be called about once a second while a client plays. */
  tick(now: number): Uint8Array | null {
    return this.#link.tick(now);
  }

  /** How long, in ms, a client that used to answer pings has not done so. */
  silentMs(now: number): number {
    return this.#link.silentMs(now);
  }
}
