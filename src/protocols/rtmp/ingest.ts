import { errorText, ParseError } from "../../base/errors.ts";
import { Unwrapper32 } from "../../base/time.ts";
import type { Stream } from "../../stream/stream.ts";
import { NtpEstimator } from "../../stream/timestamps.ts";
import type { Unit } from "../../stream/unit.ts";
import type { MediaMessage } from "./engine/link.ts";
import { IngestTrack } from "./ingest_track.ts";
import { audioElements, type Elementary, videoElements } from "./tracks/elementary.ts";
import type { ProbedTrack } from "./tracks/probe.ts";

/** Audio and video messages of a publisher → units of its stream. */
export class Ingest {
  readonly #tracks = new Map<string, IngestTrack>();
  readonly #time = new Unwrapper32(0);
  readonly #unknown = new Set<string>();

  /** `probed`: in the order of the stream's tracks. `onError`: faults of single messages. */
  constructor(
    stream: Stream,
    probed: readonly ProbedTrack[],
    private readonly onError: (text: string, now: number) => void,
  ) {
    const ntp = new NtpEstimator(1000);
    probed.forEach((track, i) => {
      this.#tracks.set(`${track.media}${track.trackId}`, new IngestTrack(stream.tracks[i], track, ntp));
    });
  }

  /**
   * Appends the units of one message. Broken messages are reported and left out. Throws UserError when a track has become
   * another one.
   */
  receive(message: MediaMessage, now: number, out: Unit[]): void {
    // Metadata that comes later changes nothing.
    if (message.kind === "data") return;
    const time = this.#time.unwrap(message.timestamp);
    try {
      const elements = message.kind === "video" ? videoElements(message.body) : audioElements(message.body);
      for (const element of elements) this.#receive(element, time, now, out);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.onError(errorText(error), now);
    }
  }

  #receive(element: Elementary, time: number, now: number, out: Unit[]): void {
    const key = `${element.media}${element.trackId}`;
    const track = this.#tracks.get(key);
    if (track === undefined) {
      if (this.#unknown.has(key)) return;
      this.#unknown.add(key);
      throw new ParseError("track", `${element.media} track ${element.trackId} was not there at the start`);
    }
    const unit = track.receive(element, time, now);
    if (unit !== null) out.push(unit);
  }
}
