/** What every room may know of authentication. */
import { UserError } from "../base/errors.ts";

/** TLS variants count as the protocol they wrap. */
export type Protocol = "rtsp" | "rtmp" | "hls" | "webrtc" | "srt" | "moq";

export type AuthAction = "publish" | "read" | "playback" | "api" | "metrics" | "pprof";

export interface Credentials {
  readonly user: string;
  readonly pass: string;
  /** Bearer token or JWT, wherever the protocol carries it; empty when there is none. */
  readonly token: string;
  /**
   * Challenge-response protocols (RTSP Digest) never see the password: they check it against each stored plain
   * credential with this. When present, `pass` is empty.
   */
  readonly verify?: (storedUser: string, storedPass: string) => boolean;
}

export const noCredentials: Credentials = { user: "", pass: "", token: "" };

/** Who asks for what. */
export interface AuthRequest {
  readonly action: AuthAction;
  /** Path name; empty for `api`, `metrics` and `pprof`. */
  readonly path: string;
  /** Raw query of the URL without `?`. */
  readonly query: string;
  /** Null for the administrative servers and playback. */
  readonly protocol: Protocol | null;
  /** UUID of the session or connection that asks; null when it has none yet. */
  readonly id: string | null;
  readonly ip: string;
  readonly userAgent: string;
  readonly credentials: Credentials;
}

/**
 * Refused. `challenge` says that no credentials were given: a protocol that can ask for them asks at once and logs
 * nothing. Everyone else logs the message as a warning and waits `delayMs` before answering.
 */
export class AuthError extends UserError {
  override readonly name = "AuthError";

  constructor(
    readonly reason: string,
    readonly challenge: boolean,
    /** Milliseconds to wait before the refusal is answered, so that guessing passwords is slow. */
    readonly delayMs = 0,
  ) {
    super(`failed to authenticate: ${reason}`);
  }
}
