/** RFC 2326 §A.2: which request is allowed when. */

export type SessionState = "initial" | "prePlay" | "play" | "preRecord" | "record";

/** Methods that change or use a session. OPTIONS, GET_PARAMETER, SET_PARAMETER and TEARDOWN are always allowed. */
export type SessionMethod = "ANNOUNCE" | "SETUP" | "PLAY" | "RECORD" | "PAUSE";

const allowedStates: Readonly<Record<SessionMethod, readonly SessionState[]>> = {
  ANNOUNCE: ["initial"],
  SETUP: ["initial", "prePlay", "preRecord"],
  // Players repeat PLAY to resume or as a keep-alive.
  PLAY: ["prePlay", "play"],
  RECORD: ["preRecord"],
  PAUSE: ["prePlay", "play", "preRecord", "record"],
};

/** Null when `method` may come in `state`, else the sentence for the log. */
export function stateError(method: SessionMethod, state: SessionState): string | null {
  const allowed = allowedStates[method];
  if (allowed.includes(state)) return null;
  return `${method} is not allowed in session state '${state}' (allowed: ${allowed.join(", ")})`;
}
