/** The payload format of every codec. */
import type { Codec, CodecName } from "../../codecs/codec.ts";
import { ac3Format } from "./ac3.ts";
import { av1Format } from "./av1.ts";
import { g711Format } from "./g711.ts";
import { g722Format } from "./g722.ts";
import { genericFormat } from "./generic.ts";
import { h264Format } from "./h264.ts";
import { h265Format } from "./h265.ts";
import { klvFormat } from "./klv.ts";
import { latmFormat } from "./latm.ts";
import { lpcmFormat } from "./lpcm.ts";
import { mjpegFormat } from "./mjpeg.ts";
import { mpeg1AudioFormat } from "./mpeg1_audio.ts";
import { mpeg1VideoFormat } from "./mpeg1_video.ts";
import { mpeg4AudioFormat } from "./mpeg4_audio.ts";
import { mpeg4VideoFormat } from "./mpeg4_video.ts";
import { opusFormat } from "./opus.ts";
import type { PayloadFormat } from "./payload.ts";
import { vp8Format } from "./vp8.ts";
import { vp9Format } from "./vp9.ts";

/** The member of the union that has this name; one member may have several names. */
type CodecOf<N extends CodecName, C extends Codec = Codec> = C extends Codec ? N extends C["name"] ? C : never
  : never;

const formats: { readonly [N in CodecName]: PayloadFormat<CodecOf<N>> } = {
  "H264": h264Format,
  "H265": h265Format,
  "AV1": av1Format,
  "VP9": vp9Format,
  "VP8": vp8Format,
  "MPEG-4 Video": mpeg4VideoFormat,
  "MPEG-1/2 Video": mpeg1VideoFormat,
  "M-JPEG": mjpegFormat,
  "Opus": opusFormat,
  "MPEG-4 Audio": mpeg4AudioFormat,
  "MPEG-4 Audio LATM": latmFormat,
  "MPEG-1/2 Audio": mpeg1AudioFormat,
  "AC3": ac3Format,
  "G711": g711Format,
  "G722": g722Format,
  "LPCM": lpcmFormat,
  "KLV": klvFormat,
  "Generic": genericFormat,
  "MPEG-TS": genericFormat,
  "FLAC": genericFormat,
  "Vorbis": genericFormat,
  "Speex": genericFormat,
  "G726": genericFormat,
};

/** The table's types tie each name to its codec; the look-up by a name known only at run time loses that tie. */
export function payloadFormat<C extends Codec>(codec: C): PayloadFormat<C> {
  return formats[codec.name] as unknown as PayloadFormat<C>;
}
