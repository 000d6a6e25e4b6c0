/** A configuration as it is written, before the schema: plain values, and where each came from. */

/** A value as it is written. */
export type Raw = null | boolean | number | string | Raw[] | RawMap;
/** Without prototype, so that a path may be called `__proto__`. */
export interface RawMap {
  [key: string]: Raw;
}

/** Keys and list indexes from the top: `["paths", "cam", "forward", 0, "dest"]`. */
export type KeyPath = readonly (string | number)[];

export type Origin =
  | { readonly kind: "file"; readonly line: number; readonly column: number }
  | { readonly kind: "env"; readonly variable: string }
  /** A change by the API; without a file when it is being made. */
  | { readonly kind: "overlay"; readonly file: string | undefined };

/** Without prototype. */
export function emptyMap(): RawMap {
  return Object.create(null);
}

/** A map, neither list nor plain value. */
export function isRawMap(value: Raw | undefined): value is RawMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function rawAt(root: Raw, path: KeyPath): Raw | undefined {
  let value: Raw | undefined = root;
  for (const step of path) {
    if (typeof step === "number") value = Array.isArray(value) ? value[step] : undefined;
    else value = isRawMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** `paths.cam.forward[0].dest` */
export function keyPathText(path: KeyPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** Remembers the places of keys and values. */
export class Origins {
  readonly #keys: Map<string, Origin>;
  readonly #values: Map<string, Origin>;

  /** Begins with what `from` knows. */
  constructor(from?: Origins) {
    this.#keys = new Map(from === undefined ? [] : from.#keys);
    this.#values = new Map(from === undefined ? [] : from.#values);
  }

  setKey(path: KeyPath, origin: Origin): void {
    this.#keys.set(path.join("\0"), origin);
  }

  setValue(path: KeyPath, origin: Origin): void {
    this.#values.set(path.join("\0"), origin);
  }

  key(path: KeyPath): Origin | undefined {
    return this.#keys.get(path.join("\0")) ?? this.value(path);
  }

  /** The place of the value, or of the innermost known value around it. */
  value(path: KeyPath): Origin | undefined {
    for (let length = path.length; length >= 0; length--) {
      const id = path.slice(0, length).join("\0");
      const found = this.#values.get(id) ?? this.#keys.get(id);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
