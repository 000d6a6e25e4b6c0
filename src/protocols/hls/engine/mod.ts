/** The HLS muxer: units in, playlists and files out. */
export { type FileObserver, noObserver } from "./file_store.ts";
export type { SegmentSample, SegmentWriter, SegmentWriterFactory } from "./mpegts_rendition.ts";
export { type FileAnswer, Muxer, type MuxerOptions, type PlaylistAnswer } from "./muxer.ts";
export { PlaylistBody } from "./playlist/text.ts";
export { parseReloadRequest, plainReload, type ReloadRequest } from "./reload.ts";
export { type HlsVariant, minSegmentCount, type MuxerSettings } from "./settings.ts";
