import { ParseError } from "../../../src/base/errors.ts";
import {
  parseAdaptationField,
  writeAdaptationField,
} from "../../../src/containers/mpegts/wire/adaptation_field.ts";
import {
  parseAudioSyncHeader,
  serializeAudioSyncHeader,
} from "../../../src/containers/mpegts/wire/audio_sync_stream.ts";
import { crc32Mpeg } from "../../../src/containers/mpegts/wire/crc32.ts";
import { parseDescriptors, registeredFormat } from "../../../src/containers/mpegts/wire/descriptor.ts";
import {
  parseMetadataCells,
  serializeMetadataCellHeader,
} from "../../../src/containers/mpegts/wire/metadata_cell.ts";
import { klvDescriptors, metadataFormat } from "../../../src/containers/mpegts/wire/metadata_descriptor.ts";
import {
  parseOpusAccessUnit,
  serializeOpusControlHeader,
} from "../../../src/containers/mpegts/wire/opus_control_header.ts";
import { opusChannelCount, opusDescriptor } from "../../../src/containers/mpegts/wire/opus_descriptor.ts";
import { parsePacket, writePacketHeader } from "../../../src/containers/mpegts/wire/packet.ts";
import { parsePat, serializePat } from "../../../src/containers/mpegts/wire/pat.ts";
import {
  parsePesHeader,
  type PesHeader,
  serializePesHeader,
} from "../../../src/containers/mpegts/wire/pes_header.ts";
import { parsePmt, serializePmt } from "../../../src/containers/mpegts/wire/pmt.ts";
import { parseSection, serializeSection } from "../../../src/containers/mpegts/wire/section.ts";
import { distance33, Unwrapper33, wrapTimestamp } from "../../../src/containers/mpegts/wire/timestamp.ts";
import { concat } from "../../../src/base/bytes.ts";
import { equal, fromHex, hex, ok, throws } from "../../support/assert.ts";
import { fuzz } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";

Deno.test("the CRC is CRC-32/MPEG-2", () => {
  // The check value of the CRC catalogue.
  equal(crc32Mpeg(new TextEncoder().encode("123456789")), 0x0376e6e7);
});

/** Sections of FFmpeg 5.1: its PAT, its PMT of H.264 and AAC. */
const ffmpegPat = fromHex("00b00d0001c100000001f0002ab104b2");
const ffmpegPmt = fromHex("02b0170001c10000e100f0001be100f0000fe101f0002f44b99b");

Deno.test("sections, PAT and PMT of FFmpeg are read and written again", () => {
  const pat = parseSection(ffmpegPat);
  equal({ ...pat, data: hex(pat.data) }, {
    tableId: 0,
    extension: 1,
    version: 0,
    current: true,
    number: 0,
    lastNumber: 0,
    data: "0001f000",
  });
  equal(parsePat(pat.data), [{ number: 1, pmtPid: 0x1000 }]);
  equal(hex(serializeSection({ ...pat, data: serializePat(parsePat(pat.data)) })), hex(ffmpegPat));
  const pmt = parseSection(ffmpegPmt);
  const streams = [{ streamType: 0x1b, pid: 0x100, descriptors: [] }, {
    streamType: 0x0f,
    pid: 0x101,
    descriptors: [],
  }];
  equal(parsePmt(pmt.data), { pcrPid: 0x100, descriptors: [], streams });
  equal(hex(serializeSection({ ...pmt, data: serializePmt(parsePmt(pmt.data)) })), hex(ffmpegPmt));
});

Deno.test("a section with one wrong bit is refused", () => {
  for (let bit = 0; bit < ffmpegPmt.length * 8; bit++) {
    const wrong = ffmpegPmt.slice();
    wrong[bit >> 3] ^= 0x80 >> (bit & 7);
    throws(() => parseSection(wrong), ParseError, `bit ${bit}`);
  }
});

Deno.test("the network information table is no program", () => {
  equal(parsePat(fromHex("0000e010 0064e064")), [{ number: 100, pmtPid: 100 }]);
});

Deno.test("packet headers with and without adaptation field are read and written again", () => {
  const cases = [
    { adaptation: null, payloadSize: 184 },
    { adaptation: null, payloadSize: 183 },
    { adaptation: null, payloadSize: 182 },
    { adaptation: null, payloadSize: 1 },
    { adaptation: { discontinuity: false, randomAccess: true }, payloadSize: 182 },
    { adaptation: { discontinuity: true, randomAccess: false }, payloadSize: 100 },
    {
      adaptation: { discontinuity: false, randomAccess: true, pcr: { base: 2 ** 33 - 1, extension: 299 } },
      payloadSize: 176,
    },
    {
      adaptation: { discontinuity: false, randomAccess: false, pcr: { base: 0x123456789, extension: 1 } },
      payloadSize: 0,
    },
  ];
  for (const { adaptation, payloadSize } of cases) {
    const out = new Uint8Array(188 + 3).fill(0xaa);
    const at = writePacketHeader(out, 3, 0x1abc, true, 9, adaptation, payloadSize);
    equal(out.length - at, payloadSize);
    const packet = parsePacket(out, 3);
    equal({ ...packet, payload: packet.payload?.length ?? 0, adaptation: null }, {
      transportError: false,
      unitStart: true,
      pid: 0x1abc,
      scrambled: false,
      continuityCounter: 9,
      adaptation: null,
      payload: payloadSize,
    });
    const stuffed = { discontinuity: false, randomAccess: false };
    equal(packet.adaptation, adaptation ?? (payloadSize === 184 ? null : stuffed));
  }
});

