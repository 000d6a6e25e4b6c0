/** Fragmented MP4: writing and reading of initialization segments and media parts. */
export { type Fmp4Codec, type Fmp4VideoCodec, isFmp4Video } from "./codec.ts";
export { type Fmp4Track, serializeInit } from "./init.ts";
export { type Fmp4PartTrack, type Fmp4Sample, serializePart } from "./part.ts";
export { parseInit, type ReadTrack } from "./read/init.ts";
export { parseParts, type ReadFragment, type ReadPartTrack, type ReadSample } from "./read/part.ts";
