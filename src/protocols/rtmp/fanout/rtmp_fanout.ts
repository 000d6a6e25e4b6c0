import { TagType } from "../../../containers/flv/file.ts";
import { writeMetadata } from "../../../containers/flv/metadata.ts";
import { serializeScriptData } from "../../../containers/flv/script_data.ts";
import type { Fanout } from "../../../stream/fanout.ts";
import { RandomAccessWait } from "../../../stream/random_access_wait.ts";
import type { Chunk, Sink } from "../../../stream/sink.ts";
import type { Stream } from "../../../stream/stream.ts";
import type { Unit } from "../../../stream/unit.ts";
import { ourChunkSize } from "../engine/link.ts";
import { mediaStreamId } from "../engine/server.ts";
import { bodySize, maxBodySize, type OutgoingMessage, serializeMessages } from "../wire/chunk/writer.ts";
import { metadataOfPlan } from "./metadata.ts";
import type { Plan } from "./plan.ts";
import { Timeline } from "./timeline.ts";
import { type TimedBody, TrackEncoder } from "./track_encoder.ts";

/** What clients have come to expect of servers. */
const audioChunkStream = 4;
const videoChunkStream = 6;
const dataChunkStream = 4;

interface Member {
  readonly sink: Sink;
  /** While it is active, the reader gets nothing at all. */
  readonly wait: RandomAccessWait;
}

/**
 * What goes to a sink at once: media that may be dropped, or a sequence header, which may not: what comes after it cannot
 * be decoded without.
 */
type Piece = Chunk | { readonly header: Uint8Array };

/** What one unit became. */
interface UnitWire {
  readonly bodies: readonly TimedBody[];
  readonly startsDecoding: boolean;
}

/**
 * All RTMP readers of one stream that know the same codecs. A unit becomes messages once; what arrived together becomes
 * chunks in one buffer, which all of them get.
 */
export class RtmpFanout implements Fanout {
  readonly #members = new Set<Member>();
  readonly #encoders = new Map<number, TrackEncoder>();
  readonly #hasVideo: boolean;
  /** Of units that are cached for later readers, as long as those are. */
  #wires = new WeakMap<Unit, UnitWire>();
  #timeline = new Timeline();
  /** The cached units on the wire, for many readers that come at once. */
  #cachedPieces: { readonly last: Unit; readonly count: number; readonly pieces: readonly Piece[] } | null =
    null;

  constructor(private readonly stream: Stream, private readonly plan: Plan) {
    for (const planned of plan.tracks) this.#encoders.set(planned.track.id, new TrackEncoder(planned));
    this.#hasVideo = plan.tracks.some(({ media }) => media === "video");
  }

