// @ts-check
/** Why there is no connection, as a value and in words. */
import { serverText } from "../shared/requests.js";

/**
 * @typedef {{ kind: "noStream" }
 *   | { kind: "wrongCredentials" }
 *   | { kind: "codec", text: string }
 *   | { kind: "refused", text: string }
 *   | { kind: "network" }
 *   | { kind: "server", status: number, text: string }
 *   | { kind: "blocked" }
 *   | { kind: "interrupted", detail: string }
 *   | { kind: "browser" }} Problem `text`: what the server said, or "". `blocked`: server and browser have agreed, but
 *   no packet gets from one to the other.
 */

/** @param {string} text */
const behind = (text) => text === "" ? "" : `: ${text}`;

/**
 * One sentence for people.
 * @param {Problem} problem
 * @returns {string}
 */
export function describeProblem(problem) {
  switch (problem.kind) {
    case "noStream":
      return "No stream on this path yet";
    case "wrongCredentials":
      return "Wrong credentials for this stream";
    case "codec":
      return `Browser and server have no codec in common${behind(problem.text)}`;
    case "refused":
      return `The server refuses this connection${behind(problem.text)}`;
    case "network":
      return "The server cannot be reached";
    case "server":
      return `The server reports an error (${problem.status})${behind(problem.text)}`;
    case "blocked":
      return "The server answers, but its media does not get through. Its UDP port (8189 when not changed) must be " +
        "open in firewalls and containers; behind NAT its public address must be in webrtcAdditionalHosts; else a " +
        "TURN server helps";
    case "interrupted":
      return "The connection was interrupted";
    case "browser":
      return "This browser does not know WebRTC";
  }
}

/**
 * Only a person can change it: it is tried again less often, as such tries look like guessing to the server.
 * @param {Problem} problem
 */
export function needsPerson({ kind }) {
  return kind === "wrongCredentials" || kind === "codec" || kind === "browser";
}

/** Thrown by whatever cannot connect. */
export class ProblemError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(describeProblem(problem));
    this.problem = problem;
  }
}

/**
 * From the answer to an offer that was not taken.
 * @param {number} status
 * @param {string} body
 * @returns {Problem}
 */
export function problemOfAnswer(status, body) {
  const text = serverText(body);
  switch (status) {
    case 401:
    case 403:
      return { kind: "wrongCredentials" };
    case 404:
      return { kind: "noStream" };
    case 406:
      return { kind: "codec", text };
    case 400:
      return { kind: /codec/i.test(text) ? "codec" : "refused", text };
    default:
      return { kind: "server", status, text };
  }
}
