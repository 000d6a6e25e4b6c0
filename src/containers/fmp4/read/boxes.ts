/** Walks over the boxes of a buffer: ISO/IEC 14496-12 §4.2. */
import { ByteReader } from "../../../base/bytes.ts";
import { ParseError } from "../../../base/errors.ts";

export interface ReadBox {
  readonly type: string;
  /** Where the box starts in the given bytes. */
  readonly start: number;
  /** Without the header; version and flags of a full box are still in it. */
  readonly body: Uint8Array;
}

/** More boxes beside each other than any file has. */
const maxBoxes = 4096;

function typeText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Throws ParseError. A size of 0 (to the end of the file) is accepted for the last box. */
export function readBoxes(bytes: Uint8Array): ReadBox[] {
  const reader = new ByteReader(bytes);
  const boxes: ReadBox[] = [];
  while (reader.remaining > 0) {
    if (boxes.length === maxBoxes) throw new ParseError("boxes", `are more than ${maxBoxes}`, reader.offset);
    const start = reader.offset;
    let size = reader.u32("box size");
    const type = typeText(reader.view(4, "box type"));
    if (size === 1) {
      const large = reader.u64("largesize");
      if (large > BigInt(bytes.length)) throw new ParseError("largesize", `is ${large}`, start + 8);
      size = Number(large);
    } else if (size === 0) {
      size = bytes.length - start;
    }
    const bodySize = size - (reader.offset - start);
    if (bodySize < 0) throw new ParseError("box size", `of ${type} is ${size}`, start);
    boxes.push({ type, start, body: reader.view(bodySize, `body of ${type}`) });
  }
  return boxes;
}

/** The first box of that type; throws ParseError when there is none. */
export function requireBox(boxes: readonly ReadBox[], type: string): ReadBox {
  const found = boxes.find((box) => box.type === type);
  if (found === undefined) throw new ParseError(type, "is missing");
  return found;
}

/** The boxes inside the box that the path names, outermost first; throws ParseError. */
export function boxesAt(boxes: readonly ReadBox[], ...path: readonly string[]): ReadBox[] {
  return path.reduce<readonly ReadBox[]>((inside, type) => readBoxes(requireBox(inside, type).body), boxes)
    .slice();
}
