/** Commands (RTMP specification 1.0, §7.2): calls of the other side, and answers to them. */
import { ParseError } from "../../../../base/errors.ts";
import { parseAmf0 } from "../../../../containers/flv/amf0/parse.ts";
import { serializeAmf0 } from "../../../../containers/flv/amf0/serialize.ts";
import type { Amf0Value } from "../../../../containers/flv/amf0/value.ts";
import { MessageType } from "../chunk/header.ts";
import type { OutgoingMessage } from "../chunk/writer.ts";

export interface Command {
  readonly name: string;
  /** 0: no answer is wanted. */
  readonly transactionId: number;
  /** The "command object"; null for most commands. */
  readonly object: Amf0Value;
  readonly args: readonly Amf0Value[];
}

/** Chunk streams that commands use; media has its own. */
export const commandChunkStream = 3;
export const streamChunkStream = 5;

/** Answers to a call. */
export const resultName = "_result";
export const errorName = "_error";

/**
 * `type`: of the message. AMF3 commands begin with a byte of their own and go on as AMF0; a value inside that really is
 * AMF3 is refused.
 */
export function parseCommand(type: number, body: Uint8Array): Command {
  const amf3 = type === MessageType.commandAmf3 || type === MessageType.dataAmf3;
  const [name, transactionId, object, ...args] = parseAmf0(amf3 && body[0] === 0 ? body.subarray(1) : body);
  if (typeof name !== "string") throw new ParseError("command name", "is no string", 0);
  return { name, transactionId: typeof transactionId === "number" ? transactionId : 0, object, args };
}

/** `streamId` 0: about the connection. */
export function commandMessage(
  streamId: number,
  name: string,
  transactionId: number,
  object: Amf0Value,
  ...args: readonly Amf0Value[]
): OutgoingMessage {
  return {
    chunkStreamId: streamId === 0 ? commandChunkStream : streamChunkStream,
    type: MessageType.commandAmf0,
    timestamp: 0,
    streamId,
    parts: [serializeAmf0(name, transactionId, object, ...args)],
  };
}

/** The argument when it is text, else "". */
export function textArgument(command: Command, index: number): string {
  const value = command.args[index];
  return typeof value === "string" ? value : "";
}
