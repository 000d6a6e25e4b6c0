import { isMuxable, MpegtsMuxer } from "../../../containers/mpegts/muxer.ts";
import { packetSize } from "../../../containers/mpegts/wire/packet.ts";
import type { Fanout } from "../../../stream/fanout.ts";
import { RandomAccessWait } from "../../../stream/random_access_wait.ts";
import type { Stream } from "../../../stream/stream.ts";
import type { Track } from "../../../stream/track.ts";
import type { Unit } from "../../../stream/unit.ts";
import { TrackWriter } from "./track_writer.ts";

/** Takes payloads that nobody changes afterwards; they are kept until they are acknowledged. */
export interface SrtTarget {
  send(payloads: readonly Uint8Array[]): void;
}

interface Member {
  readonly target: SrtTarget;
  /** While it is active, the reader gets nothing at all. */
  readonly wait: RandomAccessWait;
}

interface UnitWire {
  readonly payloads: readonly Uint8Array[];
  readonly startsDecoding: boolean;
}

const nothing: UnitWire = { payloads: [], startsDecoding: false };

/** The tracks that SRT readers get. */
export function carriedTracks(tracks: readonly Track[]): Track[] {
  return tracks.filter(({ codec }) => isMuxable(codec));
}

/** All SRT readers of one stream: it is multiplexed once, and cut into payloads that all of them share. */
export class SrtFanout implements Fanout {
  readonly #members = new Set<Member>();
  readonly #hasVideo: boolean;
  readonly #tracks: readonly Track[];
  #writers = new Map<number, TrackWriter>();
  /** Of units that are cached for later readers, as long as those are. */
  #wires = new WeakMap<Unit, UnitWire>();

  /** `payloadSize`: the most bytes of one payload. */
  constructor(private readonly stream: Stream, private readonly payloadSize: number) {
    this.#tracks = carriedTracks(stream.tracks);
    this.#hasVideo = this.#tracks.some(({ isVideo }) => isVideo);
    this.#restart();
  }

  write(units: readonly Unit[], now: number): void {
    if (this.#members.size === 0) return;
    for (const unit of units) {
      const { payloads, startsDecoding } = this.#wire(unit);
      if (payloads.length === 0) continue;
      let size = 0;
      for (const payload of payloads) size += payload.length;
      let count = 0;
      for (const member of this.#members) {
        if (member.wait.active) {
          if (member.wait.leavesOut(startsDecoding, now)) continue;
          if (!startsDecoding) this.#startAnywhere();
        }
        member.target.send(payloads);
        count++;
      }
      this.stream.countOutbound(size * count, count);
    }
  }

  /**
   * A reader; it gets what is cached, then what comes. Without a cache that begins with the next key frame, or after a
   * while without. Returns the undo.
   */
  add(target: SrtTarget, cached: readonly Unit[], now: number): () => void {
    if (this.#members.size === 0) this.#restart();
    const payloads: Uint8Array[] = [];
    let size = 0;
    let frames = 0;
    for (const unit of cached) {
      const wire = this.#wire(unit);
      if (payloads.length === 0 && !wire.startsDecoding) continue;
      for (const payload of wire.payloads) {
        payloads.push(payload);
        size += payload.length;
      }
      frames++;
    }
    const wait = new RandomAccessWait();
    if (this.#hasVideo && payloads.length === 0) wait.begin(now);
    const member: Member = { target, wait };
    this.#members.add(member);
    if (payloads.length > 0) {
      target.send(payloads);
      this.stream.countOutbound(size, frames);
    }
    return () => void this.#members.delete(member);
  }

  close(): void {
    this.#members.clear();
  }

  /** Nobody has read for a while: the multiplexer has missed units. */
  #restart(): void {
    this.#wires = new WeakMap();
    const muxer = new MpegtsMuxer(this.#tracks);
    this.#writers = new Map(this.#tracks.map((track) => [track.id, new TrackWriter(track, muxer)]));
  }

  /** Somebody has waited in vain. */
  #startAnywhere(): void {
    for (const writer of this.#writers.values()) writer.startAnywhere();
  }

  #wire(unit: Unit): UnitWire {
    let wire = this.#wires.get(unit);
    if (wire === undefined) {
      wire = this.#serialize(unit);
      this.#wires.set(unit, wire);
    }
    return wire;
  }

  #serialize(unit: Unit): UnitWire {
    const bytes = this.#writers.get(unit.track.id)?.write(unit) ?? null;
    if (bytes === null) return nothing;
    const payloads: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += this.payloadSize) {
      payloads.push(bytes.subarray(at, at + this.payloadSize));
    }
    return { payloads, startsDecoding: !this.#hasVideo || (unit.track.isVideo && unit.randomAccess) };
  }
}

/** The largest multiple of a transport packet that fits behind the headers of SRT. */
export function payloadSizeFor(maxDatagram: number, headerSize: number): number {
  return Math.max(1, Math.floor((maxDatagram - headerSize) / packetSize)) * packetSize;
}
