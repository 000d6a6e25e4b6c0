/** Messages of publishers. */
import { serializeAmf0 } from "../../../../src/containers/flv/amf0/serialize.ts";
import { amf0EcmaArray, type Amf0Value } from "../../../../src/containers/flv/amf0/value.ts";
import type { MediaMessage } from "../../../../src/protocols/rtmp/engine/link.ts";
import { fromHex } from "../../../support/assert.ts";

export const avcConfig = "0142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8";
/** With OBU sizes, as configOBUs have them. */
export const av1Config = "81054c000a0b0000002d4cffb3cfbf9404";

export function video(timestamp: number, hex: string): MediaMessage {
  return { kind: "video", timestamp, body: fromHex(hex) };
}

export function audio(timestamp: number, hex: string): MediaMessage {
  return { kind: "audio", timestamp, body: fromHex(hex) };
}

export function metadata(entries: Record<string, Amf0Value>): MediaMessage {
  return {
    kind: "data",
    timestamp: 0,
    body: serializeAmf0("@setDataFrame", "onMetaData", amf0EcmaArray(entries)),
  };
}

export const avcHeader = "1700000000" + avcConfig;
export const aacHeader = "af001210";
/** An IDR and a P slice with first_mb 0, as far as that is looked at. */
export const keyFrame = "1701000000" + "00000004" + "65888421";
export const interFrame = "2701000000" + "00000004" + "419a2144";
export const aacFrame = "af01" + "2110040d";
