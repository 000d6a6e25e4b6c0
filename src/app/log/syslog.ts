/** The system's log on Linux and the BSDs: one datagram a message to a local socket (RFC 3164 §4.1, local form). */
import { UserError } from "../../base/errors.ts";
import type { LogLevel } from "../../base/logger.ts";
import { settlesWithin } from "../deadline.ts";
import type { LogDestination } from "./destination.ts";

const facilityDaemon = 3;

/** RFC 3164 §4.1.1 */
const severities: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

const socketPaths = ["/dev/log", "/var/run/log"];

/** Datagrams that may wait for the system's log; further ones are dropped and counted. */
export const maxPendingMessages = 1000;

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `<30>Jan  2 03:04:05 tag[pid]: message` and a newline: what the C library sends. */
export function formatSyslog(at: Date, level: LogLevel, tag: string, pid: number, message: string): string {
  const priority = facilityDaemon * 8 + severities[level];
  const day = at.getDate().toString().padStart(2, " ");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((value) => value.toString().padStart(2, "0")).join(":");
  return `<${priority}>${months[at.getMonth()]} ${day} ${time} ${tag}[${pid}]: ${message}\n`;
}

/** Throws UserError where there is no system log. */
export function openSyslogDestination(
  tag: string,
  now: () => Date,
  paths: readonly string[] = socketPaths,
): LogDestination {
  if (Deno.build.os === "darwin" || Deno.build.os === "windows") {
    throw new UserError("syslog is not available on macOS and Windows");
  }
  const path = paths.find(isSocket);
  if (path === undefined) throw new UserError(`no system log found (looked for ${paths.join(", ")})`);
  return new SyslogDestination(openDatagramSocket(), path, tag, now);
}

function isSocket(path: string): boolean {
  try {
    return Deno.statSync(path).isSocket === true;
  } catch {
    return false;
  }
}

/** Deno gives datagram sockets a name in the file system, which is needed only while it is bound. */
function openDatagramSocket(): Deno.DatagramConn {
  const folder = Deno.makeTempDirSync();
  try {
    return Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/log` });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

class SyslogDestination implements LogDestination {
  readonly #encoder = new TextEncoder();
  #tail: Promise<void> = Promise.resolve();
  #pending = 0;
  #dropped = 0;

  constructor(
    private readonly socket: Deno.DatagramConn,
    private readonly path: string,
    private readonly tag: string,
    private readonly now: () => Date,
  ) {}

  write(at: Date, level: LogLevel, message: string): void {
    if (this.#pending >= maxPendingMessages) {
      this.#dropped++;
      return;
    }
    this.#pending++;
    const datagram = this.#encoder.encode(formatSyslog(at, level, this.tag, Deno.pid, message));
    this.#tail = this.#tail.then(() => this.#send(datagram));
  }

  async #send(datagram: Uint8Array): Promise<void> {
    try {
      await this.socket.send(datagram, { transport: "unixpacket", path: this.path });
    } catch {
      // The daemon restarts, or the message is too big for it.
      this.#dropped++;
    }
    this.#pending--;
    if (this.#pending === 0 && this.#dropped > 0) this.#tellDropped();
  }

  #tellDropped(): void {
    const text = `${this.#dropped} log lines were dropped, the system log was too slow or failed`;
    const datagram = this.#encoder.encode(formatSyslog(this.now(), "warn", this.tag, Deno.pid, text));
    const told = this.#dropped;
    this.#dropped = 0;
    this.socket.send(datagram, { transport: "unixpacket", path: this.path })
      .catch(() => this.#dropped += told);
  }

  /** Datagram sockets of Deno have no blocking call: what is queued in a crash is lost here. */
  flushSync(): void {}

  async close(deadlineMs: number): Promise<void> {
    await settlesWithin(this.#tail, deadlineMs);
    this.socket.close();
  }
}
