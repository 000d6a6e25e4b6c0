import { createHash } from "node:crypto";
import { createLogger, type LogLevel } from "../../src/base/logger.ts";
import type { AuthRequest, Credentials, InternalUser } from "../../src/auth/mod.ts";

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
