/** The types a key can have: a zod schema from the written form (YAML, JSON) to the loaded form, and the way back. */
import { z } from "zod";
import { ParseError } from "../base/errors.ts";
import { credentialProblem } from "./credential.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { parseIpNetwork } from "./ip_network.ts";
import type { KeyTable, ValuesOf } from "./key.ts";
import { formatSize, parseSize } from "./size.ts";

/** How an environment variable is read and what null means; see `env.ts` and `decode.ts`. */
export type Kind =
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "text"
  | "word"
  | "duration"
  | "size"
  | "list"
  | "structs";

export interface ValueType<T> {
  readonly kind: Kind;
  readonly schema: z.ZodType<T>;
  /** Loaded form → written form. */
  format(value: T): unknown;
  /** The allowed words of a `word` or of the items of a `list`. */
  readonly words?: readonly string[];
  /** Other spellings of these words. */
  readonly spellings?: readonly (string | boolean)[];
  /** The written form of a `duration` or `size`, for editors; the parsers know better. */
  readonly pattern?: string;
  /** The type of the items of a `list`. */
  readonly item?: ValueType<unknown>;
  /** The keys of the items of `structs`. */
  readonly keys?: KeyTable;
}

const same = (value: unknown): unknown => value;

/** A transform of zod that turns ParseError into an issue. */
function parsing<T>(parse: (text: string) => T, error: string): z.ZodType<T> {
  return z.string({ error }).transform((text, context) => {
    try {
      return parse(text);
    } catch (problem) {
      if (!(problem instanceof ParseError)) throw problem;
      context.addIssue({ code: "custom", message: problem.reason, input: text });
      return z.NEVER;
    }
  });
}

export const bool: ValueType<boolean> = {
  kind: "bool",
  schema: z.boolean({ error: "must be true or false" }),
  format: same,
};

export const int: ValueType<number> = {
  kind: "int",
  schema: z.int({ error: "must be a whole number" }),
  format: same,
};

export const uint: ValueType<number> = {
  kind: "uint",
  schema: z.int({ error: "must be a whole number, not negative" }).min(0, {
    error: "must be a whole number, not negative",
  }),
  format: same,
};

export const float: ValueType<number> = {
  kind: "float",
  schema: z.number({ error: "must be a number" }),
  format: same,
};

export const text: ValueType<string> = {
  kind: "text",
  schema: z.string({ error: "must be text (quote it when it looks like a number or a boolean)" }),
  format: same,
};

export const credential: ValueType<string> = {
  kind: "text",
  schema: z.string({ error: "must be text (quote it when it looks like a number or a boolean)" })
    .superRefine((value, context) => {
      const problem = credentialProblem(value);
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem, input: value });
    }),
  format: same,
};

export const duration: ValueType<number> = {
  kind: "duration",
  schema: parsing(parseDuration, 'must be a duration with a unit, such as "10s" or "1d12h"'),
  format: formatDuration,
  pattern: "^(-?[0-9]+d)?([-+]?([0-9]*\\.?[0-9]*(h|m|s|ms|us|µs|ns))+|0)?$",
};

export const size: ValueType<number> = {
  kind: "size",
  schema: parsing(parseSize, 'must be a size with a unit, such as "50M"'),
  format: formatSize,
  pattern: "^[0-9]*\\.?[0-9]*([bB]|[kKmMgGtTpPeE]([iI]?[bB])?)$",
};

const network: ValueType<string> = {
  kind: "text",
  schema: parsing(parseIpNetwork, "must be an IP address or a network, as text"),
  format: same,
};

function listed(words: readonly string[]): string {
  return `must be one of ${words.map((word) => word === "" ? '""' : word).join(", ")}`;
}

/** One of a few words. */
export function word<const Words extends readonly [string, ...string[]]>(
  ...words: Words
): ValueType<Words[number]> {
  return {
    kind: "word",
    schema: z.enum(words, {
      error: ({ input }) =>
        typeof input === "boolean" && words.some((each) => each === "no" || each === "off")
          ? `${listed(words)}, in quotes (YAML reads unquoted yes, no, on and off as booleans)`
          : listed(words),
    }),
    format: same,
    words,
  };
}

/** One of a few words, with other spellings (as text or booleans) that stand for one of them. */
export function wordWith<const Words extends readonly [string, ...string[]]>(
  words: Words,
  spellings: readonly (readonly [string | boolean, Words[number]])[],
): ValueType<Words[number]> {
  const other = new Map<unknown, Words[number]>(spellings);
  const plain = word(...words);
  return {
    ...plain,
    schema: z.preprocess((value) => other.get(value) ?? value, plain.schema),
    spellings: spellings.map(([spelling]) => spelling),
  };
}

/** Text for which only a few words make sense; checked later, and only where the key matters. */
export function lateWord(...words: string[]): ValueType<string> {
  return { ...text, words };
}

export const encryption: ValueType<"no" | "optional" | "strict"> = wordWith(["no", "optional", "strict"], [
  ["false", "no"],
  ["true", "strict"],
  ["yes", "strict"],
]);

function list<T>(item: ValueType<T>, words?: readonly string[]): ValueType<readonly T[]> {
  return {
    kind: "list",
    schema: z.array(item.schema, { error: "must be a list" }),
    format: (values) => values.map((value) => item.format(value)),
    words,
    item,
  };
}

export const texts: ValueType<readonly string[]> = list(text);
export const uints: ValueType<readonly number[]> = list(uint);
export const floats: ValueType<readonly number[]> = list(float);
/** IP addresses and networks, loaded as canonical CIDR text. */
export const networks: ValueType<readonly string[]> = list(network);

/** Words in the order of the file. */
export function words<const Words extends readonly [string, ...string[]]>(
  ...allowed: Words
): ValueType<readonly Words[number][]> {
  return list(word(...allowed), allowed);
}

/** Words without order: loaded sorted and without doubles. */
export function wordSet<const Words extends readonly [string, ...string[]]>(
  ...allowed: Words
): ValueType<readonly Words[number][]> {
  const plain = words(...allowed);
  return { ...plain, schema: plain.schema.transform((values) => [...new Set(values)].sort()) };
}

/** A list of maps with keys of their own. `problem` says what is wrong between the keys of one of them. */
export function structs<const Table extends KeyTable>(
  keys: Table,
  problem: (item: ValuesOf<Table>) => string | undefined = () => undefined,
): ValueType<readonly ValuesOf<Table>[]> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, key] of Object.entries(keys)) {
    const optional = "default" in key && key.required !== true;
    shape[name] = optional ? key.type.schema.default(key.default) : key.type.schema;
  }
  // The shape is made at run time, so the compiler cannot see that it has the same members as the table.
  const item = z.strictObject(shape, {
    error: (issue) => issue.code === "invalid_type" ? "must be a map of keys and values" : undefined,
  }) as unknown as z.ZodType<ValuesOf<Table>>;
  const checked = item.superRefine((value, context) => {
    const text = problem(value);
    if (text !== undefined) context.addIssue({ code: "custom", message: text, input: value });
  });
  return {
    kind: "structs",
    schema: z.array(checked, { error: "must be a list" }),
    format: (values) => values.map((value) => formatStruct(keys, value)),
    keys,
  };
}

function formatStruct(keys: KeyTable, value: object): Record<string, unknown> {
  const values: Record<string, unknown> = { ...value };
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, key.type.format(values[name])]));
}
