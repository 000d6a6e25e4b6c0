import { createHash, randomBytes } from "node:crypto";
import { wallClock } from "./clock.ts";
import type { WebrtcContext } from "./context.ts";
import { BusyError } from "./http/access.ts";
import type { Created, Endpoint, LiveSession, SessionHost, SessionRequest } from "./http/contracts.ts";
import { WebrtcSession } from "./session.ts";
import type { WebrtcFailure } from "./stats.ts";

/** Sessions at a time, those that are being made included. */
export const maxSessions = 20_000;
/** Of sessions that did not connect, so many are remembered. */
export const maxFailures = 32;
const secretSize = 24;
const mediaPeriodMs = 20;

/** The sessions of one server. */
export class WebrtcSessions implements SessionHost {
  readonly #sessions = new Map<string, WebrtcSession>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #failures: WebrtcFailure[] = [];
  #closed = false;

  constructor(private readonly context: WebrtcContext) {}

  async create(request: SessionRequest): Promise<Created> {
    if (this.#closed) throw new BusyError("the server is closing");
    if (this.#sessions.size >= maxSessions) throw new BusyError("too many WebRTC sessions");
    const secret = randomBytes(secretSize).toString("base64url");
    const key = keyOf(request.endpoint, request.access.name, secret);
    const session = new WebrtcSession(this.context, request, secret, {
      onEnd: () => this.#forget(key),
      onFailure: (failure) => {
        this.#failures.push(failure);
        if (this.#failures.length > maxFailures) this.#failures.shift();
      },
    });
    this.#sessions.set(key, session);
    this.#timer ??= setInterval(() => this.tick(wallClock()), mediaPeriodMs);
    return await session.negotiate(request.offer);
  }

  find(endpoint: Endpoint, path: string, secret: string): LiveSession | null {
    return this.#sessions.get(keyOf(endpoint, path, secret)) ?? null;
  }

  /** Those that exist now. */
  get all(): Iterable<WebrtcSession> {
    return this.#sessions.values();
  }

  /** The last ones, oldest first. */
  get failures(): readonly WebrtcFailure[] {
    return this.#failures;
  }

  /** What the timer does. */
  tick(now: number): void {
    for (const session of this.#sessions.values()) session.tick(now);
  }

  #forget(key: string): void {
    this.#sessions.delete(key);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(reason: string): void {
    this.#closed = true;
    for (const session of [...this.#sessions.values()]) session.close(reason);
  }
}

/** Hashed: how long the look-up of a guess takes tells nothing about the secrets. */
function keyOf(endpoint: Endpoint, path: string, secret: string): string {
  return createHash("sha256").update(`${endpoint}\n${path}\n${secret}`).digest("base64");
}
