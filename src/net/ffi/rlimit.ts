/** The limit of open files, on Linux. Each client is one: the usual limit of 1024 is too low for a server. */

/** `RLIMIT_NOFILE` of asm-generic/resource.h, the same on x86-64 and arm64. */
const limitOpenFiles = 7;

/** What is asked for; the system's own maximum bounds it. */
export const wantedOpenFiles = 999_999n;

const libraryNames = ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`];

const symbols = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

/**
 * Raises the soft limit, and the hard one too where the process may. Gives the limit that holds afterwards, or
 * undefined where it cannot be known: on other systems, and without a C library of a known name.
 */
export function raiseOpenFileLimit(wanted: bigint = wantedOpenFiles): bigint | undefined {
  if (Deno.build.os !== "linux") return undefined;
  for (const name of libraryNames) {
    try {
      using library = closing(Deno.dlopen(name, symbols));
      return raise(library.symbols, wanted);
    } catch {
      // Another C library, or no permission for foreign calls: the limit stays as it is.
    }
  }
  return undefined;
}

type Calls = Deno.DynamicLibrary<typeof symbols>["symbols"];

/** struct rlimit { rlim_t rlim_cur, rlim_max }: two 64-bit numbers. */
function raise(calls: Calls, wanted: bigint): bigint | undefined {
  const limit = new BigUint64Array(2);
  if (calls.getrlimit(limitOpenFiles, limit) !== 0) return undefined;
  const [soft, hard] = limit;
  if (soft >= wanted) return soft;
  const bounded = wanted < hard ? wanted : hard;
  if (set(calls, wanted, wanted > hard ? wanted : hard)) return wanted;
  return set(calls, bounded, hard) ? bounded : soft;
}

function set(calls: Calls, soft: bigint, hard: bigint): boolean {
  return calls.setrlimit(limitOpenFiles, BigUint64Array.of(soft, hard)) === 0;
}

function closing(library: Deno.DynamicLibrary<typeof symbols>) {
  return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
}
