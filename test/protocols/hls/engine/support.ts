import {
  Muxer,
  type MuxerSettings,
  parseReloadRequest,
  plainReload,
} from "../../../../src/protocols/hls/engine/mod.ts";
import type { FileObserver, SegmentWriterFactory } from "../../../../src/protocols/hls/engine/mod.ts";
import type { Track } from "../../../../src/stream/track.ts";
import type { Unit } from "../../../../src/stream/unit.ts";
import { PlaylistValidator } from "../support/validator.ts";

export const settings: MuxerSettings = {
  variant: "lowLatency",
  segmentCount: 7,
  segmentDuration: 1000,
  partDuration: 200,
  segmentMaxSize: 50 * 1024 * 1024,
  prefix: "0123456789ab",
};

const noWriter: SegmentWriterFactory = () => {
  throw new Error("no MPEG-TS here");
};

export function createMuxer(
  tracks: readonly Track[],
  changes: Partial<MuxerSettings> = {},
  extra: { createWriter?: SegmentWriterFactory; observer?: FileObserver } = {},
): Muxer {
  return new Muxer({ tracks, settings: { ...settings, ...changes }, createWriter: noWriter, ...extra });
}

const decoder = new TextDecoder();

/** Null while the muxer has nothing to show. */
export function playlist(muxer: Muxer, name: string, query = ""): string | null {
  const request = parseReloadRequest(new URLSearchParams(query)) ?? plainReload;
  const answer = name === "index.m3u8" ? muxer.multivariant() : muxer.media(name, request);
  return answer.kind === "playlist" ? decoder.decode(answer.body.bytes("")) : null;
}

export function fetchFrom(muxer: Muxer): (uri: string) => Uint8Array | null {
  return (uri) => {
    const answer = muxer.file(uri);
    return answer.kind === "file" ? answer.bytes : null;
  };
}

/** Feeds unit by unit and shows every new version of every playlist to its validator. */
export async function validate(
  muxer: Muxer,
  units: readonly Unit[],
  playlists: Readonly<Record<string, { readonly video: boolean; readonly regular: boolean }>>,
): Promise<Record<string, PlaylistValidator>> {
  const validators: Record<string, PlaylistValidator> = {};
  for (const [name, options] of Object.entries(playlists)) {
    validators[name] = new PlaylistValidator({ ...options, fetchFile: fetchFrom(muxer), refetch: true });
  }
  let version = -1;
  for (const unit of units) {
    muxer.write([unit]);
    if (muxer.version === version) continue;
    version = muxer.version;
    for (const [name, validator] of Object.entries(validators)) {
      const text = playlist(muxer, name);
      if (text !== null) await validator.check(text);
    }
  }
  return validators;
}
