/** Seeded mutation fuzzing of parsers: whatever the bytes, only the expected error may come out. */
import { ParseError } from "../../src/base/errors.ts";
import { Random } from "./random.ts";

/** How many inputs a fuzz test tries; `FUZZ_RUNS` raises it for a longer task. */
export const fuzzRuns = Number(Deno.env.get("FUZZ_RUNS") ?? 3000);

/** Flips, cuts, doubles, inserts and splices bytes of a seed. */
export function mutate(random: Random, seed: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes: number[] = Array.from(seed);
  const rounds = 1 + random.int(4);
  for (let round = 0; round < rounds; round++) {
    const at = random.int(bytes.length + 1);
    switch (random.int(6)) {
      case 0:
        if (at < bytes.length) bytes[at] ^= 1 << random.int(8);
        break;
      case 1:
        bytes = bytes.slice(0, at);
        break;
      case 2:
        bytes.splice(at, 0, ...random.bytes(1 + random.int(8)));
        break;
      case 3:
        bytes.splice(at, random.int(8));
        break;
      case 4:
        if (at < bytes.length) bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
        break;
      default:
        bytes = bytes.concat(bytes.slice(at, at + random.int(64)));
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * Calls `parse` with mutations of the seeds. Throws the offending input (hex) when anything but ParseError comes out.
 */
export function fuzz(
  name: string,
  seeds: readonly Uint8Array[],
  parse: (bytes: Uint8Array) => void,
  runs: number = fuzzRuns,
  seedNumber = 1,
): void {
  const random = new Random(seedNumber);
  for (let run = 0; run < runs; run++) {
    const input = random.int(20) === 0 ? random.bytes(random.int(200)) : mutate(random, random.pick(seeds));
    try {
      parse(input);
    } catch (error) {
      if (error instanceof ParseError) continue;
      const hex = Array.from(input, (byte) => byte.toString(16).padStart(2, "0")).join("");
      throw new Error(`${name}: input ${hex} (run ${run}) gave ${error}`, { cause: error });
    }
  }
}
