import { createHash } from "node:crypto";
import { AuthError, type AuthManager } from "../../src/auth/mod.ts";
import type { AuthOptions, AuthRequest, Credentials, InternalUser } from "../../src/auth/mod.ts";
import { createLogger, type LogLevel } from "../../src/base/logger.ts";
import { defaultConf } from "../../src/conf/mod.ts";
import { ok } from "../support/assert.ts";

/** Those of a configuration without any key, and these. */
export function options(overrides: Partial<AuthOptions>): AuthOptions {
  return { ...defaultConf(), ...overrides };
}

/** What came out: `let in as u`, `challenge: reason` or `refused: reason`. */
export async function answer(auth: AuthManager, asked: AuthRequest): Promise<string> {
  try {
    return `let in as ${(await auth.authenticate(asked)).user}`;
  } catch (error) {
    ok(error instanceof AuthError, String(error));
    return `${error.challenge ? "challenge" : "refused"}: ${error.reason}`;
  }
}

export function request(overrides: Partial<AuthRequest> = {}): AuthRequest {
  return {
    action: "read",
    path: "cam",
    query: "",
    protocol: "rtsp",
    id: null,
    ip: "127.0.0.1",
    userAgent: "",
    credentials: login("", ""),
    ...overrides,
  };
}

export function login(user: string, pass: string): Credentials {
  return { user, pass, token: "" };
}

/** What an RTSP client would send that knows these two, without the nonce. */
export function digestLogin(user: string, pass: string): Credentials {
  const response = digest(user, pass);
  return {
    user,
    pass: "",
    token: "",
    verify: (storedUser, storedPass) => storedUser === user && digest(storedUser, storedPass) === response,
  };
}

function digest(user: string, pass: string): string {
  return createHash("md5").update(`${user}:realm:${pass}`).digest("hex");
}

export function sha256(text: string): string {
  return "sha256:" + createHash("sha256").update(text).digest("base64");
}

export function internalUser(overrides: Partial<InternalUser> = {}): InternalUser {
  return {
    user: "any",
    pass: "",
    ips: [],
    permissions: [{ action: "read", path: "" }],
    ...overrides,
  };
}

/** A logger and the lines it got, as `info text`. */
export function recordingLogger() {
  const lines: string[] = [];
  const logger = createLogger(
    (level: LogLevel, message) => void lines.push(`${level} ${message}`),
    () => true,
  );
  return { lines, logger };
}
