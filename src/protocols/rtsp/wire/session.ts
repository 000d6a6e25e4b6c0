import { ParseError } from "../../../base/errors.ts";
import { parseParameters, parseUnsigned } from "./parameters.ts";

/** Session header (RFC 2326 §12.37). */
export interface SessionHeader {
  readonly id: string;
  /** Seconds. */
  readonly timeout?: number;
}

/** Longest session id that is looked up. */
export const maxSessionId = 256;

/** A timeout that is no whole number of seconds is left out, as if it had not been sent. */
export function parseSession(value: string): SessionHeader {
  const [first, ...rest] = value.split(";");
  const id = first.trim();
  if (id === "") throw new ParseError("Session", "no id");
  if (id.length > maxSessionId) throw new ParseError("Session", `the id is longer than ${maxSessionId}`);
  const timeout = parseUnsigned(
    parseParameters(rest.join(";"), ";").find(({ name }) => name.toLowerCase() === "timeout")?.value,
  );
  return timeout === null ? { id } : { id, timeout };
}

export function serializeSession(session: SessionHeader): string {
  return session.timeout === undefined ? session.id : `${session.id};timeout=${session.timeout}`;
}
