/** What the configuration knows of one key. The tables in `keys/` are made of these; types, defaults, checks and documents come from them. */
import type { ValueType } from "./value_type.ts";

/** How a value may be shown: never (`all`), or with credentials and query of a URL cut out (`url`). */
export type Secret = "all" | "url";

export interface Key<T> {
  readonly type: ValueType<T>;
  /** Undefined for a key that is optional. */
  readonly default: T;
  /** One or two sentences for people who edit the file. */
  readonly doc: string;
  /** Whether the feature exists yet, for every value or for some. */
  built(value: T): boolean;
  /** Must be given (list items only). */
  readonly required?: true;
  readonly secret?: Secret;
  /** Still read, but hidden from the documented file; the text of the warning when it is set, if there is one. */
  readonly deprecated?: { readonly warning?: string };
  /** A change of this path key keeps the path, its publisher and its readers. */
  readonly hot?: true;
  /** Ours, unknown to MediaMTX. */
  readonly own?: true;
}

/** An old name. Its value is moved to `of` once, when the file is loaded. */
export interface Alias<T> {
  readonly type: ValueType<T>;
  readonly doc: string;
  readonly alias: {
    /** The key that has taken over; `pathDefaults.x` for a global key that moved there. */
    readonly of: string;
    /** `list`: one value becomes a list of one. `iceServers`: see `aliases.ts`. */
    readonly as: "same" | "inverted" | "list" | "iceServers" | "authHttp" | "credentials";
  };
  readonly secret?: Secret;
}

export type AnyKey = Key<unknown> | Alias<unknown>;
export type KeyTable = Readonly<Record<string, AnyKey>>;

/** Values under their names; old names have none. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table as Table[Name] extends Alias<unknown> ? never : Name]: Table[Name] extends
    Key<infer Value> ? Value
    : never;
};

export function isAlias(key: AnyKey): key is Alias<unknown> {
  return "alias" in key;
}

type Options = Pick<Key<unknown>, "secret" | "required" | "hot" | "own">;

/** A key whose feature works; `only` says for which values, when it is not all of them. */
export function built<T>(
  type: ValueType<T>,
  defaultValue: NoInfer<T>,
  doc: string,
  options: Options & { readonly only?: (value: T) => boolean } = {},
): Key<T> {
  const { only = () => true, ...rest } = options;
  return { type, default: defaultValue, doc, built: only, ...rest };
}

/** A key that is understood and checked, but whose feature is still to come. `except` are values that need nothing built. */
export function planned<T>(
  type: ValueType<T>,
  defaultValue: NoInfer<T>,
  doc: string,
  options: Options & { readonly except?: (value: T) => boolean } = {},
): Key<T> {
  const { except = () => false, ...rest } = options;
  return { type, default: defaultValue, doc, built: except, ...rest };
}

/** A deprecated key that still has its effect: absent unless the file sets it. */
export function legacy<T>(
  type: ValueType<T>,
  doc: string,
  isBuilt: boolean,
  warning?: string,
): Key<T | undefined> {
  return { type, default: undefined, doc, built: () => isBuilt, deprecated: { warning } };
}

export function alias<T>(
  type: ValueType<T>,
  of: string,
  options: { as?: Alias<T>["alias"]["as"]; secret?: Secret } = {},
): Alias<T> {
  const { as = "same", secret } = options;
  return { type, doc: `Old name of ${of}.`, alias: { of, as }, secret };
}
