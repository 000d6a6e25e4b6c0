/**
 * Audio whose frames tell their size. Frames may begin in one PES packet and end in the next; the PTS is that of the
 * first frame that begins in its packet (ISO/IEC 13818-1 §2.4.3.7).
 */
import { concat } from "../../../base/bytes.ts";
import { errorText, ParseError } from "../../../base/errors.ts";
import type { Codec } from "../../../codecs/codec.ts";
import { clockRate } from "../wire/timestamp.ts";
import type { DecoderSink, ElementaryDecoder, PesTime } from "./decoder.ts";

export interface Frame {
  /** What belongs into the payload; null when the frame cannot be read yet. */
  readonly content: Uint8Array | null;
  readonly samples: number;
  readonly sampleRate: number;
}

/** Reads frames of one kind and keeps the codec that they tell. */
export interface FrameReader {
  readonly codec: Codec | null;
  /** Bytes of the frame whose header is at the start; null when more are needed. Throws ParseError. */
  size(bytes: Uint8Array): number | null;
  /** `bytes` is one whole frame. Throws ParseError. */
  read(bytes: Uint8Array): Frame;
}

/** Consecutive frames of one codec, to be given out together. */
class Group {
  readonly payload: Uint8Array[] = [];
  codec: Codec | null = null;
  #ticks = 0;

  constructor(readonly pts: number | null) {}

  add(frame: Frame, codec: Codec | null): void {
    if (frame.content !== null) this.payload.push(frame.content);
    this.codec = codec;
    this.#ticks += frame.samples * clockRate / frame.sampleRate;
  }

  /** PTS of the frame behind the last one. */
  get end(): number | null {
    return this.pts === null ? null : this.pts + Math.round(this.#ticks);
  }
}

export class FramedAudioDecoder implements ElementaryDecoder {
  /** The start of a frame whose end is to come: less than a frame. */
  #rest: Uint8Array = new Uint8Array(0);
  /** PTS of the frame in `#rest`, or of the next one. */
  #next: number | null = null;

  constructor(private readonly reader: FrameReader) {}

  get codec(): Codec | null {
    return this.reader.codec;
  }

  decode(data: Uint8Array, time: PesTime | null, aligned: boolean, sink: DecoderSink): void {
    if (aligned && this.#rest.length > 0) {
      sink.error("an audio frame is cut off");
      this.#rest = new Uint8Array(0);
    }
    const border = this.#rest.length;
    const bytes = border === 0 ? data : concat([this.#rest, data]);
    let group = new Group(this.#next);
    let timed = time === null;
    let at = 0;
    while (at < bytes.length) {
      if (!timed && at >= border) {
        this.#give(group, sink);
        group = new Group(time!.pts);
        timed = true;
      }
      const size = this.#sizeAt(bytes, at);
      if (size === "garbage") {
        const next = this.#search(bytes, at + 1);
        sink.error(`${next - at} bytes between audio frames are none`);
        at = next;
        continue;
      }
      if (size === null || at + size > bytes.length) break;
      group = this.#read(bytes.subarray(at, at + size), group, sink);
      at += size;
    }
    this.#give(group, sink);
    this.#next = group.end;
    this.#rest = bytes.slice(at);
  }

  /** Size of the frame at `at`; null when its header is not complete. */
  #sizeAt(bytes: Uint8Array, at: number): number | null | "garbage" {
    try {
      return this.reader.size(bytes.subarray(at));
    } catch (error) {
      if (error instanceof ParseError) return "garbage";
      throw error;
    }
  }

  /** Where a frame begins that is followed by another or by the end. */
  #search(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const size = this.#sizeAt(bytes, at);
      if (size === "garbage") continue;
      if (size === null || at + size >= bytes.length) return at;
      if (this.#sizeAt(bytes, at + size) !== "garbage") return at;
    }
    return bytes.length;
  }

  /** Returns the group that goes on: a new one when the codec changed. */
  #read(bytes: Uint8Array, group: Group, sink: DecoderSink): Group {
    try {
      const frame = this.reader.read(bytes);
      const { codec } = this.reader;
      let current = group;
      if (group.payload.length > 0 && codec !== group.codec) {
        this.#give(group, sink);
        current = new Group(group.end);
      }
      current.add(frame, codec);
      return current;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      sink.error(errorText(error));
      return group;
    }
  }

  #give({ payload, pts, codec }: Group, sink: DecoderSink): void {
    if (payload.length === 0 || codec === null) return;
    if (pts === null) sink.error("the first PTS is missing");
    else sink.unit(payload, { pts, dts: pts }, true, codec);
  }

  reset(): void {
    this.#rest = new Uint8Array(0);
    this.#next = null;
  }

  flush(): void {
    this.reset();
  }
}
