/**
 * The system's C library, for what Deno's sockets do not offer. Only on 64-bit little-endian Linux: the structure layouts
 * beside this file assume it. Nothing here throws: without the permission or the library `libc()` is undefined.
 */

const symbols = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  // The size is size_t in C: a length below 2^32 sits in the same register, and u32 costs half of a 64-bit Number.
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of the C library that are used. */
export type Libc = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** Opened with the module, not on first use: a test that happens to be the first must not look like a leak. */
const opened = open();

/** Kept for the life of the process. */
export function libc(): Libc | undefined {
  return opened;
}

function open(): Libc | undefined {
  if (!foreignCallsAllowed()) return undefined;
  for (const name of ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`]) {
    try {
      return Deno.dlopen(name, symbols).symbols;
    } catch {
      // The other C library, then.
    }
  }
  return undefined;
}

/** Linux with the permission already given: asking for it would stop the server at a prompt. */
export function foreignCallsAllowed(): boolean {
  if (Deno.build.os !== "linux") return false;
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/** Buffers of foreign calls must lie on plain memory, and all of ours do: nothing here makes a SharedArrayBuffer. */
export function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

/** Values of Linux's headers, equal on x86-64 and arm64. */
export const linux = {
  EAGAIN: 11,
  ENOBUFS: 105,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  AF_INET: 2,
  AF_INET6: 10,
  SOL_SOCKET: 1,
  SO_TYPE: 3,
  SO_KEEPALIVE: 9,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_RCVBUFFORCE: 33,
  SO_SNDBUFFORCE: 32,
  IPPROTO_IP: 0,
  IPPROTO_TCP: 6,
  TCP_NODELAY: 1,
  TCP_INFO: 11,
  TCP_USER_TIMEOUT: 18,
  SHUT_RDWR: 2,
  SOL_UDP: 17,
  UDP_SEGMENT: 103,
  IP_MULTICAST_IF: 32,
  IP_MULTICAST_TTL: 33,
  IP_MULTICAST_ALL: 49,
  IPPROTO_IPV6: 41,
  IPV6_MULTICAST_ALL: 29,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
} as const;

/** Sets an option whose value is a C int; false when the system refuses. */
export function setIntOption(
  libc: Libc,
  descriptor: number,
  level: number,
  name: number,
  value: number,
): boolean {
  return libc.setsockopt(descriptor, level, name, Int32Array.of(value), 4) === 0;
}

let errnoView: Deno.UnsafePointerView | undefined;

/**
 * The C library's error number, 0 when unknown. The runtime makes system calls of its own between ours, so this is a hint
 * and never the only reason to take a branch.
 */
export function errnoHint(libc: Libc): number {
  if (errnoView === undefined) {
    const at = libc.__errno_location();
    if (at === null) return 0;
    errnoView = new Deno.UnsafePointerView(at);
  }
  return errnoView.getInt32();
}