Deno.test("the PCR of a packet of FFmpeg is read", () => {
  // 07: length; 50: random access, PCR; base 63000 (0.7 s), extension 0
  const field = parseAdaptationField(fromHex("075000007b0c7e00"), 0, 8);
  equal(field, { discontinuity: false, randomAccess: true, pcr: { base: 63000, extension: 0 } });
  const out = new Uint8Array(8);
  writeAdaptationField(out, 0, 8, field);
  equal(hex(out), "075000007b0c7e00");
});

Deno.test("an adaptation field that leaves its packet is refused", () => {
  const packet = new Uint8Array(188);
  packet[0] = 0x47;
  packet[3] = 0x30;
  packet[4] = 184;
  throws(() => parsePacket(packet, 0), ParseError);
  packet[4] = 3;
  packet[5] = 0x10;
  throws(() => parsePacket(packet, 0), /PCR/);
});

const pesCases: readonly { header: PesHeader; bytes: string }[] = [
  // FFmpeg: video of unknown length, PTS 133200, DTS 126000.
  {
    header: { streamId: 0xe0, payloadSize: null, aligned: false, pts: 133200, dts: 126000 },
    bytes: "000001e0000080c00a31000910a1110007d861",
  },
  {
    header: { streamId: 0xc0, payloadSize: 3, aligned: true, pts: 126000 },
    bytes: "000001c0000b848005210007d861",
  },
  { header: { streamId: 0xbd, payloadSize: 100, aligned: true }, bytes: "000001bd0067840000" },
  {
    header: { streamId: 0xe0, payloadSize: 0, aligned: false, pts: 2 ** 33 - 1 },
    bytes: "000001e000088080052fffffffff",
  },
];

Deno.test("PES headers are read and written again", () => {
  for (const { header, bytes } of pesCases) {
    const parsed = parsePesHeader(concat([fromHex(bytes), Uint8Array.of(1, 2, 3)]));
    equal(parsed, { header, size: bytes.length / 2 });
    equal(hex(serializePesHeader(header)), bytes);
    for (let size = 0; size < bytes.length / 2; size++) {
      equal(parsePesHeader(fromHex(bytes).subarray(0, size)), null);
    }
  }
});

Deno.test("PES headers that contradict themselves are refused", () => {
  const wrong = {
    "no start code": "000002e0000080000000",
    "MPEG-1": "000001e000002f000000",
    "forbidden flags": "000001e0000080400500000000",
    "no room for the PTS": "000001e0000080800400000000",
    "shorter than its header": "000001e00003808005210007d861",
  };
  for (const [name, bytes] of Object.entries(wrong)) {
    throws(() => parsePesHeader(concat([fromHex(bytes), new Uint8Array(300)])), ParseError, name);
  }
  throws(() => serializePesHeader({ streamId: 0xc0, payloadSize: 65536, aligned: true }), ParseError);
});

Deno.test("stream ids without optional header are read", () => {
  equal(parsePesHeader(fromHex("000001be0004ffffffff")), {
    header: { streamId: 0xbe, payloadSize: 4, aligned: false },
    size: 6,
  });
});

Deno.test("descriptors are split, and the registered format is found", () => {
  const bytes = fromHex("05044f707573 7f028002");
  const descriptors = parseDescriptors(bytes);
  equal(descriptors.length, 2);
  equal(registeredFormat(descriptors), "Opus");
  equal(registeredFormat([...descriptors, { tag: 5, data: fromHex("4b4c5641") }]), undefined);
  equal(opusChannelCount(descriptors), 2);
  throws(() => parseDescriptors(fromHex("0505 4f707573")), ParseError);
});

Deno.test("the Opus descriptor tells channels of the usual mappings only", () => {
  for (let channels = 1; channels <= 8; channels++) {
    equal(opusChannelCount([opusDescriptor(channels)]), channels);
  }
  const count = (data: string) => opusChannelCount([{ tag: 0x7f, data: fromHex(data) }]);
  equal(count("8000"), null, "dual mono");
  equal(count("808102 00"), 2, "explicit, family 0");
  // 6 channels: 4 streams (3 bits: 3), 2 coupled (3 bits of 0…4), mapping 0 4 1 2 3 5 (3 bits each)
  equal(count("80810601" + bits("011 010 000 100 001 010 011 101")), 6);
  equal(count("80810601" + bits("011 010 100 000 001 010 011 101")), null, "own mapping");
  throws(() => count("80810601" + bits("011 010")), ParseError);
  equal(opusChannelCount([]), null);
});

