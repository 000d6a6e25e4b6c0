import { errorText, ParseError, UserError } from "../../../base/errors.ts";
import { type CodecMark, type FlvMetadata, readMetadata } from "../../../containers/flv/metadata.ts";
import { parseScriptData } from "../../../containers/flv/script_data.ts";
import type { RtpMedia } from "../../../rtp/format.ts";
import { payloadTypeOf } from "../../../rtp/payload_type.ts";
import type { MediaMessage } from "../engine/link.ts";
import { trackFromWire, type WireTrack } from "./codec_from_wire.ts";
import { audioElements, type Elementary, videoElements, type WireCodec } from "./elementary.ts";

/** How much media time, in ms, passes before the tracks seen so far are taken for all there are. */
export const probeTimeMs = 2000;
/** Bytes and messages that are kept until the tracks are known. */
export const maxProbeBytes = 32 * 1024 * 1024;
export const maxProbeMessages = 8192;
/** Tracks of one publisher. */
export const maxTracks = 32;
/** Reasons for which tracks were left out, to be told. */
const maxProblems = 8;

export interface ProbedTrack extends WireTrack {
  readonly media: "video" | "audio";
  readonly trackId: number;
  /** As its messages name it. */
  readonly wireCodec: WireCodec;
}

/** A message of the time before the tracks were known. */
export interface KeptMessage {
  readonly message: MediaMessage;
  /** When it came, in ms. */
  readonly now: number;
}

/**
 * Finds out which tracks a publisher has: those its metadata announces, as soon as the parameters of each have come;
 * without (or with lying) metadata those that show within two seconds of media. Messages are kept meanwhile.
 */
export class TrackProbe {
  /** Audio and video, copied: views would keep alive whatever else was read with them. */
  readonly messages: KeptMessage[] = [];
  readonly #found = new Map<string, ProbedTrack>();
  /** Keys of tracks that metadata names; null: there was none that names any. */
  #announced: ReadonlySet<string> | null = null;
  readonly #unusable = new Set<string>();
  readonly #problems = new Set<string>();
  #bytes = 0;
  #count = 0;
  /** The earliest of the frames: sequence headers have whatever time their encoder found fit. */
  #firstTimestamp: number | null = null;

  /** True when the tracks are known; `tracks` has them then. Throws UserError when there are none. */
  push(message: MediaMessage, now: number): boolean {
    this.#count++;
    this.#bytes += message.body.length;
    if (message.kind !== "data") {
      this.messages.push({ message: { ...message, body: message.body.slice() }, now });
    }
    if (this.#count > maxProbeMessages || this.#bytes > maxProbeBytes) return this.#finish();
    const elements = this.#elements(message);
    if (elements === null) return false;
    let hasFrames = false;
    for (const element of elements) {
      hasFrames ||= element.part === "frames";
      this.#look(element);
    }
    // Encoders send all sequence headers before the first frame.
    if (hasFrames && this.#isComplete()) return this.#finish();
    if (!hasFrames) return false;
    this.#firstTimestamp ??= message.timestamp;
    const elapsed = (message.timestamp - this.#firstTimestamp) | 0;
    // An encoder that puts its first frames anywhere in time, and then begins at 0.
    if (elapsed < 0) this.#firstTimestamp = message.timestamp;
    return elapsed >= probeTimeMs ? this.#finish() : false;
  }

  /** Null when there is nothing of media in it. */
  #elements({ kind, body }: MediaMessage): Elementary[] | null {
    try {
      if (kind !== "data") return kind === "video" ? videoElements(body) : audioElements(body);
      this.#readData(body);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#tell(errorText(error));
    }
    return null;
  }

  #tell(problem: string): void {
    if (this.#problems.size < maxProblems) this.#problems.add(problem);
  }

  #readData(body: Uint8Array): void {
    const { name, values } = parseScriptData(body);
    if (name !== "onMetaData") return;
    const announced = announcedTracks(readMetadata(values[0]));
    this.#announced = announced.size === 0 ? null : announced;
  }

  #look(element: Elementary): void {
    const key = trackKey(element.media, element.trackId);
    if (this.#found.has(key)) return;
    try {
      const track = trackFromWire(element);
      if (track === null) return;
      if (this.#found.size === maxTracks) throw new ParseError("track", `more than ${maxTracks} tracks`);
      this.#found.set(key, {
        ...track,
        media: element.media,
        trackId: element.trackId,
        wireCodec: element.codec,
      });
    } catch (error) {
      // One track that cannot be carried must not keep the others away.
      if (!(error instanceof ParseError)) throw error;
      this.#unusable.add(key);
      this.#tell(`${element.media} track ${element.trackId}: ${errorText(error)}`);
    }
  }

  #isComplete(): boolean {
    if (this.#announced === null) return false;
    for (const key of this.#announced) {
      if (!this.#found.has(key) && !this.#unusable.has(key)) return false;
    }
    return true;
  }

  #finish(): boolean {
    if (this.#found.size === 0) {
      const why = [...this.#problems].join("; ");
      throw new UserError(why === "" ? "no tracks found" : `no tracks found (${why})`);
    }
    return true;
  }

  /** Why tracks were left out: one text each. */
  get problems(): readonly string[] {
    return [...this.#problems];
  }

  /** Video first, by track id. */
  get tracks(): readonly ProbedTrack[] {
    const rank = (track: ProbedTrack) => (track.media === "video" ? 0 : 1000) + track.trackId;
    return [...this.#found.values()].sort((a, b) => rank(a) - rank(b));
  }
}

function trackKey(media: "video" | "audio", trackId: number): string {
  return `${media}${trackId}`;
}

function announcedTracks(metadata: FlvMetadata): Set<string> {
  const keys = new Set<string>();
  const add = (media: "video" | "audio", first: CodecMark | null, further: Iterable<number>) => {
    if (first !== null) keys.add(trackKey(media, 0));
    for (const id of further) keys.add(trackKey(media, id));
  };
  add("video", metadata.video, metadata.videoTracks.keys());
  add("audio", metadata.audio, metadata.audioTracks.keys());
  // Some encoders tell the size of the picture or the rate of the samples, but no codec.
  if (metadata.width !== null) keys.add(trackKey("video", 0));
  if (metadata.audioSampleRate !== null) keys.add(trackKey("audio", 0));
  return keys;
}

/** What the path is told of the tracks, in their order. */
export function mediasOfTracks(tracks: readonly ProbedTrack[]): RtpMedia[] {
  return tracks.map(({ media, codec, clockRate }) => ({
    kind: media,
    formats: [{ codec, payloadType: payloadTypeOf(codec), clockRate }],
  }));
}
