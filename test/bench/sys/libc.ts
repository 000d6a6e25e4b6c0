/**
 * The few calls of the C library that the load tool needs: reading a thousand sockets through promises would cost
 * more than the server under test. Linux only, 64 bits, little endian.
 */

const symbols = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "pointer", "u32", "i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "pointer", "u32", "i32", "pointer"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  usleep: { parameters: ["u32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

function open() {
  const names = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];
  for (const name of names) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch {
      continue;
    }
  }
  throw new Error(`the load tool needs the C library of Linux (tried ${names.join(", ")})`);
}

/** Opened on first use, so that the pure parts of the tool can be tested anywhere. */
let opened: ReturnType<typeof open> | undefined;

export function libc(): ReturnType<typeof open> {
  return opened ??= open();
}

export const afInet = 2;
export const sockStream = 1;
export const sockDatagram = 2;
export const sockCloseOnExec = 0o2000000;
export const solSocket = 1;
export const soRcvbuf = 8;
export const soSndtimeo = 21;
export const soRcvtimeo = 20;
export const soRcvbufForce = 33;
export const msgDontWait = 0x40;
export const msgNoSignal = 0x4000;
const clockMonotonic = 1;

const errnoNames: Record<number, string> = {
  11: "timed out",
  24: "too many open files",
  32: "broken pipe",
  98: "address in use",
  104: "connection reset",
  110: "timed out",
  111: "connection refused",
};

/** The last error as words; valid right after the failed call. */
export function lastError(): string {
  const location = libc().__errno_location();
  if (location === null) return "unknown error";
  const number = new Deno.UnsafePointerView(location).getInt32();
  return errnoNames[number] ?? `error ${number}`;
}

/** `struct sockaddr_in`; `ip` is a dotted quad. */
export function socketAddress(ip: string, port: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(16);
  out[0] = afInet;
  out[2] = port >> 8;
  out[3] = port;
  out.set(ip.split(".").map(Number), 4);
  return out;
}

export function setIntOption(fd: number, level: number, name: number, value: number): boolean {
  return libc().setsockopt(fd, level, name, new Int32Array([value]), 4) === 0;
}

/** Limits blocking sends and receives. */
export function setTimeouts(fd: number, seconds: number): void {
  const timeval = new BigInt64Array([BigInt(seconds), 0n]);
  libc().setsockopt(fd, solSocket, soRcvtimeo, timeval, 16);
  libc().setsockopt(fd, solSocket, soSndtimeo, timeval, 16);
}

/** Asks for a large receive buffer: beyond the system's limit when the process may, up to it otherwise. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  if (!setIntOption(fd, solSocket, soRcvbufForce, bytes)) setIntOption(fd, solSocket, soRcvbuf, bytes);
}

const timespec = new BigInt64Array(2);
const timespecWords = new Uint32Array(timespec.buffer);

/** Microseconds of the monotonic clock, the same in every thread and process of the machine. */
export function nowMicros(): number {
  libc().clock_gettime(clockMonotonic, timespec);
  return (timespecWords[0] + timespecWords[1] * 4294967296) * 1e6 + timespecWords[2] / 1000;
}
