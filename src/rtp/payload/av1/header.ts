/** Aggregation header, §4.4 of the payload format. */
export const Flag = {
  /** Z: the first element continues an OBU of the packet before. */
  continues: 0x80,
  /** Y: the last element goes on in the next packet. */
  continued: 0x40,
  /** N: first packet of a coded video sequence. */
  newSequence: 0x08,
} as const;

/** W: number of elements, the last of which has no size; 0: all have one. */
export function elementCount(header: number): number {
  return (header >> 4) & 3;
}

export const maxCountedElements = 3;
