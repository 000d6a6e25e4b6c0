/** What a reader saw, and whether it is enough. */

export type TrackKind = "video" | "audio";

/** One decoded frame: when it is shown and how long, in milliseconds; 0 when the client does not know how long. */
export interface DecodedFrame {
  readonly at: number;
  readonly duration: number;
}

export interface TrackEvidence {
  readonly kind: TrackKind;
  /** In the order of presentation. */
  readonly frames: readonly DecodedFrame[];
  /** How often the times may jump ahead: a client that moves a track against the other one is not losing frames. */
  readonly allowedSteps?: number;
  /**
   * The client corrects times by when packets arrive, so that a busy machine shows as a gap that the frames behind it
   * make up, closer together than they are long. Time of lost frames does not come back.
   */
  readonly slaved?: boolean;
}

export interface Evidence {
  readonly tracks: readonly TrackEvidence[];
  /** Lines of the client that mean trouble. */
  readonly complaints: readonly string[];
}

/** Media time that a reader must have decoded without a gap. */
export const wantedMs = 1500;

/** From the end of one decoded frame to the next: all test video has 25 frames a second, so a missing one leaves 40 ms. */
const largestGapMs = 30;
const videoFrameMs = 40;

function spanMs(frames: readonly DecodedFrame[]): number {
  return frames.length === 0 ? 0 : frames[frames.length - 1].at - frames[0].at;
}

export function hasEnough(frames: readonly DecodedFrame[]): boolean {
  return spanMs(frames) >= wantedMs;
}

/** The first gap that is more than a step the client may take: where it is and how long, in milliseconds. */
export function findGap(track: TrackEvidence): { readonly before: number; readonly ms: number } | null {
  const { kind, frames } = track;
  const end = ({ at, duration }: DecodedFrame) => at + (duration || (kind === "video" ? videoFrameMs : 0));
  let steps = 0;
  for (let i = 1; i < frames.length; i++) {
    const ms = frames[i].at - end(frames[i - 1]);
    if (ms <= largestGapMs || (track.slaved && isMadeUp(i, ms))) continue;
    if (++steps > (track.allowedSteps ?? 0)) return { before: i, ms };
  }
  return null;

  function isMadeUp(from: number, gap: number): boolean {
    let late = gap;
    for (let i = from + 1; i < frames.length && late > largestGapMs; i++) {
      late += frames[i].at - end(frames[i - 1]);
    }
    return late <= largestGapMs;
  }
}

/** Throws unless each wanted track was decoded long enough, without a gap and without complaint. */
export function expectComplete(evidence: Evidence, wanted: readonly TrackKind[]): void {
  if (evidence.complaints.length > 0) {
    const had = evidence.tracks.map(({ kind, frames }) =>
      `${frames.length} frames, ${spanMs(frames)} ms, of ${kind}`
    );
    throw new Error(`the reader complained:\n${[...evidence.complaints, ...had].join("\n")}`);
  }
  for (const kind of wanted) {
    const track = evidence.tracks.find((one) => one.kind === kind) ?? { kind, frames: [] };
    const { frames } = track;
    if (!hasEnough(frames)) throw new Error(`only ${frames.length} frames, ${spanMs(frames)} ms, of ${kind}`);
    const gap = findGap(track);
    if (gap !== null) throw new Error(`${kind}: ${gap.ms.toFixed(1)} ms missing before frame ${gap.before}`);
  }
}
