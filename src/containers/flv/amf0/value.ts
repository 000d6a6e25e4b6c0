/** Values of the Action Message Format, version 0. */

/** What AMF0 can say, except references, which are resolved, and a change to AMF3, which is refused. */
export type Amf0Value =
  | number
  | boolean
  | string
  | null
  | undefined
  | Amf0Object
  | Amf0Array
  | Amf0Date
  | Amf0Xml
  | Amf0Unsupported;

/**
 * Named values in the order in which they came. `ecmaArray` is an object that some writers use for metadata;
 * `className` makes it a typed object.
 */
export interface Amf0Object {
  readonly kind: "object" | "ecmaArray";
  readonly className?: string;
  readonly entries: ReadonlyMap<string, Amf0Value>;
}

export interface Amf0Array {
  readonly kind: "strictArray";
  readonly items: readonly Amf0Value[];
}

export interface Amf0Date {
  readonly kind: "date";
  /** Since 1970, UTC. */
  readonly milliseconds: number;
  /** Reserved: should be 0. */
  readonly timeZone: number;
}

export interface Amf0Xml {
  readonly kind: "xml";
  readonly text: string;
}

export interface Amf0Unsupported {
  readonly kind: "unsupported";
}

/** AMF0 specification §2.1. */
export const Marker = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  movieClip: 4,
  null: 5,
  undefined: 6,
  reference: 7,
  ecmaArray: 8,
  objectEnd: 9,
  strictArray: 10,
  date: 11,
  longString: 12,
  unsupported: 13,
  recordSet: 14,
  xmlDocument: 15,
  typedObject: 16,
  avmPlus: 17,
} as const;

/** Nested objects and arrays. */
export const maxAmf0Depth = 16;
/** Values in one message, counting those inside objects and arrays. */
export const maxAmf0Values = 4096;
/** Bytes of one message. */
export const maxAmf0Size = 256 * 1024;

/** `{a: 1}` as an AMF0 object. */
export function amf0Object(entries: Readonly<Record<string, Amf0Value>>): Amf0Object {
  return { kind: "object", entries: new Map(Object.entries(entries)) };
}

/** `{a: 1}` as an AMF0 ECMA array. */
export function amf0EcmaArray(entries: Readonly<Record<string, Amf0Value>>): Amf0Object {
  return { kind: "ecmaArray", entries: new Map(Object.entries(entries)) };
}

/** The entries when it is an object or an ECMA array; none otherwise. */
export function entriesOf(value: Amf0Value): ReadonlyMap<string, Amf0Value> {
  const isObject = typeof value === "object" && value !== null &&
    (value.kind === "object" || value.kind === "ecmaArray");
  return isObject ? value.entries : new Map();
}
