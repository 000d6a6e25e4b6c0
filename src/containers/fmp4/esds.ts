/** The elementary stream descriptor of MPEG-4 audio and video. */
import { ByteReader } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";
import { type Box, fullBox } from "./box.ts";

/** ISO/IEC 14496-1 §7.2.2.1 table 1. */
const Tag = { esDescriptor: 3, decoderConfig: 4, decoderSpecificInfo: 5, slConfig: 6 } as const;

/** objectTypeIndication, ISO/IEC 14496-1 §7.2.6.6 table 5. */
export const ObjectType = { mpeg4Video: 0x20, mpeg4Audio: 0x40 } as const;
/** streamType, ISO/IEC 14496-1 §7.2.6.6 table 6. */
const StreamType = { visual: 4, audio: 5 } as const;

const maxSpecificInfo = 64 * 1024;
/** Tag, and the size as four bytes of seven bits: the form that every reader knows. */
const descriptorHeader = 5;

/** ISO/IEC 14496-14 §6.7.2; `specificInfo`: AudioSpecificConfig, or the headers of MPEG-4 video. */
export function esds(objectType: number, specificInfo: Uint8Array): Box {
  const configSize = 13 + descriptorHeader + specificInfo.length;
  const esSize = 3 + descriptorHeader + configSize + descriptorHeader + 1;
  return fullBox("esds", 0, 0, descriptorHeader + esSize, (writer) => {
    const descriptor = (tag: number, size: number) => {
      writer.u8(tag).u8(0x80 | size >> 21).u8(0x80 | (size >> 14 & 0x7f));
      writer.u8(0x80 | (size >> 7 & 0x7f)).u8(size & 0x7f);
    };
    descriptor(Tag.esDescriptor, esSize);
    // ES_ID 0 in files; no dependency, URL or OCR stream.
    writer.u16(0).u8(0);
    descriptor(Tag.decoderConfig, configSize);
    const streamType = objectType === ObjectType.mpeg4Video ? StreamType.visual : StreamType.audio;
    // streamType, upStream 0, one reserved bit.
    writer.u8(objectType).u8(streamType << 2 | 1);
    // bufferSizeDB, maxBitrate, avgBitrate: 0 is "unknown".
    writer.u24(0).u32(0).u32(0);
    descriptor(Tag.decoderSpecificInfo, specificInfo.length);
    writer.raw(specificInfo);
    descriptor(Tag.slConfig, 1);
    // predefined: reserved for use in MP4 files.
    writer.u8(2);
  });
}

export interface Esds {
  readonly objectType: number;
  readonly specificInfo: Uint8Array;
}

/** The box's body, version and flags included. Throws ParseError. */
export function parseEsds(body: Uint8Array): Esds {
  const reader = new ByteReader(body);
  reader.skip(4, "version and flags");
  enter(reader, Tag.esDescriptor);
  reader.skip(2, "ES_ID");
  const flags = reader.u8("ES flags");
  if ((flags & 0x80) !== 0) reader.skip(2, "dependsOn_ES_ID");
  if ((flags & 0x40) !== 0) reader.skip(reader.u8("URLlength"), "URLstring");
  if ((flags & 0x20) !== 0) reader.skip(2, "OCR_ES_Id");
  enter(reader, Tag.decoderConfig);
  const objectType = reader.u8("objectTypeIndication");
  reader.skip(12, "decoder config");
  const size = enter(reader, Tag.decoderSpecificInfo);
  if (size > maxSpecificInfo) throw new ParseError("DecoderSpecificInfo", `has ${size} bytes`, reader.offset);
  return { objectType, specificInfo: reader.view(size, "DecoderSpecificInfo") };
}

/** ISO/IEC 14496-1 §8.3.3: the size in up to four bytes of seven bits. */
function enter(reader: ByteReader, tag: number): number {
  const found = reader.u8("descriptor tag");
  if (found !== tag) {
    throw new ParseError("descriptor tag", `is ${found}, expected ${tag}`, reader.offset - 1);
  }
  let size = 0;
  for (let i = 0; i < 4; i++) {
    const byte = reader.u8("descriptor size");
    size = size * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return size;
  }
  throw new ParseError("descriptor size", "is longer than 4 bytes", reader.offset);
}
