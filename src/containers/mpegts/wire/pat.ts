/** The program association table (ISO/IEC 13818-1 §2.4.4.3). */
import { ByteReader, ByteWriter } from "../../../base/bytes.ts";

export interface PatProgram {
  /** Never 0: that entry names the network information table and is left out. */
  readonly number: number;
  readonly pmtPid: number;
}

/** `data` of its section. Throws ParseError. */
export function parsePat(data: Uint8Array): PatProgram[] {
  const reader = new ByteReader(data);
  const programs: PatProgram[] = [];
  while (reader.remaining > 0) {
    const number = reader.u16("program_number");
    const pmtPid = reader.u16("program_map_PID") & 0x1fff;
    if (number !== 0) programs.push({ number, pmtPid });
  }
  return programs;
}

export function serializePat(programs: readonly PatProgram[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(4 * programs.length);
  for (const { number, pmtPid } of programs) writer.u16(number).u16(0xe000 | pmtPid);
  return writer.bytes;
}
