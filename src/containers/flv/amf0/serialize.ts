import { ByteWriter } from "../../../base/bytes.ts";
import { type Amf0Object, type Amf0Value, Marker } from "./value.ts";

const encoder = new TextEncoder();
const maxShortString = 0xffff;

/** Values one after the other. */
export function serializeAmf0(...values: readonly Amf0Value[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const value of values) size += sizeOf(value);
  const writer = new ByteWriter(size);
  for (const value of values) write(writer, value);
  return writer.bytes;
}

function sizeOf(value: Amf0Value): number {
  switch (typeof value) {
    case "number":
      return 9;
    case "boolean":
      return 2;
    case "string": {
      const size = textSize(value);
      return (size > maxShortString ? 5 : 3) + size;
    }
    case "undefined":
      return 1;
  }
  if (value === null) return 1;
  switch (value.kind) {
    case "object":
      return 1 + (value.className === undefined ? 0 : 2 + textSize(value.className)) + entriesSize(value);
    case "ecmaArray":
      return 5 + entriesSize(value);
    case "strictArray":
      return value.items.reduce<number>((sum, item) => sum + sizeOf(item), 5);
    case "date":
      return 11;
    case "xml":
      return 5 + textSize(value.text);
    case "unsupported":
      return 1;
  }
}

function entriesSize(object: Amf0Object): number {
  let size = 3;
  for (const [key, value] of object.entries) size += 2 + textSize(key) + sizeOf(value);
  return size;
}

function write(writer: ByteWriter, value: Amf0Value): void {
  switch (typeof value) {
    case "number":
      writer.u8(Marker.number).f64(value);
      return;
    case "boolean":
      writer.u8(Marker.boolean).u8(value ? 1 : 0);
      return;
    case "string":
      writeText(writer, value);
      return;
    case "undefined":
      writer.u8(Marker.undefined);
      return;
  }
  if (value === null) writer.u8(Marker.null);
  else writeComplex(writer, value);
}

function writeComplex(
  writer: ByteWriter,
  value: Exclude<Amf0Value, number | boolean | string | null | undefined>,
) {
  switch (value.kind) {
    case "object":
      if (value.className === undefined) writer.u8(Marker.object);
      else shortText(writer.u8(Marker.typedObject), value.className);
      writeEntries(writer, value);
      break;
    case "ecmaArray":
      writer.u8(Marker.ecmaArray).u32(value.entries.size);
      writeEntries(writer, value);
      break;
    case "strictArray":
      writer.u8(Marker.strictArray).u32(value.items.length);
      for (const item of value.items) write(writer, item);
      break;
    case "date":
      writer.u8(Marker.date).f64(value.milliseconds).u16(value.timeZone);
      break;
    case "xml": {
      const bytes = encoder.encode(value.text);
      writer.u8(Marker.xmlDocument).u32(bytes.length).raw(bytes);
      break;
    }
    case "unsupported":
      writer.u8(Marker.unsupported);
  }
}

function writeText(writer: ByteWriter, text: string): void {
  const bytes = encoder.encode(text);
  if (bytes.length > maxShortString) writer.u8(Marker.longString).u32(bytes.length).raw(bytes);
  else writer.u8(Marker.string).u16(bytes.length).raw(bytes);
}

function writeEntries(writer: ByteWriter, object: Amf0Object): void {
  for (const [key, value] of object.entries) {
    shortText(writer, key);
    write(writer, value);
  }
  writer.u16(0).u8(Marker.objectEnd);
}

function shortText(writer: ByteWriter, text: string): void {
  const bytes = encoder.encode(text);
  if (bytes.length > maxShortString) throw new RangeError("a key or class name of AMF0 is too long");
  writer.u16(bytes.length).raw(bytes);
}

function textSize(text: string): number {
  return encoder.encode(text).length;
}
