/** Values under the keys of a table. */
import { isAlias, type KeyTable } from "./key.ts";

/** The defaults of a table. `Values` must be the `ValuesOf` that table. */
export function defaultsOf<Values>(table: KeyTable): Values {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(table)) if (!isAlias(key)) values[name] = key.default;
  return values as Values;
}
