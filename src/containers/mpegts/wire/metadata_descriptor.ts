/** Descriptors of metadata streams (ISO/IEC 13818-1 §2.6.60, §2.6.62) as MISB ST 1402 wants them for KLV. */
import { ByteReader, ByteWriter } from "../../../base/bytes.ts";
import { type Descriptor, DescriptorTag } from "./descriptor.ts";

export const klvFormat = "KLVA";

/** metadata_application_format "general", MISB ST 1402 table 4. */
const generalApplication = 0x0100;
/** A format_identifier follows. */
const identifiedApplication = 0xffff;
const identifiedFormat = 0xff;

/** The metadata_format_identifier of a metadata descriptor; null when its format has a number only. */
export function metadataFormat(descriptor: Descriptor): string | null {
  const reader = new ByteReader(descriptor.data);
  if (reader.u16("metadata_application_format") === identifiedApplication) {
    reader.skip(4, "metadata_application_format_identifier");
  }
  if (reader.u8("metadata_format") !== identifiedFormat) return null;
  return String.fromCharCode(...reader.view(4, "metadata_format_identifier"));
}

/** The metadata and the metadata_std descriptor of synchronous KLV. */
export function klvDescriptors(): Descriptor[] {
  const metadata = new ByteWriter(9).u16(generalApplication).u8(identifiedFormat).ascii(klvFormat);
  // metadata_service_id 0; no decoder config; reserved bits
  metadata.u8(0).u8(0x0f);
  const std = new ByteWriter(9);
  // Leak rates and buffer size 0: unspecified.
  for (let i = 0; i < 3; i++) std.u24(0xc00000);
  return [
    { tag: DescriptorTag.metadata, data: metadata.bytes },
    { tag: DescriptorTag.metadataStd, data: std.bytes },
  ];
}
