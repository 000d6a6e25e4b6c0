/** What H.264 and H.265 have in common on their way into samples. */
import { BitReader } from "../../../../base/bits.ts";
import { errorText, ParseError } from "../../../../base/errors.ts";
import { removeEmulation } from "../../../../codecs/nal/emulation.ts";
import type { DtsResult } from "../../../../codecs/nal/dts_order.ts";
import type { Fmp4Codec } from "../../../../containers/fmp4/mod.ts";
import type { Unit } from "../../../../stream/unit.ts";
import type { Report, Sample, TrackInput } from "./input.ts";
import { ParameterSets } from "./parameter_sets.ts";

/** Codec, playlist name and frame rate out of the parameter sets in force. */
export interface NalParameters {
  readonly codec: Fmp4Codec;
  readonly codecString: string;
  readonly frameRate: number | null;
}

export interface NalCodec {
  nalType(unit: Uint8Array): number;
  isParameterSet(type: number): boolean;
  isPicture(type: number): boolean;
  /** Carries no picture and has no place in a sample: access unit delimiters. */
  isDelimiter(type: number): boolean;
  hasRandomAccess(units: readonly Uint8Array[]): boolean;
  /** The id of a parameter set; throws ParseError. */
  parameterSetId(unit: Uint8Array): number;
  /** Sets known from the session description. */
  knownSets(unit: Unit): readonly (Uint8Array | undefined)[];
  readonly spsType: number;
  /** Null as long as a set is missing; throws ParseError. */
  parameters(sets: ParameterSets): NalParameters | null;
  /** `sps`: known from the session description; later ones are found in the access units. */
  extractor(timescale: number, sps: Uint8Array | undefined): DtsExtractor;
}

export interface DtsExtractor {
  extract(accessUnit: readonly Uint8Array[], pts: number): DtsResult;
}

/** NAL units without a picture that wait for the next one; beyond, the oldest are left out. */
const maxEarly = 64;
/** Bytes that hold the ids in front of a parameter set. */
const idPrefix = 8;

/** The ue(v) behind `headerBits` bits; throws ParseError. */
export function idBehind(unit: Uint8Array, headerBits: number): number {
  const bits = new BitReader(removeEmulation(unit, idPrefix));
  bits.skip(headerBits, "parameter set header");
  return bits.ue("parameter set id");
}

/**
 * Parameter sets that the init segment has are taken out of the samples; others stay in: a set that comes in the
 * middle of a group of pictures is still needed.
 */
export class NalInput implements TrackInput {
  readonly kind = "video";
  readonly nalUnits = true;
  readonly sampleDuration = null;
  readonly #sets = new ParameterSets();
  #extractor: DtsExtractor | null = null;
  #parameters: NalParameters | null = null;
  /** Of units without a picture: cameras exist that make a unit of every parameter set. They belong to the next picture. */
  #early: Uint8Array[] = [];

  constructor(
    private readonly nal: NalCodec,
    readonly timescale: number,
    private readonly report: Report,
  ) {}

  get codec(): Fmp4Codec | null {
    return this.#parameters?.codec ?? null;
  }

  get codecString(): string {
    return this.#parameters?.codecString ?? "";
  }

  get frameRate(): number | null {
    return this.#parameters?.frameRate ?? null;
  }

  read(unit: Unit): Sample[] {
    const units = this.#withEarly(unit.payload ?? []);
    if (units === null) return [];
    const randomAccess = this.nal.hasRandomAccess(units);
    if (this.#extractor === null) {
      if (!randomAccess) return [];
      this.#learn(this.nal.knownSets(unit).filter((set) => set !== undefined), false);
      this.#extractor = this.nal.extractor(this.timescale, this.#sets.ofKind(this.nal.spsType)[0]);
    }
    if (randomAccess) this.#learn(units, true);
    const { dts, warning } = this.#extractor.extract(units, unit.pts);
    if (warning !== null) this.report(warning);
    if (dts === null || this.#parameters === null) return [];
    const payload = units.filter((nalUnit) => this.#belongs(nalUnit));
    if (payload.length === 0) return [];
    return [{ dts, pts: unit.pts, ntp: unit.ntp, randomAccess, payload }];
  }

  /** The NAL units of a picture with those that came before it; null as long as there is no picture. */
  #withEarly(units: readonly Uint8Array[]): readonly Uint8Array[] | null {
    const early = this.#early;
    if (units.some((nalUnit) => this.nal.isPicture(this.nal.nalType(nalUnit)))) {
      if (early.length === 0) return units;
      this.#early = [];
      return [...early, ...units];
    }
    // Copies: the views would keep whole receive buffers alive.
    for (const nalUnit of units) early.push(nalUnit.slice());
    if (early.length > maxEarly) early.splice(0, early.length - maxEarly);
    return null;
  }

  #belongs(unit: Uint8Array): boolean {
    const type = this.nal.nalType(unit);
    if (this.nal.isDelimiter(type)) return false;
    return !this.nal.isParameterSet(type) || !this.#sets.has(type, unit);
  }

  #learn(units: readonly Uint8Array[], replace: boolean): void {
    try {
      const sets = units.filter((unit) => this.nal.isParameterSet(this.nal.nalType(unit))).map((bytes) => ({
        kind: this.nal.nalType(bytes),
        id: this.nal.parameterSetId(bytes),
        bytes,
      }));
      if (!this.#sets.update(sets, replace) && this.#parameters !== null) return;
      this.#parameters = this.nal.parameters(this.#sets) ?? this.#parameters;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.report(errorText(error));
    }
  }
}
