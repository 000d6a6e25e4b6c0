/** `deno task fuzz [runs]`: every fuzz test with many more inputs than `deno task test` gives it. */
const defaultRuns = "100000";

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* testFiles(path);
    else if (entry.name.endsWith("_test.ts")) yield path;
  }
}

/** Tests that use `test/support/fuzz.ts`. */
async function fuzzFiles(): Promise<string[]> {
  const files: string[] = [];
  for await (const path of testFiles("test")) {
    if ((await Deno.readTextFile(path)).includes("support/fuzz.ts")) files.push(path);
  }
  return files.sort();
}

const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--parallel", ...await fuzzFiles()],
  env: { FUZZ_RUNS: Deno.args[0] ?? defaultRuns },
}).spawn().status;
Deno.exit(code);
