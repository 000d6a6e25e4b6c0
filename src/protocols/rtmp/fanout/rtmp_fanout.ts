import { TagType } from "../../../containers/flv/file.ts";
import { writeMetadata } from "../../../containers/flv/metadata.ts";
import { serializeScriptData } from "../../../containers/flv/script_data.ts";
import type { Fanout } from "../../../stream/fanout.ts";
import type { Chunk, Sink } from "../../../stream/sink.ts";
import type { Stream } from "../../../stream/stream.ts";
import type { Unit } from "../../../stream/unit.ts";
import { ourChunkSize } from "../engine/link.ts";
import { mediaStreamId } from "../engine/server.ts";
import { type OutgoingMessage, serializeMessages } from "../wire/chunk/writer.ts";
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
  /** Gets nothing until a chunk comes at which decoding can start. */
  waiting: boolean;
}

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
  /** The cached units as chunks, for many readers that come at once. */
  #cachedChunks: { readonly last: Unit; readonly count: number; readonly chunks: readonly Chunk[] } | null =
    null;

  constructor(private readonly stream: Stream, private readonly plan: Plan) {
    for (const planned of plan.tracks) this.#encoders.set(planned.track.id, new TrackEncoder(planned));
    this.#hasVideo = plan.tracks.some(({ media }) => media === "video");
  }

  write(units: readonly Unit[], now: number): void {
    if (this.#members.size === 0) return;
    const wires = units.map((unit) => this.#wire(unit));
    for (const chunk of this.#chunks(wires)) {
      let count = 0;
      let greeting: Uint8Array | null = null;
      for (const member of this.#members) {
        if (member.waiting) {
          if (!chunk.randomAccess) continue;
          member.waiting = false;
          member.sink.pushControl(greeting ??= this.#greeting(wires), now);
        }
        member.sink.push(chunk, now);
        count++;
      }
      this.stream.countOutbound(chunk.bytes.length * count, chunk.units * count);
    }
  }

  /**
   * A reader; it gets metadata and sequence headers, what is cached, then what comes. Without a cache all that begins
   * with the next key frame. Returns the undo.
   */
  add(sink: Sink, cached: readonly Unit[], now: number): () => void {
    if (this.#members.size === 0) this.#restart();
    const wires = cached.map((unit) => this.#wire(unit));
    const chunks = this.#cached(cached, wires);
    const waiting = chunks.length === 0 && this.#hasVideo;
    if (!waiting) sink.pushControl(this.#greeting(wires), now);
    for (const chunk of chunks) sink.push(chunk, now);
    const member: Member = { sink, waiting };
    this.#members.add(member);
    return () => {
      this.#members.delete(member);
      if (this.#members.size === 0) this.#cachedChunks = null;
    };
  }

  close(): void {
    this.#members.clear();
    this.#restart();
  }

  /** Nobody has read for a while: the encoders have missed units. */
  #restart(): void {
    this.#wires = new WeakMap();
    this.#cachedChunks = null;
    this.#timeline = new Timeline();
    for (const encoder of this.#encoders.values()) encoder.restart();
  }

  #wire(unit: Unit): UnitWire {
    let wire = this.#wires.get(unit);
    if (wire === undefined) {
      const bodies: TimedBody[] = [];
      const encoder = this.#encoders.get(unit.track.id);
      encoder?.encode(unit, bodies);
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

  #cached(units: readonly Unit[], wires: readonly UnitWire[]): readonly Chunk[] {
    if (units.length === 0) return [];
    const last = units[units.length - 1];
    const kept = this.#cachedChunks;
    if (kept !== null && kept.last === last && kept.count === units.length) return kept.chunks;
    const chunks = this.#chunks(wires);
    this.#cachedChunks = { last, count: units.length, chunks };
    return chunks;
  }

  /** One chunk for everything that came together, cut only where a reader may start anew. */
  #chunks(wires: readonly UnitWire[]): Chunk[] {
    const wanted = wires.filter(({ bodies }) => bodies.length > 0);
    const chunks: Chunk[] = [];
    let from = 0;
    for (let i = 1; i <= wanted.length; i++) {
      if (i === wanted.length || (this.#hasVideo && wanted[i].startsDecoding)) {
        const run = wanted.slice(from, i);
        const messages = run.flatMap(({ bodies }) => bodies.map((body) => this.#message(body)));
        const bytes = serializeMessages(messages, ourChunkSize);
        chunks.push({ bytes, units: run.length, randomAccess: run[0].startsDecoding });
        from = i;
      }
    }
    return chunks;
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