function bits(text: string): string {
  const digits = text.replaceAll(" ", "").padEnd(Math.ceil(text.replaceAll(" ", "").length / 8) * 8, "0");
  return hex(Uint8Array.from(digits.match(/.{8}/g)!, (byte) => parseInt(byte, 2)));
}

Deno.test("Opus control headers are read and written again", () => {
  for (const size of [1, 254, 255, 256, 509, 510, 511, 1275]) {
    const packet = new Random(size).bytes(size);
    const bytes = concat([serializeOpusControlHeader(size), packet]);
    const parsed = parseOpusAccessUnit(bytes, 0);
    equal(hex(parsed.packet), hex(packet));
    equal(parsed.end, bytes.length);
  }
  // Start trim, end trim, an extension of two bytes.
  equal(parseOpusAccessUnit(fromHex("7ffc 02 0138 0010 02aabb f0f1"), 0), {
    packet: fromHex("f0f1"),
    end: 12,
  });
  throws(() => parseOpusAccessUnit(fromHex("7fe003f0f1"), 0), ParseError);
  throws(() => parseOpusAccessUnit(fromHex("ffe001f0"), 0), ParseError);
});

Deno.test("KLV descriptors are those of MISB ST 1402", () => {
  const [metadata, std] = klvDescriptors();
  equal([metadata.tag, hex(metadata.data)], [0x26, "0100ff4b4c5641000f"]);
  equal([std.tag, hex(std.data)], [0x27, "c00000c00000c00000"]);
  equal(metadataFormat(metadata), "KLVA");
  equal(metadataFormat({ tag: 0x26, data: fromHex("ffff49443320ff49443320000f") }), "ID3 ");
});

Deno.test("metadata cells are joined", () => {
  equal(hex(serializeMetadataCellHeader(3)), "0000df0003");
  equal(hex(parseMetadataCells(fromHex("0000df0003 010203"))), "010203");
  equal(hex(parseMetadataCells(fromHex("00fe9f0002 0102 00ff1f0001 03 00005f0001 04"))), "01020304");
  equal(hex(parseMetadataCells(fromHex("0005df0001 01 0006df0001 02"))), "0102");
  const wrong = ["0000df0003 0102", "00019f0001 01", "00015f0001 01", "00019f0001 01 00035f0001 02"];
  for (const bytes of wrong) throws(() => parseMetadataCells(fromHex(bytes)), ParseError, bytes);
});

Deno.test("LATM sync headers are read and written again", () => {
  equal(hex(serializeAudioSyncHeader(0x1234)), "56f234");
  equal(parseAudioSyncHeader(fromHex("56f234")), 0x1234);
  equal(parseAudioSyncHeader(fromHex("56f2")), null);
  throws(() => parseAudioSyncHeader(fromHex("57f234")), ParseError);
  throws(() => serializeAudioSyncHeader(0x2000), ParseError);
});

Deno.test("timestamps wrap and are unwrapped", () => {
  equal(wrapTimestamp(-1), 2 ** 33 - 1);
  equal(wrapTimestamp(2 ** 33 + 5), 5);
  equal(distance33(2 ** 33 - 10, 10), 20);
  equal(distance33(10, 2 ** 33 - 10), -20);
  const random = new Random(1);
  const unwrapper = new Unwrapper33();
  let value = 2 ** 33 - 100_000;
  for (let i = 0; i < 2000; i++) {
    equal(unwrapper.unwrap(wrapTimestamp(value)), value);
    value += random.int(2 ** 31) - 2 ** 29;
  }
  ok(value > 2 ** 39);
});

Deno.test("wire parsers throw ParseError only", () => {
  fuzz("section", [ffmpegPat, ffmpegPmt], parseSection);
  fuzz("pmt", [parseSection(ffmpegPmt).data], parsePmt);
  fuzz("pat", [parseSection(ffmpegPat).data], parsePat);
  fuzz("PES", pesCases.map(({ bytes }) => fromHex(bytes)), parsePesHeader);
  fuzz("cells", [fromHex("00fe9f0002010200ff1f00010300005f000104")], parseMetadataCells);
  fuzz("Opus", [fromHex("7ffc020138001002aabbf0f1")], (bytes) => parseOpusAccessUnit(bytes, 0));
  fuzz("metadata", [klvDescriptors()[0].data], (data) => metadataFormat({ tag: 0x26, data }));
  fuzz("Opus descriptor", [fromHex("8081060168a40a")], (data) => opusChannelCount([{ tag: 0x7f, data }]));
});
