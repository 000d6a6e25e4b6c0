import {
  type Fmp4Codec,
  type Fmp4PartTrack,
  parseInit,
  parseParts,
} from "../../../src/containers/fmp4/mod.ts";
import type { ReadFragment, ReadTrack } from "../../../src/containers/fmp4/mod.ts";

const folder = new URL("../../fixtures/fmp4/", import.meta.url);
export const fixtureNames = ["h264", "h265", "av1", "vp9", "mpeg4", "aac", "opus", "flac", "ac3"] as const;

export function fmp4Fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`${name}.mp4`, folder));
}

export interface Fixture {
  readonly track: ReadTrack & { readonly codec: Fmp4Codec };
  readonly fragments: readonly ReadFragment[];
}

export function readFixture(name: string): Fixture {
  const bytes = fmp4Fixture(name);
  const [track] = parseInit(bytes);
  if (track.codec === null) throw new Error(`${name}: unknown codec`);
  return { track: { ...track, codec: track.codec }, fragments: parseParts(bytes, [track]) };
}

/** The samples as they are: what is inside them does not matter to the container. */
export function asPartTrack(fragment: ReadFragment): Fmp4PartTrack {
  const [{ id, baseTime, samples }] = fragment.tracks;
  return {
    id,
    baseTime,
    nalUnits: false,
    samples: samples.map(({ data, ...sample }) => ({ ...sample, payload: [data] })),
  };
}
