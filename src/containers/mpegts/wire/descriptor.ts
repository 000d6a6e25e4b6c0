/** Descriptors (ISO/IEC 13818-1 §2.6): tag, length, content. */
import { ByteReader, ByteWriter } from "../../../base/bytes.ts";

export interface Descriptor {
  readonly tag: number;
  readonly data: Uint8Array;
}

/** descriptor_tag: ISO/IEC 13818-1 table 2-45, from 0x40 on ETSI EN 300 468 table 12. */
export const DescriptorTag = {
  registration: 0x05,
  metadata: 0x26,
  metadataStd: 0x27,
  teletext: 0x56,
  subtitling: 0x59,
  ac3: 0x6a,
  enhancedAc3: 0x7a,
  dts: 0x7b,
  aac: 0x7c,
  dvbExtension: 0x7f,
} as const;

/** Throws ParseError. */
export function parseDescriptors(bytes: Uint8Array): Descriptor[] {
  const reader = new ByteReader(bytes);
  const descriptors: Descriptor[] = [];
  while (reader.remaining > 0) {
    const tag = reader.u8("descriptor_tag");
    const size = reader.u8("descriptor_length");
    descriptors.push({ tag, data: reader.view(size, "descriptor") });
  }
  return descriptors;
}

export function serializeDescriptors(descriptors: readonly Descriptor[]): Uint8Array<ArrayBuffer> {
  const size = descriptors.reduce((sum, { data }) => sum + 2 + data.length, 0);
  const writer = new ByteWriter(size);
  for (const { tag, data } of descriptors) writer.u8(tag).u8(data.length).raw(data);
  return writer.bytes;
}

/** `format` has four characters, e.g. `Opus` (ISO/IEC 13818-1 §2.6.8). */
export function registrationDescriptor(format: string): Descriptor {
  return { tag: DescriptorTag.registration, data: new ByteWriter(4).ascii(format).bytes };
}

/** The format_identifier of the registration descriptors, when all say the same. */
export function registeredFormat(descriptors: readonly Descriptor[]): string | undefined {
  let format: string | undefined;
  for (const { tag, data } of descriptors) {
    if (tag !== DescriptorTag.registration || data.length < 4) continue;
    const text = String.fromCharCode(...data.subarray(0, 4));
    if (format !== undefined && format !== text) return undefined;
    format = text;
  }
  return format;
}
