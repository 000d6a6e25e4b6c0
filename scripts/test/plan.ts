/** Splits what was asked for into runs of `deno test`. */
import { filesBelow } from "../repository.ts";

/** Arguments of each run; undefined when there is nothing to run. */
export interface Plan {
  readonly unit?: readonly string[];
  readonly interop?: readonly string[];
}

/** Tests here start servers and foreign programs, and mostly wait for them. */
const interopFolder = "test/interop";

function isTest(name: string): boolean {
  return /_test\.ts$/.test(name);
}

/**
 * `args` of the form `test/…` choose folders or files; the others are handed to `deno test`, such as
 * `--filter=name`. A flag's value has to be joined with `=`.
 */
export function planRuns(args: readonly string[], all: readonly string[] = filesBelow("test", isTest)): Plan {
  const flags = args.filter((arg) => arg.startsWith("-"));
  const paths = args.filter((arg) => !arg.startsWith("-")).map((path) =>
    path.replace(/^\.\//, "").replace(/\/$/, "")
  );
  const unknown = paths.filter((path) => !all.some((file) => isWithin(file, path)));
  const chosen = paths.length === 0 ? all : all.filter((file) => paths.some((path) => isWithin(file, path)));
  const unit = chosen.filter((file) => !isWithin(file, interopFolder));
  const interop = chosen.filter((file) => isWithin(file, interopFolder));
  return {
    // What is not there goes along too: deno test then says so, and fails.
    unit: unit.length + unknown.length > 0 ? ["--parallel", ...flags, ...unit, ...unknown] : undefined,
    interop: interop.length > 0 ? ["--parallel", ...flags, ...interop] : undefined,
  };
}

function isWithin(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}
