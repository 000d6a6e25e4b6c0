/** What every room may know of authentication. */
import { UserError } from "../base/errors.ts";

/** TLS variants count as the protocol they wrap. */
export type Protocol = "rtsp" | "rtmp" | "hls" | "webrtc" | "srt" | "moq";

/** What is asked for; the first three concern a path. */
export type AuthAction = "publish" | "read" | "playback" | "api" | "metrics" | "pprof";

/** What a client has given to prove who it is. Fields it has not given are empty. */
export interface Credentials {
  /** User name. */
  readonly user: string;
  /** Password, in clear. */
  readonly pass: string;
  /** Bearer token that was sent as such; empty when there is none. Passwords and queries are looked at in here. */
  readonly token: string;
  /**
   * Challenge-response protocols (RTSP Digest) never see the password: they check it against each stored plain
   * credential with this. When present, `pass` is empty.
   */
  readonly verify?: (storedUser: string, storedPass: string) => boolean;
}

/** Of a client that has given none. */
export const noCredentials: Credentials = { user: "", pass: "", token: "" };

/** Who asks for what. */
export interface AuthRequest {
  /** What the client wants to do. */
  readonly action: AuthAction;
  /** Path name; empty for `api`, `metrics` and `pprof`. */
  readonly path: string;
  /** Raw query of the URL without `?`. */
  readonly query: string;
  /** Null for the administrative servers and playback. */
  readonly protocol: Protocol | null;
  /** UUID of the session or connection that asks; null when it has none yet. */
  readonly id: string | null;
  /** Address of the client, after proxies that are trusted. */
  readonly ip: string;
  /** As the client calls itself; may be empty. */
  readonly userAgent: string;
  /** What it has given. */
  readonly credentials: Credentials;
}

/** Somebody is let in. */
export interface AuthGrant {
  /** The name the client gave, or the one of its token; empty when nobody asked for one. */
  readonly user: string;
  /** Until when, in milliseconds since 1970; null when there is no end. */
  readonly expiresAt: number | null;
}

/**
 * Refused. `challenge` says that no credentials were given: a protocol that can ask for them asks at once and logs
 * nothing. Everyone else logs the message as a warning and waits `delayMs` before answering.
 */
export class AuthError extends UserError {
  /** Tells it from other errors. */
  override readonly name = "AuthError";
  /** For the client: what servers behind us have said is not for its eyes. */
  readonly told: string = "failed to authenticate: authentication failed";

  /** `reason` is for the log and holds no secret. */
  constructor(
    readonly reason: string,
    readonly challenge: boolean,
    /** Milliseconds to wait before the refusal is answered, so that guessing passwords is slow. */
    readonly delayMs = 0,
  ) {
    super(`failed to authenticate: ${reason}`);
  }
}
