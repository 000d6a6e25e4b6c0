/** The initialization segment: tracks and codecs, no samples. */
import type { ByteWriter } from "../../base/bytes.ts";
import { type Box, box, container, fullBox, serializeBoxes } from "./box.ts";
import { type Fmp4Codec, isFmp4Video } from "./codec.ts";
import { audioSampleEntry } from "./sample_entry/audio.ts";
import { videoSampleEntry } from "./sample_entry/video.ts";

/** A track of an init segment. */
export interface Fmp4Track {
  /** From 1. */
  readonly id: number;
  /** Ticks per second of all times of the track. */
  readonly timescale: number;
  readonly codec: Fmp4Codec;
}

const movieTimescale = 1000;
/** track_enabled and track_in_movie. */
const trackFlags = 3;
const fullVolume = 0x0100;
/** ISO 639-2 `und`, five bits a letter. */
const undeterminedLanguage = 0x55c4;

/** ISO/IEC 14496-12 §6.2.2: the unity matrix. */
function writeUnityMatrix(writer: ByteWriter): void {
  writer.u32(0x00010000).u32(0).u32(0);
  writer.u32(0).u32(0x00010000).u32(0);
  writer.u32(0).u32(0).u32(0x40000000);
}

/** ISO/IEC 14496-12 §4.3: `iso6` for the version 1 of tfdt, `mp42`, and `hlsf` for HLS (RFC 8216bis §3.1.2 asks for `iso6` or later). */
function ftyp(): Box {
  return box("ftyp", 20, (writer) => {
    // major_brand, minor_version, compatible_brands
    writer.ascii("mp42").u32(1).ascii("mp41").ascii("mp42").ascii("iso6");
  });
}

/** ISO/IEC 14496-12 §8.2.2 */
function mvhd(nextTrackId: number): Box {
  return fullBox("mvhd", 0, 0, 96, (writer) => {
    // creation_time, modification_time: a live stream has none.
    writer.u32(0).u32(0);
    // timescale, duration: unknown.
    writer.u32(movieTimescale).u32(0);
    // rate 1.0, volume 1.0, reserved
    writer.u32(0x00010000).u16(fullVolume).u16(0).u32(0).u32(0);
    writeUnityMatrix(writer);
    // pre_defined
    for (let i = 0; i < 6; i++) writer.u32(0);
    writer.u32(nextTrackId);
  });
}

/** ISO/IEC 14496-12 §8.3.2 */
function tkhd(track: Fmp4Track): Box {
  const { codec } = track;
  const video = isFmp4Video(codec);
  return fullBox("tkhd", 0, trackFlags, 80, (writer) => {
    // creation_time, modification_time, track_ID, reserved, duration
    writer.u32(0).u32(0).u32(track.id).u32(0).u32(0);
    // Reserved; layer; alternate_group; volume; reserved.
    writer.u32(0).u32(0).u16(0).u16(0).u16(video ? 0 : fullVolume).u16(0);
    writeUnityMatrix(writer);
    // width, height in 16.16 fixed point
    writer.u16(video ? codec.width : 0).u16(0).u16(video ? codec.height : 0).u16(0);
  });
}

/** ISO/IEC 14496-12 §8.4.2 */
function mdhd(timescale: number): Box {
  return fullBox("mdhd", 0, 0, 20, (writer) => {
    writer.u32(0).u32(0).u32(timescale).u32(0).u16(undeterminedLanguage).u16(0);
  });
}

/** ISO/IEC 14496-12 §8.4.3 */
function hdlr(video: boolean): Box {
  const name = video ? "VideoHandler" : "SoundHandler";
  return fullBox("hdlr", 0, 0, 20 + name.length + 1, (writer) => {
    // pre_defined, handler_type, reserved, name with its final zero
    writer.u32(0).ascii(video ? "vide" : "soun").u32(0).u32(0).u32(0).ascii(name).u8(0);
  });
}

/** ISO/IEC 14496-12 §12.1.2: copy mode, no opcolor. */
function vmhd(): Box {
  return fullBox("vmhd", 0, 1, 8, (writer) => writer.u32(0).u32(0));
}

/** ISO/IEC 14496-12 §12.2.2: balance in the centre. */
function smhd(): Box {
  return fullBox("smhd", 0, 0, 4, (writer) => writer.u32(0));
}

/** ISO/IEC 14496-12 §8.7.1, §8.7.2: the samples are in this very file. */
function dinf(): Box {
  const url = fullBox("url ", 0, 1, 0, () => {});
  return container("dinf", [fullBox("dref", 0, 0, 4, (writer) => writer.u32(1), [url])]);
}

/** ISO/IEC 14496-12 §8.5.2, §8.6.1.2, §8.7.4, §8.7.3, §8.7.5: one description, and tables that the fragments replace. */
function stbl(codec: Fmp4Codec): Box {
  const entry = isFmp4Video(codec) ? videoSampleEntry(codec) : audioSampleEntry(codec);
  return container("stbl", [
    fullBox("stsd", 0, 0, 4, (writer) => writer.u32(1), [entry]),
    fullBox("stts", 0, 0, 4, (writer) => writer.u32(0)),
    fullBox("stsc", 0, 0, 4, (writer) => writer.u32(0)),
    fullBox("stsz", 0, 0, 8, (writer) => writer.u32(0).u32(0)),
    fullBox("stco", 0, 0, 4, (writer) => writer.u32(0)),
  ]);
}

function trak(track: Fmp4Track): Box {
  const video = isFmp4Video(track.codec);
  return container("trak", [
    tkhd(track),
    container("mdia", [
      mdhd(track.timescale),
      hdlr(video),
      container("minf", [video ? vmhd() : smhd(), dinf(), stbl(track.codec)]),
    ]),
  ]);
}

/** ISO/IEC 14496-12 §8.8.3: sample description 1, and no defaults. */
function trex(trackId: number): Box {
  return fullBox("trex", 0, 0, 20, (writer) => writer.u32(trackId).u32(1).u32(0).u32(0).u32(0));
}

/** Throws ParseError when the parameters of a track cannot be parsed. */
export function serializeInit(tracks: readonly Fmp4Track[]): Uint8Array<ArrayBuffer> {
  const nextTrackId = Math.max(...tracks.map(({ id }) => id)) + 1;
  return serializeBoxes([
    ftyp(),
    container("moov", [
      mvhd(nextTrackId),
      ...tracks.map(trak),
      container("mvex", tracks.map(({ id }) => trex(id))),
    ]),
  ]);
}
