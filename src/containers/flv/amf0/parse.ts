import { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";
import {
  type Amf0Object,
  type Amf0Value,
  Marker,
  maxAmf0Depth,
  maxAmf0Size,
  maxAmf0Values,
} from "./value.ts";

const decoder = new TextDecoder();

/** All values of a message, one after the other. Strings are copies. Throws ParseError. */
export function parseAmf0(bytes: Uint8Array): Amf0Value[] {
  if (bytes.length > maxAmf0Size) {
    throw new ParseError("AMF0 message", `has ${bytes.length} bytes, more than ${maxAmf0Size}`, 0);
  }
  const parser = new Amf0Parser(bytes);
  const values: Amf0Value[] = [];
  while (!parser.atEnd) values.push(parser.value(0));
  return values;
}

class Amf0Parser {
  readonly #reader: ByteReader;
  #count = 0;
  /** What references count: objects and arrays in the order of their beginnings; null while they are being read. */
  readonly #complex: (Amf0Value | null)[] = [];

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
  }

  get atEnd(): boolean {
    return this.#reader.remaining === 0;
  }

  value(depth: number): Amf0Value {
    const reader = this.#reader;
    const at = reader.offset;
    const marker = reader.u8("marker");
    if (++this.#count > maxAmf0Values) throw new ParseError("value", `more than ${maxAmf0Values} values`, at);
    if (depth > maxAmf0Depth) throw new ParseError("value", `nested more than ${maxAmf0Depth} times`, at);
    switch (marker) {
      case Marker.number:
        return reader.f64("number");
      case Marker.boolean:
        return reader.u8("boolean") !== 0;
      case Marker.string:
        return this.#text(reader.u16("string length"), "string");
      case Marker.longString:
        return this.#text(reader.u32("string length"), "string");
      case Marker.xmlDocument:
        return { kind: "xml", text: this.#text(reader.u32("XML length"), "XML document") };
      case Marker.null:
        return null;
      case Marker.undefined:
        return undefined;
      case Marker.unsupported:
        return { kind: "unsupported" };
      case Marker.date:
        return { kind: "date", milliseconds: reader.f64("date"), timeZone: reader.u16("time zone") };
      default:
        return this.#complexValue(marker, at, depth);
    }
  }

  #complexValue(marker: number, at: number, depth: number): Amf0Value {
    const reader = this.#reader;
    switch (marker) {
      case Marker.object:
        return this.#keep(() => ({ kind: "object", entries: this.#entries(depth) }));
      case Marker.typedObject: {
        const className = this.#text(reader.u16("class name length"), "class name");
        return this.#keep(() => ({ kind: "object", className, entries: this.#entries(depth) }));
      }
      case Marker.ecmaArray:
        // The stated count is wrong in the files of many writers: what ends the array is its end marker.
        reader.skip(4, "associative count");
        return this.#keep(() => ({ kind: "ecmaArray", entries: this.#entries(depth) }));
      case Marker.strictArray:
        return this.#keep(() => ({ kind: "strictArray", items: this.#items(depth) }));
      case Marker.reference: {
        const value = this.#complex[reader.u16("reference")];
        if (value === undefined || value === null) throw new ParseError("reference", "leads nowhere", at);
        return value;
      }
      case Marker.avmPlus:
        throw new ParseError("marker", "AMF3 is not supported", at);
      default:
        throw new ParseError("marker", `${marker} is unknown`, at);
    }
  }

  #keep(read: () => Amf0Value): Amf0Value {
    const index = this.#complex.push(null) - 1;
    return this.#complex[index] = read();
  }

  #entries(depth: number): Amf0Object["entries"] {
    const reader = this.#reader;
    const entries = new Map<string, Amf0Value>();
    for (;;) {
      const key = this.#text(reader.u16("key length"), "key");
      if (key === "" && reader.remaining > 0 && reader.bytes[reader.offset] === Marker.objectEnd) {
        reader.skip(1, "object end");
        return entries;
      }
      entries.set(key, this.value(depth + 1));
    }
  }

  #items(depth: number): Amf0Value[] {
    const reader = this.#reader;
    const at = reader.offset;
    const count = reader.u32("array count");
    if (count > maxAmf0Values) throw new ParseError("array count", `${count} is above ${maxAmf0Values}`, at);
    const items: Amf0Value[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
    return items;
  }

  #text(size: number, field: string): string {
    return decoder.decode(this.#reader.view(size, field));
  }
}
