/** Audio bodies of the FLV specification 10.1, §E.4.2. */
import { ByteReader } from "../../base/bytes.ts";
import { ParseError } from "../../base/errors.ts";

/** FLV 10.1 §E.4.2.1. */
export const SoundFormat = {
  lpcmHostEndian: 0,
  adpcm: 1,
  mp3: 2,
  lpcmLittleEndian: 3,
  aLaw: 7,
  muLaw: 8,
  /** Enhanced RTMP: an extended header follows. */
  extended: 9,
  aac: 10,
  speex: 11,
  mp3At8kHz: 14,
} as const;

/** What the two rate bits mean. Formats with a rate of their own (G711, AAC) ignore them. */
export const soundRates: readonly number[] = [5512, 11025, 22050, 44100];

export interface LegacyAudioTag {
  readonly form: "legacy";
  readonly soundFormat: number;
  /** Position in `soundRates`. AAC always says 3. */
  readonly rateIndex: number;
  readonly sampleSize: 8 | 16;
  /** AAC always says stereo. */
  readonly channelCount: 1 | 2;
  /** Formats without packet types (all but AAC) have coded frames only. */
  readonly packet: "sequenceStart" | "codedFrames";
  /** AudioSpecificConfig, or the coded audio: raw AAC access unit, MP3 frames, samples (LPCM: little-endian). */
  readonly data: Uint8Array;
}

/** Views, no copies. */
export function parseLegacyAudioTag(body: Uint8Array): LegacyAudioTag {
  const reader = new ByteReader(body);
  const first = reader.u8("SoundFormat");
  const soundFormat = first >> 4;
  const common = {
    form: "legacy",
    soundFormat,
    rateIndex: first >> 2 & 3,
    sampleSize: (first & 2) === 0 ? 8 : 16,
    channelCount: (first & 1) === 0 ? 1 : 2,
  } as const;
  if (soundFormat !== SoundFormat.aac) return { ...common, packet: "codedFrames", data: reader.rest() };
  const packetType = reader.u8("AACPacketType");
  if (packetType > 1) throw new ParseError("AACPacketType", `${packetType} is unknown`, 1);
  return { ...common, packet: packetType === 0 ? "sequenceStart" : "codedFrames", data: reader.rest() };
}

/** The body without its data: for writers that have the data in pieces. */
export function serializeLegacyAudioHeader(
  tag: Omit<LegacyAudioTag, "form" | "data">,
): Uint8Array<ArrayBuffer> {
  const first = tag.soundFormat << 4 | tag.rateIndex << 2 | (tag.sampleSize === 16 ? 2 : 0) |
    (tag.channelCount === 2 ? 1 : 0);
  if (tag.soundFormat !== SoundFormat.aac) return Uint8Array.of(first);
  return Uint8Array.of(first, tag.packet === "sequenceStart" ? 0 : 1);
}
