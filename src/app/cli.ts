/** The command line: argv in, one command out. Nothing here prints or exits. */
import { productName, productVersion } from "../base/product.ts";

/** The name shown in usage and in error lines. */
export const programName = productName.toLowerCase();

/** Exit code of a command line that makes no sense, as MediaMTX answers it. */
export const usageExitCode = 80;

/** What the user asked for. `confPath` is undefined when the search list decides. */
export type Command =
  | { readonly kind: "run"; readonly confPath: string | undefined }
  | { readonly kind: "check"; readonly confPath: string | undefined }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "checkVersion" }
  | { readonly kind: "upgrade" }
  | { readonly kind: "usageError"; readonly reason: string };

const flags = {
  "--help": "show this text",
  "--version": "print the version",
  "--check": "validate the configuration, then exit with 0 or 1",
  "--check-version": "check whether a new version is available",
  "--upgrade": "replace the executable by the latest version",
} as const;

type Flag = keyof typeof flags;

const booleans = new Map([
  ["true", true],
  ["1", true],
  ["yes", true],
  ["false", false],
  ["0", false],
  ["no", false],
]);

class UsageError extends Error {}

interface ParsedFlags {
  readonly set: ReadonlySet<Flag>;
  readonly positionals: readonly string[];
}

/** Flags stand before or after the configuration path; `--` ends them. */
export function parseArguments(args: readonly string[]): Command {
  let parsed: ParsedFlags;
  try {
    parsed = readFlags(args);
  } catch (error) {
    if (error instanceof UsageError) return { kind: "usageError", reason: error.message };
    throw error;
  }
  const { set, positionals: [confPath] } = parsed;
  if (set.has("--help")) return { kind: "help" };
  if (set.has("--version")) return { kind: "version" };
  if (set.has("--check-version")) return { kind: "checkVersion" };
  if (set.has("--upgrade")) return { kind: "upgrade" };
  // An empty path is the same as none, as in `livemux "$CONF"` with the variable unset.
  return { kind: set.has("--check") ? "check" : "run", confPath: confPath || undefined };
}

function readFlags(args: readonly string[]): ParsedFlags {
  const set = new Set<Flag>();
  const positionals: string[] = [];
  let onlyPositionals = false;
  for (const arg of args) {
    if (onlyPositionals || arg === "-" || !arg.startsWith("-")) {
      if (positionals.length === 1) throw new UsageError(`unexpected argument ${arg}`);
      positionals.push(arg);
    } else if (arg === "--") {
      onlyPositionals = true;
    } else {
      const [flag, on] = readFlag(arg);
      if (on) set.add(flag);
      else set.delete(flag);
      // Help wins over whatever comes after it, even over an error.
      if (set.has("--help")) break;
    }
  }
  return { set, positionals };
}

function readFlag(arg: string): [Flag, boolean] {
  const [name, value] = splitOnce(arg === "-h" ? "--help" : arg, "=");
  if (!isFlag(name)) throw new UsageError(`unknown flag ${name}`);
  if (value === undefined) return [name, true];
  const on = booleans.get(value.toLowerCase());
  if (on === undefined) {
    throw new UsageError(`${name}: value must be true, 1, yes, false, 0 or no but is '${value}'`);
  }
  return [name, on];
}

function isFlag(name: string): name is Flag {
  return Object.hasOwn(flags, name);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** `Livemux v1.2.3, linux, amd64`, with Go's names of systems and processors, as scripts expect them. */
export function bannerText(os: string = Deno.build.os, arch: string = Deno.build.arch): string {
  const goArch = arch === "x86_64" ? "amd64" : arch === "aarch64" ? "arm64" : arch;
  return `${productName} ${productVersion}, ${os}, ${goArch}`;
}

/** The text of `--help`, without a final newline. */
export function usageText(): string {
  const lines = Object.entries(flags).map(([name, help]) => {
    const short = name === "--help" ? "-h, " : "    ";
    return `  ${short}${name.padEnd(16)}  ${help}`;
  });
  return [
    `Usage: ${programName} [<confpath>] [flags]`,
    "",
    bannerText(),
    "",
    "Arguments:",
    "  [<confpath>]  path to a configuration file. The default is mediamtx.yml.",
    "",
    "Flags:",
    ...lines,
  ].join("\n");
}