  write(units: readonly Unit[], now: number): void {
    if (this.#members.size === 0) return;
    const wires = units.map((unit) => this.#wire(unit));
    for (const chunk of this.#pieces(wires)) {
      if ("header" in chunk) {
        for (const { sink, wait } of this.#members) if (!wait.active) sink.pushControl(chunk.header);
        continue;
      }
      let count = 0;
      let greeting: Uint8Array | null = null;
      for (const member of this.#members) {
        if (member.wait.active) {
          if (member.wait.leavesOut(chunk.randomAccess, now)) continue;
          member.sink.pushControl(greeting ??= this.#greeting(wires));
        }
        member.sink.push(chunk);
        count++;
      }
      this.stream.countOutbound(chunk.bytes.length * count, chunk.units * count);
    }
  }

  /**
   * A reader; it gets metadata and sequence headers, what is cached, then what comes. Without a cache all that begins
   * with the next key frame, or after a while without. Returns the undo.
   */
  add(sink: Sink, cached: readonly Unit[]): () => void {
    if (this.#members.size === 0) this.#restart();
    const wires = cached.map((unit) => this.#wire(unit));
    const pieces = this.#cached(cached, wires);
    const wait = new RandomAccessWait();
    if (pieces.length === 0 && this.#hasVideo) wait.begin();
    else sink.pushControl(this.#greeting(wires));
    for (const piece of pieces) {
      if ("header" in piece) sink.pushControl(piece.header);
      else sink.push(piece);
    }
    const member: Member = { sink, wait };
    this.#members.add(member);
    return () => {
      this.#members.delete(member);
      if (this.#members.size === 0) this.#cachedPieces = null;
    };
  }

  close(): void {
    this.#members.clear();
    this.#restart();
  }

  /** Nobody has read for a while: the encoders have missed units. */
  #restart(): void {
    this.#wires = new WeakMap();
    this.#cachedPieces = null;
    this.#timeline = new Timeline();
    for (const encoder of this.#encoders.values()) encoder.restart();
  }

  #wire(unit: Unit): UnitWire {
    let wire = this.#wires.get(unit);
    if (wire === undefined) {
      const encoded: TimedBody[] = [];
      const encoder = this.#encoders.get(unit.track.id);
      encoder?.encode(unit, encoded);
      const bodies = encoded.filter((body) => fits(body, unit));
      for (const body of bodies) body.time = this.#timeline.place(unit.track.id, body.time);
      const startsDecoding = !this.#hasVideo || (encoder?.plan.media === "video" && unit.randomAccess);
      wire = { bodies, startsDecoding };
      this.#wires.set(unit, wire);
    }
    return wire;
  }

  #greeting(wires: readonly UnitWire[]): Uint8Array {
    const first = wires.find(({ bodies }) => bodies.length > 0)?.bodies[0];
    const time = first?.time ?? this.#timeline.last;
    const metadata = serializeScriptData({
      name: "onMetaData",
      values: [writeMetadata(metadataOfPlan(this.plan))],
      keep: true,
    });
    const messages: OutgoingMessage[] = [{
      chunkStreamId: dataChunkStream,
      type: TagType.script,
      // FFmpeg takes metadata that comes later for a track of subtitles, and waits for it.
      timestamp: 0,
      streamId: mediaStreamId,
      parts: [metadata],
    }];
    for (const encoder of this.#encoders.values()) {
      const header = encoder.header(time);
      if (header !== null) messages.push(this.#message(header));
    }
    return serializeMessages(messages, ourChunkSize);
  }

  #cached(units: readonly Unit[], wires: readonly UnitWire[]): readonly Piece[] {
    if (units.length === 0) return [];
    const last = units[units.length - 1];
    const kept = this.#cachedPieces;
    if (kept !== null && kept.last === last && kept.count === units.length) return kept.pieces;
    const pieces = this.#pieces(wires);
    this.#cachedPieces = { last, count: units.length, pieces };
    return pieces;
  }

  /** One chunk for everything that came together, cut only where a reader may start anew and at sequence headers. */
  #pieces(wires: readonly UnitWire[]): Piece[] {
    const wanted = wires.filter(({ bodies }) => bodies.length > 0);
    const pieces: Piece[] = [];
    let from = 0;
    for (let i = 1; i <= wanted.length; i++) {
      const cut = i === wanted.length || wanted[i].bodies[0].header ||
        (this.#hasVideo && wanted[i].startsDecoding);
      if (!cut) continue;
      const run = wanted.slice(from, i);
      from = i;
      const messages = run.flatMap(({ bodies }) => bodies.map((body) => this.#message(body)));
      if (run[0].bodies[0].header) {
        pieces.push({ header: serializeMessages(messages.splice(0, 1), ourChunkSize) });
      }
      if (messages.length === 0) continue;
      const bytes = serializeMessages(messages, ourChunkSize);
      pieces.push({ bytes, units: run.length, randomAccess: run[0].startsDecoding });
    }
    return pieces;
  }

  #message({ media, time, parts }: TimedBody): OutgoingMessage {
    const video = media === "video";
    return {
      chunkStreamId: video ? videoChunkStream : audioChunkStream,
      type: video ? TagType.video : TagType.audio,
      timestamp: time % 2 ** 32,
      streamId: mediaStreamId,
      parts,
    };
  }
}

/** False: the frame has to be left out, which is told. */
function fits(body: TimedBody, { track }: Unit): boolean {
  const size = bodySize(body);
  if (size <= maxBodySize) return true;
  track.reportError(
    `a frame of ${size} bytes is larger than a message of RTMP can be (${maxBodySize} bytes)`,
  );
  return false;
}
