/** The tables as a JSON Schema (draft 2020-12), for editors of the file. */
import { type AnyKey, isAlias, type KeyTable } from "./key.ts";
import { globalKeys, pathKeys } from "./keys/tables.ts";
import type { ValueType } from "./value_type.ts";

/** A schema or a part of one. */
export type JsonSchema = { readonly [key: string]: unknown };

/** The schema of the whole file. */
export function confJsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Livemux",
    type: "object",
    additionalProperties: false,
    properties: {
      ...properties(globalKeys),
      pathDefaults: {
        description: "Settings of every path that does not set them itself.",
        $ref: "#/$defs/path",
      },
      paths: {
        description: "Paths by name; '~' and a regular expression stands for many; all_others for the rest.",
        type: ["object", "null"],
        additionalProperties: { $ref: "#/$defs/path" },
      },
    },
    $defs: {
      path: { type: ["object", "null"], additionalProperties: false, properties: properties(pathKeys) },
    },
  };
}

/** The global keys without `pathDefaults` and `paths`, as the API takes and shows them. */
export function globalJsonSchema(): JsonSchema {
  return { type: "object", properties: properties(globalKeys) };
}

/** The keys of a path with its name, as the API takes and shows them. */
export function pathJsonSchema(): JsonSchema {
  return { type: "object", properties: { name: { type: "string" }, ...properties(pathKeys) } };
}

function properties(table: KeyTable): JsonSchema {
  return Object.fromEntries(Object.entries(table).map(([name, key]) => [name, keySchema(key)]));
}

function keySchema(key: AnyKey): JsonSchema {
  const deprecated = isAlias(key) || key.deprecated !== undefined;
  const isDefaultKnown = !isAlias(key) && key.default !== undefined && key.required !== true;
  return {
    description: isAlias(key) || key.built(key.default) ? key.doc : `${key.doc} Not built yet.`,
    ...typeSchema(key.type, deprecated),
    ...(isDefaultKnown ? { default: key.type.format(key.default) } : {}),
    ...(deprecated ? { deprecated: true } : {}),
  };
}

/** Plain values may be left empty; lists and words may not, unless the whole key is optional. */
function typeSchema(type: ValueType<unknown>, optional: boolean): JsonSchema {
  const orNull = (name: string) => ({ type: [name, "null"] });
  switch (type.kind) {
    case "bool":
      return orNull("boolean");
    case "int":
      return orNull("integer");
    case "uint":
      return { ...orNull("integer"), minimum: 0 };
    case "float":
      return orNull("number");
    case "text":
      return type.words === undefined ? orNull("string") : { enum: type.words };
    case "word":
      return { enum: [...type.words ?? [], ...type.spellings ?? [], ...(optional ? [null] : [])] };
    case "duration":
      return { ...orNull("string"), pattern: type.pattern };
    case "size":
      return { type: "string", pattern: type.pattern };
    case "list":
      return {
        type: "array",
        items: type.item === undefined ? {} : withoutNull(typeSchema(type.item, false)),
      };
    case "structs":
      return { type: "array", items: structSchema(type.keys ?? {}) };
  }
}

function structSchema(keys: KeyTable): JsonSchema {
  const required = Object.entries(keys).filter(([, key]) => "required" in key && key.required === true);
  return {
    type: "object",
    additionalProperties: false,
    properties: properties(keys),
    required: required.map(([name]) => name),
  };
}

function withoutNull(schema: JsonSchema): JsonSchema {
  return Array.isArray(schema.type) ? { ...schema, type: schema.type[0] } : schema;
}
