/** Independent cases, a few at a time, each reported as a step of its own. */

export interface Case {
  readonly name: string;
  run(): Promise<void>;
}

/** `INTEROP_CASES`: run only the cases whose name contains this text. */
const only = Deno.env.get("INTEROP_CASES") ?? "";

export async function runCases(t: Deno.TestContext, all: readonly Case[], together = 3): Promise<void> {
  const cases = all.filter((one) => one.name.includes(only));
  const results: (Error | null)[] = cases.map(() => null);
  let next = 0;
  const work = async () => {
    while (next < cases.length) {
      const index = next++;
      try {
        await cases[index].run();
      } catch (error) {
        results[index] = error instanceof Error ? error : new Error(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  for (const [index, one] of cases.entries()) {
    await t.step(one.name, () => {
      const error = results[index];
      if (error !== null) throw error;
    });
  }
}
