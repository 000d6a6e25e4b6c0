import { errorText, ParseError } from "../../../../base/errors.ts";
import { vp9CodecString } from "../../../../codecs/codec_string.ts";
import {
  serializeVpConfigurationRecord,
  vpConfigurationFromKeyFrame,
} from "../../../../codecs/vp9/configuration_record.ts";
import { isVp9KeyFrame, parseVp9Header } from "../../../../codecs/vp9/header.ts";
import type { Fmp4Codec } from "../../../../containers/fmp4/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { Report, Sample, TrackInput } from "./input.ts";

/** VP9: a sample is a frame (or superframe), presented as decoded. */
export class Vp9Input implements TrackInput {
  readonly kind = "video";
  readonly nalUnits = false;
  readonly sampleDuration = null;
  readonly frameRate = null;
  codec: Fmp4Codec | null = null;
  codecString = "";
  /** Size and record as text: what makes a new init segment necessary. */
  #key = "";

  constructor(readonly timescale: number, private readonly report: Report) {}

  read(unit: Unit): Sample[] {
    const payload = unit.payload;
    if (payload === null || payload.length === 0) return [];
    const randomAccess = isVp9KeyFrame(payload[0]);
    if (randomAccess) this.#useKeyFrame(payload[0]);
    if (this.codec === null) return [];
    const { pts, ntp } = unit;
    return [{ dts: pts, pts, ntp, randomAccess, payload }];
  }

  #useKeyFrame(frame: Uint8Array): void {
    try {
      const { profile, key } = parseVp9Header(frame);
      if (key === null) return;
      const record = vpConfigurationFromKeyFrame(profile, key, null);
      const { width, height } = key;
      const text = `${width}x${height} ${serializeVpConfigurationRecord(record)}`;
      if (text === this.#key) return;
      this.#key = text;
      this.codec = { name: "VP9", width, height, record };
      this.codecString = vp9CodecString(record);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.report(errorText(error));
    }
  }
}
