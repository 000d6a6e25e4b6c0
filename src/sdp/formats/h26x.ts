/** H.264 (RFC 6184 §8) and H.265 (RFC 7798 §7). */
import type { H264Codec, H265Codec } from "../../codecs/codec.ts";
import {
  decodeBase64,
  encodeBase64,
  encodeHex,
  type FormatText,
  numberParameter,
  serializeFmtp,
} from "../format_text.ts";
import type { ReadFormat, WrittenFormat } from "./reader.ts";

const clockRate = 90000;
/** A parameter set of one byte is a header without anything behind it. */
const minParameterSet = 2;
/** The three bytes of profile and level are in the SPS. */
const minSps = 4;

/**
 * The NAL units of a comma-separated list. Cameras put start codes in front of them, several units in one text, or
 * text that is no base64: what cannot be read is left out, since the parameter sets come in band as well.
 */
function parameterSets(text: string | undefined): Uint8Array[] {
  return (text ?? "").split(",").flatMap((part) => splitStartCodes(decodeBase64(part) ?? new Uint8Array(0)));
}

/** Annex B to NAL units; without start codes it is one unit. */
function splitStartCodes(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let from = 0;
  const push = (to: number) => {
    let end = to;
    while (end > from && bytes[end - 1] === 0) end--;
    if (end - from >= minParameterSet) units.push(bytes.subarray(from, end));
  };
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] !== 0 || bytes[i + 1] !== 0 || bytes[i + 2] !== 1) continue;
    push(i);
    from = i + 3;
    i += 2;
  }
  push(bytes.length);
  return units;
}

export function readH264(format: FormatText): ReadFormat {
  const sets = parameterSets(format.parameters.get("sprop-parameter-sets"));
  const sps = sets.find((unit) => (unit[0] & 0x1f) === 7 && unit.length >= minSps);
  const pps = sets.find((unit) => (unit[0] & 0x1f) === 8);
  const codec: H264Codec = {
    name: "H264",
    ...(sps === undefined ? {} : { sps }),
    ...(pps === undefined ? {} : { pps }),
    packetizationMode: numberParameter(format, "packetization-mode") ?? 0,
  };
  return { codec, clockRate };
}

export function writeH264({ sps, pps, packetizationMode }: H264Codec): WrittenFormat {
  const sets = [sps, pps].filter((unit) => unit !== undefined).map(encodeBase64).join(",");
  return {
    rtpmap: `H264/${clockRate}`,
    fmtp: serializeFmtp({
      "packetization-mode": packetizationMode === 0 ? undefined : packetizationMode,
      "profile-level-id": sps !== undefined && sps.length >= minSps
        ? encodeHex(sps.subarray(1, 4)).toUpperCase()
        : undefined,
      "sprop-parameter-sets": sets === "" ? undefined : sets,
    }),
  };
}

export function readH265(format: FormatText): ReadFormat {
  const names = ["sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"];
  const sets = names.flatMap((name) => parameterSets(format.parameters.get(name)));
  const ofType = (type: number) => sets.find((unit) => (unit[0] >>> 1 & 0x3f) === type);
  const vps = ofType(32);
  const sps = ofType(33);
  const pps = ofType(34);
  const maxDonDiff = numberParameter(format, "sprop-max-don-diff") ?? 0;
  const codec: H265Codec = {
    name: "H265",
    ...(vps === undefined ? {} : { vps }),
    ...(sps === undefined ? {} : { sps }),
    ...(pps === undefined ? {} : { pps }),
    ...(maxDonDiff === 0 ? {} : { maxDonDiff }),
  };
  return { codec, clockRate };
}

export function writeH265({ vps, sps, pps, maxDonDiff }: H265Codec): WrittenFormat {
  const text = (unit: Uint8Array | undefined) => unit === undefined ? undefined : encodeBase64(unit);
  return {
    rtpmap: `H265/${clockRate}`,
    fmtp: serializeFmtp({
      "sprop-vps": text(vps),
      "sprop-sps": text(sps),
      "sprop-pps": text(pps),
      "sprop-max-don-diff": maxDonDiff || undefined,
    }),
  };
}
