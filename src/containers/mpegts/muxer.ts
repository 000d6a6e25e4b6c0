/** Units → MPEG-TS with one program (ISO/IEC 13818-1). */
import { ParseError } from "../../base/errors.ts";
import { Slab } from "../../base/slab.ts";
import { type Codec, isVideo } from "../../codecs/codec.ts";
import { encodeUnit } from "./elementary/encode.ts";
import { type KlvMode, type StreamEntry, streamEntry } from "./elementary/entry.ts";
import { PcrClock, type PcrValue } from "./pcr_clock.ts";
import { pesPacketCount, writePes } from "./pes_writer.ts";
import { PsiWriter } from "./psi_writer.ts";
import type { AdaptationField } from "./wire/adaptation_field.ts";
import { packetSize, writePacketHeader } from "./wire/packet.ts";
import { maxBoundedPayload, serializePesHeader } from "./wire/pes_header.ts";
import { clockRate } from "./wire/timestamp.ts";

/** More do not fit into one PMT section with certainty. */
export const maxMuxerTracks = 32;

const firstPid = 256;
/** PAT and PMT are repeated at least this often: 200 ms. */
const psiPeriod = clockRate / 5;
/** Decoding times this far back mean that the time line began anew: 10 s. */
const timelineRestart = 10 * clockRate;

/** Read at every write, so that parameters may change; what `name` says may not. The tracks of `stream/` fit. */
export interface MuxerTrack {
  readonly codec: Codec;
}

interface TrackState {
  readonly pid: number;
  readonly entry: StreamEntry;
  readonly isVideo: boolean;
  continuityCounter: number;
}

/** True when MPEG-TS can carry the codec. */
export function isMuxable(codec: Codec): boolean {
  return streamEntry(codec, "synchronous") !== null;
}

export class MpegtsMuxer {
  readonly #tracks = new Map<MuxerTrack, TrackState>();
  /** The track whose PID has the clock: the first video track, else the first track. */
  readonly #leader: TrackState;
  readonly #psi: PsiWriter;
  readonly #clock = new PcrClock();
  readonly #slab = new Slab();
  #psiDue = true;
  #lastPsi = 0;

  /** 1…`maxMuxerTracks` tracks whose codecs are muxable; else ParseError. PIDs are 256 and following. */
  constructor(tracks: readonly MuxerTrack[], private readonly klvMode: KlvMode = "synchronous") {
    if (tracks.length === 0 || tracks.length > maxMuxerTracks) {
      throw new ParseError("tracks", `MPEG-TS takes 1 to ${maxMuxerTracks} of them, not ${tracks.length}`);
    }
    tracks.forEach((track, i) => {
      const entry = streamEntry(track.codec, klvMode);
      if (entry === null) throw new ParseError("codec", `${track.codec.name} has no place in MPEG-TS`);
      const pid = firstPid + i;
      this.#tracks.set(track, { pid, entry, isVideo: isVideo(track.codec), continuityCounter: 0 });
    });
    const states = [...this.#tracks.values()];
    this.#leader = states.find((state) => state.isVideo) ?? states[0];
    this.#psi = new PsiWriter(this.#leader.pid, states.map(({ pid, entry }) => ({ pid, ...entry })));
  }

  /** The next write begins with PAT and PMT, as each segment of HLS has to. */
  startSegment(): void {
    this.#psiDue = true;
  }

  /**
   * All transport packets of one unit: a multiple of 188 bytes that nobody changes afterwards. `payload` has the form
   * that `codecs/codec.ts` lists, times are in 90 kHz ticks that need not wrap or be positive. PAT and PMT come in
   * front at random access points of the leading video track, after `startSegment`, and every 200 ms; the clock
   * reference stands 100 ms behind the decoding time. Throws ParseError when the unit cannot be expressed; then
   * nothing has happened.
   */
  write(
    track: MuxerTrack,
    payload: readonly Uint8Array[],
    pts: number,
    dts: number,
    randomAccess: boolean,
  ): Uint8Array<ArrayBuffer> {
    const state = this.#tracks.get(track);
    if (state === undefined) throw new ParseError("track", "is not one of this muxer");
    const parts = this.#pesParts(state, track.codec, payload, pts, dts, randomAccess);
    let size = 0;
    for (const part of parts) size += part.length;
    const isLeader = state === this.#leader;
    const startsHere = randomAccess && isLeader && state.isVideo;
    const pcr = isLeader ? this.#clock.lead(dts, startsHere || this.#psiDue) : this.#clock.follow(dts);
    const adaptation = adaptationField(randomAccess, isLeader ? pcr : null);
    const hasPsi = this.#takePsi(dts, startsHere);
    const hasClockPacket = pcr !== null && !isLeader;

    const packets = (hasClockPacket ? 1 : 0) + pesPacketCount(size, adaptation);
    const out = this.#slab.take((hasPsi ? this.#psi.size : 0) + packets * packetSize);
    let at = hasPsi ? this.#psi.write(out, 0) : 0;
    if (hasClockPacket) {
      this.#writeClockPacket(out, at, pcr);
      at += packetSize;
    }
    const counter = state.continuityCounter;
    state.continuityCounter = writePes(out, at, state.pid, counter, adaptation, parts, size);
    return out;
  }

  #takePsi(dts: number, startsHere: boolean): boolean {
    const passed = dts - this.#lastPsi;
    if (!this.#psiDue && !startsHere && passed < psiPeriod && passed > -timelineRestart) return false;
    this.#psiDue = false;
    this.#lastPsi = dts;
    return true;
  }

  /** The PES header and what follows it. */
  #pesParts(
    state: TrackState,
    codec: Codec,
    payload: readonly Uint8Array[],
    pts: number,
    dts: number,
    randomAccess: boolean,
  ): Uint8Array[] {
    const data = payload.length === 0 ? [] : encodeUnit(codec, payload, randomAccess, this.klvMode);
    let size = 0;
    for (const part of data) size += part.length;
    if (size === 0) throw new ParseError("payload", "is empty");
    const isUntimed = codec.name === "KLV" && this.klvMode === "asynchronous";
    const header = serializePesHeader({
      streamId: state.entry.streamId,
      payloadSize: state.isVideo && size > maxBoundedPayload ? null : size,
      aligned: true,
      ...(!isUntimed && { pts }),
      ...(!isUntimed && dts !== pts && { dts }),
    });
    return [header, ...data];
  }

  /** A packet without payload on the leader's PID; those do not count in the continuity counter. */
  #writeClockPacket(out: Uint8Array, at: number, pcr: PcrValue): void {
    const counter = this.#leader.continuityCounter + 15 & 0x0f;
    writePacketHeader(out, at, this.#leader.pid, false, counter, adaptationField(false, pcr), 0);
  }
}

function adaptationField(randomAccess: boolean, pcr: PcrValue | null): AdaptationField | null {
  if (!randomAccess && pcr === null) return null;
  return {
    discontinuity: pcr?.discontinuity ?? false,
    randomAccess,
    ...(pcr !== null && { pcr: { base: pcr.base, extension: 0 } }),
  };
}
