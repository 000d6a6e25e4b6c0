/** Values under the keys of a table. */
import { isAlias, type KeyTable } from "./key.ts";

/** The defaults of a table. `Values` must be the `ValuesOf` that table. */
export function defaultsOf<Values>(table: KeyTable): Values {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(table)) if (!isAlias(key)) values[name] = key.default;
  return values as Values;
}

/** Loaded values have their keys in the order of the table, so their text tells whether they are equal. */
export function equalValues(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * The names of the keys that are set to something else than the default, and whose feature does not exist yet.
 * `values` may be partial.
 */
export function notBuilt(table: KeyTable, values: object): string[] {
  const names: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const key = Object.hasOwn(table, name) ? table[name] : undefined;
    if (key === undefined || isAlias(key) || value === undefined) continue;
    if (!key.built(value) && !equalValues(value, key.default)) names.push(name);
  }
  return names;
}
