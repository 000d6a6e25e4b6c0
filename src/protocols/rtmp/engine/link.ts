import type { RawMessage } from "../wire/chunk/header.ts";
import { MessageType } from "../wire/chunk/header.ts";
import { ChunkReader } from "../wire/chunk/reader.ts";
import { type OutgoingMessage, serializeMessages } from "../wire/chunk/writer.ts";
import { parseAggregate } from "../wire/message/aggregate.ts";
import { acknowledgement, parseControlNumber } from "../wire/message/protocol_control.ts";
import { parseUserControl, userControl, UserEvent } from "../wire/message/user_control.ts";

/** Until the peer names its own. */
export const defaultWindow = 2_500_000;
/** What we send in one chunk: large, so that hardly any message is cut. */
export const ourChunkSize = 65_536;
/** A peer that names a smaller window does not get more acknowledgements for it. */
const minWindow = 8192;
const pingPeriodMs = 30_000;

/** Audio, video or data, wherever it comes from and goes to. `timestamp` in ms, 32 bits, wrapping. */
export interface MediaMessage {
  readonly kind: "audio" | "video" | "data";
  readonly timestamp: number;
  readonly body: Uint8Array;
}

/** The media message, null for other types. */
export function mediaMessage(message: RawMessage): MediaMessage | null {
  const { type, timestamp, body } = message;
  switch (type) {
    case MessageType.audio:
      return { kind: "audio", timestamp, body };
    case MessageType.video:
      return { kind: "video", timestamp, body };
    case MessageType.dataAmf0:
      return { kind: "data", timestamp, body };
    case MessageType.dataAmf3:
      // One byte, then AMF0.
      return { kind: "data", timestamp, body: body[0] === 0 ? body.subarray(1) : body };
    default:
      return null;
  }
}

/** What both sides of a connection do alike: they acknowledge what they have got, ping, and answer pings. */
export class Link {
  readonly reader = new ChunkReader();
  #chunkSize = 128;
  #window = defaultWindow;
  #acknowledged = 0;
  readonly #replies: OutgoingMessage[] = [];
  readonly #inner: RawMessage[] = [];
  #nextPing: number | null = null;
  /** When the oldest ping without answer was sent. */
  #pingedAt: number | null = null;
  #answersPings = false;

  /** The next message that is not about the connection itself. Throws ParseError. */
  next(): RawMessage | null {
    for (;;) {
      const message = this.#inner.shift() ?? this.reader.next();
      if (message === null) return null;
      if (!this.#obey(message)) return message;
    }
  }

  #obey(message: RawMessage): boolean {
    switch (message.type) {
      case MessageType.windowAcknowledgementSize:
        this.#window = Math.max(parseControlNumber(message.body), minWindow);
        return true;
      case MessageType.userControl: {
        const { event, value } = parseUserControl(message.body);
        if (event === UserEvent.pingRequest) this.#replies.push(userControl(UserEvent.pingResponse, value));
        else if (event === UserEvent.pingResponse) {
          this.#answersPings = true;
          this.#pingedAt = null;
        }
        return true;
      }
      // What the peer allows us to send is not counted: TCP holds us back before that matters.
      case MessageType.acknowledgement:
      case MessageType.setPeerBandwidth:
      case MessageType.sharedObjectAmf0:
      case MessageType.sharedObjectAmf3:
        return true;
      case MessageType.aggregate:
        this.#inner.unshift(...parseAggregate(message));
        return true;
      default:
        return false;
    }
  }

  /** What the peer has to be told after what was read; null when nothing. */
  takeReplies(): Uint8Array | null {
    const { received } = this.reader;
    // Half a window early: encoders wait for acknowledgements when a window is full.
    if (received - this.#acknowledged >= this.#window / 2) {
      this.#acknowledged = received;
      this.#replies.push(acknowledgement(received));
    }
    return this.#replies.length === 0 ? null : this.serialize(this.#replies.splice(0));
  }

  serialize(messages: readonly OutgoingMessage[]): Uint8Array {
    return serializeMessages(messages, this.#chunkSize);
  }

  /** To be called after the message that tells the peer. */
  setChunkSize(size: number): void {
    this.#chunkSize = size;
  }

  /** A ping when it is time for one. */
  tick(now: number): Uint8Array | null {
    this.#nextPing ??= now + pingPeriodMs;
    if (now < this.#nextPing) return null;
    this.#nextPing = now + pingPeriodMs;
    this.#pingedAt ??= now;
    return this.serialize([userControl(UserEvent.pingRequest, Math.floor(now) % 2 ** 32)]);
  }

  /** How long, in ms, a peer that used to answer pings has not done so. */
  silentMs(now: number): number {
    return this.#answersPings && this.#pingedAt !== null ? now - this.#pingedAt : 0;
  }
}
