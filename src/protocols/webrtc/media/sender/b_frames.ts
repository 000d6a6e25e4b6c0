/** Pictures that are shown before others that were sent before them: WebRTC has no way to say when to show them. */
import { NalType as H264Type, nalType as h264Type } from "../../../../codecs/h264/nal.ts";
import { nalType as h265Type } from "../../../../codecs/h265/nal.ts";
import type { Unit } from "../../../../stream/unit.ts";

/** A longer step back is no reordering but a publisher that began anew. */
const maxReorderSeconds = 2;
/** ITU-T H.265 §7.4.2.2: even types below this are sub-layer non-reference pictures. */
const firstReservedReference = 16;
const firstH265NonSlice = 32;

/**
 * `in order`: to be sent. `droppable`: out of order, and no other picture needs it. `needed`: out of order, but others
 * refer to it, so that nothing can be done.
 */
export type PictureOrder = "in order" | "droppable" | "needed";

/** Watches one track, unit by unit in decoding order. */
export class PictureOrderWatch {
  #highest = -Infinity;
  /** Of H.265's temporal layers. */
  #highestLayer = 0;

  look(unit: Unit): PictureOrder {
    const { pts, track } = unit;
    const behind = this.#highest - pts;
    if (track.codec.name === "H265" && behind > 0) this.#lookAtLayers(unit);
    if (behind <= 0 || behind > maxReorderSeconds * track.clockRate || unit.randomAccess) {
      this.#highest = pts;
      return "in order";
    }
    return this.#isReferred(unit) ? "needed" : "droppable";
  }

  #lookAtLayers(unit: Unit): void {
    for (const part of unit.payload ?? []) {
      if (isH265Slice(part)) this.#highestLayer = Math.max(this.#highestLayer, layerOf(part));
    }
  }

  #isReferred(unit: Unit): boolean {
    const payload = unit.payload ?? [];
    switch (unit.track.codec.name) {
      case "H264":
        return payload.some(isH264Reference);
      case "H265":
        return payload.some((part) => isH265Reference(part, this.#highestLayer));
      default:
        return true;
    }
  }
}

/** nal_ref_idc, ITU-T H.264 §7.4.1. */
function isH264Reference(unit: Uint8Array): boolean {
  const type = h264Type(unit);
  return type >= H264Type.slice && type <= H264Type.idr && (unit[0] & 0x60) !== 0;
}

function isH265Slice(unit: Uint8Array): boolean {
  return unit.length >= 2 && h265Type(unit) < firstH265NonSlice;
}

/** nuh_temporal_id_plus1, ITU-T H.265 §7.4.2.2. */
function layerOf(unit: Uint8Array): number {
  return (unit[1] & 0x07) - 1;
}

/** Pictures of lower temporal layers are referred to from higher ones whatever their type says. */
function isH265Reference(unit: Uint8Array, highestLayer: number): boolean {
  if (!isH265Slice(unit)) return false;
  const type = h265Type(unit);
  return type >= firstReservedReference || type % 2 === 1 || layerOf(unit) < highestLayer;
}
