import { bytesEqual } from "../../../../base/bytes.ts";
import { errorText, ParseError } from "../../../../base/errors.ts";
import { findSequenceHeader, serializeObuStream } from "../../../../codecs/av1/obu.ts";
import { parseAv1SequenceHeader } from "../../../../codecs/av1/sequence_header.ts";
import { av1CodecString } from "../../../../codecs/codec_string.ts";
import type { Fmp4Codec } from "../../../../containers/fmp4/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { Report, Sample, TrackInput } from "./input.ts";

/** AV1 in ISO base media file format §2.4: OBUs with sizes, without temporal delimiters; presented as decoded. */
export class Av1Input implements TrackInput {
  readonly kind = "video";
  readonly nalUnits = false;
  readonly sampleDuration = null;
  readonly frameRate = null;
  codec: Fmp4Codec | null = null;
  codecString = "";
  #sequenceHeader: Uint8Array | null = null;

  constructor(readonly timescale: number, private readonly report: Report) {}

  read(unit: Unit): Sample[] {
    const obus = unit.payload;
    if (obus === null || obus.length === 0) return [];
    const header = findSequenceHeader(obus);
    if (header !== undefined) this.#useHeader(header);
    if (this.codec === null) return [];
    const { pts, ntp } = unit;
    const payload = [serializeObuStream(obus)];
    return [{ dts: pts, pts, ntp, randomAccess: header !== undefined, payload }];
  }

  #useHeader(header: Uint8Array): void {
    if (this.#sequenceHeader !== null && bytesEqual(this.#sequenceHeader, header)) return;
    try {
      const sequenceHeader = header.slice();
      const { maxWidth, maxHeight } = parseAv1SequenceHeader(sequenceHeader);
      this.codecString = av1CodecString(sequenceHeader);
      this.codec = { name: "AV1", width: maxWidth, height: maxHeight, sequenceHeader };
      this.#sequenceHeader = sequenceHeader;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.report(errorText(error));
    }
  }
}
