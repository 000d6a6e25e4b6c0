/** What a server says of a stream or a connection: `onStatus`, and the second part of answers (§7.2.2). */
import {
  type Amf0Object,
  amf0Object,
  type Amf0Value,
  entriesOf,
} from "../../../../containers/flv/amf0/value.ts";
import type { OutgoingMessage } from "../chunk/writer.ts";
import { type Command, commandMessage } from "./command.ts";

export type StatusLevel = "status" | "error";

export interface Status {
  readonly level: string;
  /** `NetStream.Publish.Start` and the like. */
  readonly code: string;
  readonly description: string;
}

export function statusObject(level: StatusLevel, code: string, description: string): Amf0Object {
  return amf0Object({ level, code, description });
}

export function onStatus(
  streamId: number,
  level: StatusLevel,
  code: string,
  description: string,
): OutgoingMessage {
  return commandMessage(streamId, "onStatus", 0, null, statusObject(level, code, description));
}

/** Of an `onStatus`, a `_result` or an `_error`; empty texts where the peer says nothing. */
export function parseStatus(command: Command): Status {
  const entries = entriesOf(command.args[0]);
  const text = (key: string): string => {
    const value: Amf0Value = entries.get(key);
    return typeof value === "string" ? value : "";
  };
  return { level: text("level"), code: text("code"), description: text("description") };
}
