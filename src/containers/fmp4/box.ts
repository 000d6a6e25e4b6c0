/** The boxes of ISO/IEC 14496-12: sizes are known before a byte is written, so that one buffer is allocated once. */
import { ByteWriter } from "../../base/bytes.ts";

/** One box, header included. `size` is exactly what `write` writes. */
export interface Box {
  readonly size: number;
  write(writer: ByteWriter): void;
}

const boxHeaderSize = 8;
const fullBoxHeaderSize = 12;

/** ISO/IEC 14496-12 §4.2: size and type, then `bodySize` bytes from `body`, then the children. */
export function box(
  type: string,
  bodySize: number,
  body: (writer: ByteWriter) => void,
  children: readonly Box[] = [],
): Box {
  let size = boxHeaderSize + bodySize;
  for (const child of children) size += child.size;
  return {
    size,
    write(writer) {
      writer.u32(size).ascii(type);
      body(writer);
      for (const child of children) child.write(writer);
    },
  };
}

/** A box with version and flags, §4.2. */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  bodySize: number,
  body: (writer: ByteWriter) => void,
  children: readonly Box[] = [],
): Box {
  return box(type, fullBoxHeaderSize - boxHeaderSize + bodySize, (writer) => {
    writer.u8(version).u24(flags);
    body(writer);
  }, children);
}

/** A box that only has children. */
export function container(type: string, children: readonly Box[]): Box {
  return box(type, 0, () => {}, children);
}

/** A box whose body is at hand. */
export function rawBox(type: string, body: Uint8Array): Box {
  return box(type, body.length, (writer) => writer.raw(body));
}

export function serializeBoxes(boxes: readonly Box[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const { size: one } of boxes) size += one;
  const writer = new ByteWriter(size);
  for (const one of boxes) one.write(writer);
  return writer.bytes;
}
