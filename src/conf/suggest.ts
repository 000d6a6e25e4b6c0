/** The key somebody probably meant. */
import { globalKeys, pathKeys } from "./keys/tables.ts";
import { type KeyPath, keyPathText } from "./raw.ts";
import { tableAt } from "./key_path.ts";

const maxKeyLength = 64;

/** The text of the issue for a key that does not exist at this place. `path` ends with the key. */
export function unknownKeyText(path: KeyPath): string {
  const name = String(path.at(-1));
  const parent = path.slice(0, -1);
  const place = misplaced(name, parent);
  if (place !== undefined) return `unknown key here; ${place}`;
  const names = Object.keys(tableAt(parent) ?? {});
  if (parent.length === 0) names.push("pathDefaults", "paths");
  const near = nearest(name, names);
  return near === undefined ? "unknown key" : `unknown key, did you mean '${near}'?`;
}

function misplaced(name: string, parent: KeyPath): string | undefined {
  if (parent.length === 0 && Object.hasOwn(pathKeys, name)) {
    return "it belongs into pathDefaults or an entry of paths";
  }
  const inPath = parent[0] === "pathDefaults" && parent.length === 1 ||
    parent[0] === "paths" && parent.length === 2;
  if (inPath && Object.hasOwn(globalKeys, name)) {
    return `it belongs to the top of the file, not into ${keyPathText(parent)}`;
  }
  return undefined;
}

/** The candidate with the smallest edit distance, if it is near enough to be a slip. Case does not count. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > maxKeyLength) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 4)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance < candidate.length) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    [before, above] = [above, row];
  }
  return above[b.length];
}
